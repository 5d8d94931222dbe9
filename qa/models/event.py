"""Events: one row for each thing that happened to a question. Audit, outbox and statistics read the same rows."""

import datetime

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.constraints import is_one_of

SENDING_TIME = datetime.timedelta(minutes=5)
LONGEST_WAIT = 60  # minutes until the next attempt to send
MAX_ATTEMPTS = 6 + 3 * 24  # six within the first hour, then each hour for three days

# The notes of events that an import wrote, and nobody else
LOADED, RELOADED = "Loaded from a file of records.", "Changed by a newer file of records."


class EventKind(models.TextChoices):
    ASKED = "asked", _("asked")
    ADVICE_PASSED = "advice_passed", _("sent in spite of advice")
    HELPED = "helped", _("answered somebody who was about to ask")
    ACCEPTED = "accepted", _("accepted")
    REJECTED = "rejected", _("rejected")
    INFO_REQUESTED = "info_requested", _("patient asked for more")
    INFO_RECEIVED = "info_received", _("patient answered")
    FOLLOWED_UP = "followed_up", _("followed up")
    FOLLOW_UP_READ = "follow_up_read", _("follow-up read by a doctor")
    TRANSFERRED = "transferred", _("moved to another specialty")
    CLAIMED = "claimed", _("claimed")
    TAKEN_OVER = "taken_over", _("taken over from another doctor")
    RELEASED = "released", _("released")
    REASON_GIVEN = "reason_given", _("let stand in spite of a finding")
    REPLIED = "replied", _("reply published")
    REPLY_WITHDRAWN = "reply_withdrawn", _("reply withdrawn")
    REPLY_REMOVED = "reply_removed", _("reply removed by a moderator")
    REVIEWED = "reviewed", _("reply reviewed by a colleague")
    REAFFIRMED = "reaffirmed", _("reply re-affirmed")
    REOPENED = "reopened", _("open again")
    REMOVED = "removed", _("removed")
    RESTORED = "restored", _("restored")
    WITHDRAWN = "withdrawn", _("withdrawn")
    ERASED = "erased", _("the patient's text erased")
    EDITED = "edited", _("text changed by a moderator")
    ESCALATED = "escalated", _("raised with all moderators")
    CALMED = "calmed", _("no longer urgent")
    PHOTO_SHOWN = "photo_shown", _("photo may be public")
    PHOTO_HIDDEN = "photo_hidden", _("photo for doctors only")


# Of these the patient is told by e-mail.
NOTIFIED_KINDS = [
    EventKind.ASKED,
    EventKind.ACCEPTED,
    EventKind.REJECTED,
    EventKind.INFO_REQUESTED,
    EventKind.TRANSFERRED,
    EventKind.REPLIED,
    EventKind.REPLY_WITHDRAWN,
    EventKind.REOPENED,
    EventKind.REMOVED,
    EventKind.RESTORED,
    EventKind.WITHDRAWN,
]

# Of these the doctor of the event's reply is told instead.
DOCTORS_KINDS = [EventKind.REPLY_REMOVED, EventKind.FOLLOWED_UP]


class QuestionEventQuerySet(models.QuerySet):
    """The words for "which events"."""

    def to_notify(self):
        """What the patient or doctor has not been told yet and nobody is sending now, oldest first."""
        now = timezone.now()
        return self.filter(
            Q(sending_until__isnull=True) | Q(sending_until__lte=now),
            kind__in=[*NOTIFIED_KINDS, *DOCTORS_KINDS],
            notified_at__isnull=True,
            attempts__lt=MAX_ATTEMPTS,
        ).order_by("created_at", "pk")


class QuestionEventManager(models.Manager.from_queryset(QuestionEventQuerySet)):
    def get_by_natural_key(self, source, source_id, kind, created_at):
        return self.get(question__source=source, question__source_id=source_id, kind=kind, created_at=created_at)


class QuestionEvent(models.Model):
    """One thing that happened to a question: who, when, why.

    `notified_at` says since when nothing is left to tell: the e-mail was sent, or nobody wanted one.
    """

    question = models.ForeignKey("qa.Question", on_delete=models.CASCADE, related_name="events")
    kind = models.CharField(_("kind"), max_length=20, choices=EventKind)
    reply = models.ForeignKey(
        "qa.Reply", verbose_name=_("reply"), null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    note = models.TextField(_("note"), blank=True)
    created_at = models.DateTimeField(_("at"), default=timezone.now)
    notified_at = models.DateTimeField(_("news settled at"), null=True, blank=True)
    sending_until = models.DateTimeField(_("being sent until"), null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(_("attempts to send"), default=0)

    objects = QuestionEventManager()

    class Meta:
        verbose_name = _("event")
        verbose_name_plural = _("events")
        ordering = ["created_at", "pk"]
        indexes = [
            models.Index(fields=["created_at", "id"], name="event_to_notify", condition=Q(notified_at__isnull=True))
        ]
        constraints = [models.CheckConstraint(condition=is_one_of("kind", EventKind), name="event_kind_known")]

    def __str__(self):
        return f"{self.get_kind_display()} ({self.question_id}, {self.created_at:%Y-%m-%d %H:%M})"

    def natural_key(self):
        return (*self.question.natural_key(), self.kind, self.created_at)

    natural_key.dependencies = ["qa.question", "accounts.user"]

    def claim(self):
        """Take the event for sending; False where another worker has it or has sent it."""
        waiting = QuestionEvent.objects.to_notify().filter(pk=self.pk, attempts=self.attempts)
        until = timezone.now() + SENDING_TIME
        claimed = waiting.order_by().update(sending_until=until, attempts=F("attempts") + 1)
        return bool(claimed)

    def give_back(self):
        """Sending failed: let a later round try again, after twice the wait or an hour; False if this was the last."""
        wait = datetime.timedelta(minutes=min(2**self.attempts, LONGEST_WAIT))
        QuestionEvent.objects.filter(pk=self.pk).update(sending_until=timezone.now() + wait)
        return self.attempts + 1 < MAX_ATTEMPTS

    def mark_notified(self):
        QuestionEvent.objects.filter(pk=self.pk).update(notified_at=timezone.now(), sending_until=None)
