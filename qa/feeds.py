"""Atom feeds of the latest replies, for the site and for each specialty.

Excerpts, questions whose words are erased, and undated rows stay out.
"""

from django.conf import settings
from django.contrib.syndication.views import Feed
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.feedgenerator import Atom1Feed
from django.utils.translation import gettext as _

from accounts.models import Specialty
from qa.models import UNDATED, Reply
from qa.templatetags.text import excerpt

LENGTH = 30


def latest_replies():
    latest = (
        Reply.objects.public()
        .filter(question__is_excerpt=False, question__erased_at__isnull=True, published_at__gt=UNDATED)
        .order_by("-published_at", "-pk")
    )
    return latest.select_related("question", "doctor", "specialty")


class LatestReplies(Feed):
    """The latest replies of the whole site."""

    feed_type = Atom1Feed

    def title(self):
        return _("Latest replies on %(site)s") % {"site": settings.SITE_NAME}

    def link(self):
        return settings.SITE_URL + reverse("question_list")

    def feed_url(self):
        return settings.SITE_URL + reverse("feed_latest")

    def items(self):
        return latest_replies()[:LENGTH]

    def item_title(self, reply):
        return reply.question.heading

    def item_description(self, reply):
        return excerpt(reply.body, 300)

    def item_link(self, reply):
        return f"{settings.SITE_URL}{reply.question.get_absolute_url()}#{reply.anchor}"

    def item_guid(self, reply):
        """The same one whatever becomes of the headline, and of the address with it."""
        return reply.key.urn

    def item_author_name(self, reply):
        return str(reply.doctor)

    def item_pubdate(self, reply):
        return reply.published_at

    item_updateddate = item_pubdate

    def item_categories(self, reply):
        return [reply.specialty.name]


class LatestRepliesInSpecialty(LatestReplies):
    """The latest replies given in one specialty."""

    def get_object(self, request, slug):
        return get_object_or_404(Specialty, slug=slug)

    def title(self, specialty):
        return _("Latest replies in %(specialty)s on %(site)s") % {
            "specialty": specialty.name,
            "site": settings.SITE_NAME,
        }

    def link(self, specialty):
        return settings.SITE_URL + specialty.get_absolute_url()

    def feed_url(self, specialty):
        return settings.SITE_URL + reverse("feed_specialty", args=[specialty.slug])

    def items(self, specialty):
        return latest_replies().filter(specialty=specialty)[:LENGTH]
