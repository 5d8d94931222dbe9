"""The words for "which questions": every page, desk, feed and check says who may see what in these terms only."""

from django.apps import apps
from django.db import models
from django.db.models import OuterRef, Q, Subquery
from django.db.models.functions import JSONObject, Left
from django.utils.translation import gettext_lazy as _

from accounts.models import Specialty

PORTAL = "portal"  # the source of what patients ask here
CARD_LENGTH = 320  # characters of a reply that a card may show, and some to cut at a word


class QuestionStatus(models.TextChoices):
    PENDING = "pending", _("pending")
    OPEN = "open", _("open")
    NEEDS_INFO = "needs_info", _("waiting for the patient")
    ANSWERED = "answered", _("answered")
    REJECTED = "rejected", _("rejected")
    REMOVED = "removed", _("removed")
    WITHDRAWN = "withdrawn", _("withdrawn")


class QuestionQuerySet(models.QuerySet):
    """The words for "which questions"."""

    def pending(self):
        """What waits for a moderator, urgent first, then oldest."""
        return self.filter(status=QuestionStatus.PENDING).order_by("-is_urgent", "asked_at", "pk")

    def open(self):
        """Accepted, and not answered yet."""
        return self.filter(status=QuestionStatus.OPEN)

    def awaiting_reply(self):
        """What doctors owe a reply, urgent first, then oldest."""
        return self.open().order_by("-is_urgent", "asked_at", "pk")

    def needs_info(self):
        """What waits for the patient."""
        return self.filter(status=QuestionStatus.NEEDS_INFO)

    def answered(self):
        return self.filter(status=QuestionStatus.ANSWERED)

    def public(self):
        """What anyone may read."""
        return self.answered()

    def whole(self):
        """Without the excerpts, which search engines and feeds are not given."""
        return self.filter(is_excerpt=False)

    def asked_here(self):
        """Without what was imported."""
        return self.filter(source=PORTAL)

    def visible_to(self, user):
        """What this user may read: moderators all; others the public's, their own, a doctor's open ones."""
        if user.has_perm("qa.moderate_question"):
            return self
        if not user.is_authenticated:
            return self.public()
        own_specialties = Specialty.objects.filter(doctors__user=user)
        return self.filter(
            Q(status=QuestionStatus.ANSWERED)
            | Q(patient__user=user)
            | Q(status=QuestionStatus.OPEN, specialty__in=own_specialties)
        )

    def for_doctor(self, doctor):
        """The doctor's queue: open questions of own specialties, urgent first, then oldest."""
        return self.awaiting_reply().filter(specialty__in=doctor.specialties.all())

    def about(self, topic):
        return self.filter(topic_items__tag=topic)

    def linking(self, topic, specialty=None):
        """What names the topic (in the specialty) under "Related FAQ", latest first."""
        pairs = {"related_topics__topic": topic}
        if specialty:
            pairs["related_topics__specialty"] = specialty
        return self.filter(**pairs).distinct().order_by("-answered_at", "-pk")

    def for_page(self):
        """All that a question page shows of the question itself, in one query."""
        return self.select_related("specialty", "article__reviewer", "article__author")

    def for_cards(self):
        """All that partials/question_card.html shows, in one query: with the first reply as a dictionary."""
        replies = apps.get_model("qa", "Reply").objects
        first_reply = (
            replies.published()
            .filter(question=OuterRef("pk"))
            .values(
                card=JSONObject(
                    doctor="doctor__name",
                    doctor_slug="doctor__slug",
                    specialty="specialty__name",
                    excerpt=Left("body", CARD_LENGTH),
                )
            )
        )
        return self.select_related("specialty").annotate(first_reply=Subquery(first_reply[:1]))
