"""What colleagues and readers say of a reply, put in words."""

from collections import Counter

from django import template
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from qa.models import Verdict

register = template.Library()

FEWEST_VOTES = 5  # fewer say little, and could be told apart


def _doctors_say(number, specialty, verdict):
    """How many doctors of a specialty say what, for instance "2 doctors of Dermatology agree"."""
    of = ngettext("%(number)d doctor of %(specialty)s", "%(number)d doctors of %(specialty)s", number)
    if not specialty:
        of = ngettext("%(number)d doctor", "%(number)d doctors", number)
    does = {
        Verdict.AGREES: ngettext("agrees", "agree", number),
        Verdict.WITH_CHANGE: ngettext("agrees with a change", "agree with a change", number),
        Verdict.DISAGREES: ngettext("disagrees", "disagree", number),
    }[verdict]
    return f"{of % {'number': number, 'specialty': specialty}} {does}"


@register.filter
def tally(reviews):
    """Of reviews from `for_page()`: how many doctors of which specialties agree, agree with a change, disagree."""
    numbers = Counter((review.verdict, review.specialty_name or "") for review in reviews)
    order = sorted(numbers, key=lambda key: (Verdict.values.index(key[0]), -numbers[key], key[1]))
    said = [_doctors_say(numbers[key], key[1], key[0]) for key in order]
    return ", ".join(said) + "." if said else ""


@register.filter
def helped(reply):
    """What readers say of a reply from `for_page()`; empty while they are few."""
    number = reply.vote_count or 0
    if number < FEWEST_VOTES:
        return ""
    return _("%(helped)d of %(number)d readers found this reply helpful.") % {
        "helped": reply.helpful_count or 0,
        "number": number,
    }


@register.filter
def looked_at(reply):
    """The day on which a doctor last looked at the reply again; None where none has."""
    from_reviews = [review.signed_at for review in reply.signed_reviews]
    reaffirmed = [moment] if (moment := getattr(reply, "reaffirmed_at", None)) else []
    return max(from_reviews + reaffirmed, default=None)


@register.filter
def years_ago(moment):
    """Whole years since `moment`."""
    return (timezone.localdate() - timezone.localdate(moment)).days // 365 if moment else 0
