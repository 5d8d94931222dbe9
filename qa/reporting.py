"""Reporting: how a visitor's report becomes a flag, once."""

from django.db import transaction

from qa.asking import urgent_findings
from qa.models import Article, Flag, Question, Reply
from qa.visitors import mark_of


@transaction.atomic
def report(target: Question | Reply | Article, visitor: str, reason: str, note: str = "", email: str = "") -> Flag:
    """Flag the target. The same visitor with the same reason gets the same flag, with what is new added to its note.

    Args:
        target: a public question, reply or article.
        visitor: the visitor's key.
        reason: a `FlagReason`.
        note: the visitor's own words.
        email: where our thanks go; never public.
    """
    kind = target._meta.model_name
    reporter = mark_of(visitor, f"report {kind} {target.pk} {reason}")
    Flag.objects.decided().filter(reporter=reporter).update(reporter="")  # that one is closed; this one is new
    is_urgent = bool(urgent_findings([note]))
    told = {"note": note, "contact_email": email, "is_urgent": is_urgent}
    flag, is_new = Flag.objects.select_for_update().get_or_create(
        reporter=reporter, defaults=told | {kind: target, "reason": reason}
    )
    if not is_new and note not in flag.note:
        flag.note = f"{flag.note}\n\n{note}".strip()
    if not is_new:
        flag.contact_email = email or flag.contact_email
        flag.is_urgent = flag.is_urgent or told["is_urgent"]
        flag.save(update_fields=["note", "contact_email", "is_urgent"])
    return flag
