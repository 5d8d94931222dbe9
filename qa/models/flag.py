"""Flags: what visitors report, and what was decided."""

import datetime

from django.conf import settings
from django.db import models, transaction
from django.db.models import Case, Q, When
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.constraints import is_one_of
from qa.errors import InvalidTransition
from qa.models.article import Article, ArticleStatus
from qa.models.event import EventKind
from qa.models.question import Question
from qa.models.reply import Reply, ReplyStatus

REPORTER_KEPT = datetime.timedelta(days=30)  # after the decision


class FlagReason(models.TextChoices):
    DANGEROUS = "dangerous", _("It could harm somebody")
    WRONG = "wrong", _("It is wrong or out of date")
    PRIVATE = "private", _("It shows who somebody is")
    OFFENSIVE = "offensive", _("It is offensive")
    OTHER = "other", _("Something else")


class FlagDecision(models.TextChoices):
    KEPT = "kept", _("Kept as it is")
    MENDED = "mended", _("Mended")
    REMOVED = "removed", _("Removed")


URGENT = Q(is_urgent=True) | Q(reason=FlagReason.DANGEROUS)  # the note speaks of danger, or the visitor says so
URGENT_FIRST = [Case(When(URGENT, then=0), default=1), "created_at", "pk"]


class FlagQuerySet(models.QuerySet):
    """The words for "which flags"."""

    def undecided(self):
        """What waits for a moderator, urgent first, then oldest."""
        return self.filter(decided_at__isnull=True).order_by(*URGENT_FIRST)

    def urgent(self):
        return self.filter(URGENT)

    def not_of_others(self, user):
        """What this user looks into, or nobody yet."""
        return self.filter(Q(assignee=None) | Q(assignee=user))

    def decided(self):
        return self.filter(decided_at__isnull=False)

    def to_thank(self):
        """Decided, and whoever reported it wants to hear of that."""
        return self.decided().exclude(contact_email="")

    def to_forget(self):
        """Decided on long ago, and still with something of who reported."""
        known = ~Q(contact_email="") | ~Q(reporter="")
        return self.decided().filter(known, decided_at__lt=timezone.now() - REPORTER_KEPT)


class Flag(models.Model):
    """A visitor's report about exactly one question, reply or article.

    `reporter` is a hash of the visitor made for this target and reason alone: it only keeps one report from being two.
    """

    question = models.ForeignKey(Question, null=True, blank=True, on_delete=models.CASCADE, related_name="flags")
    reply = models.ForeignKey(Reply, null=True, blank=True, on_delete=models.CASCADE, related_name="flags")
    article = models.ForeignKey(Article, null=True, blank=True, on_delete=models.CASCADE, related_name="flags")
    reason = models.CharField(_("reason"), max_length=10, choices=FlagReason)
    note = models.TextField(_("note"), blank=True)
    contact_email = models.EmailField(_("e-mail for our thanks"), blank=True)
    is_urgent = models.BooleanField(_("the note speaks of danger"), default=False)
    reporter = models.CharField(_("reporter"), max_length=32, blank=True, editable=False)
    created_at = models.DateTimeField(_("reported at"), default=timezone.now)
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="assigned_flags",
    )
    decision = models.CharField(_("decision"), max_length=10, choices=FlagDecision, blank=True)
    decision_note = models.TextField(_("reason for the decision"), blank=True)
    decided_at = models.DateTimeField(_("decided at"), null=True, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    objects = FlagQuerySet.as_manager()

    class Meta:
        verbose_name = _("flag")
        verbose_name_plural = _("flags")
        ordering = ["created_at", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(question__isnull=False, reply__isnull=True, article__isnull=True)
                | Q(question__isnull=True, reply__isnull=False, article__isnull=True)
                | Q(question__isnull=True, reply__isnull=True, article__isnull=False),
                name="flag_has_one_target",
            ),
            models.CheckConstraint(condition=is_one_of("reason", FlagReason), name="flag_reason_known"),
            models.UniqueConstraint(fields=["reporter"], condition=~Q(reporter=""), name="flag_once_a_reporter"),
            models.CheckConstraint(
                condition=is_one_of("decision", FlagDecision, blank=True),
                name="flag_decision_known",
            ),
            models.CheckConstraint(
                condition=Q(decision="", decided_at__isnull=True) | ~Q(decision="") & Q(decided_at__isnull=False),
                name="flag_decision_is_a_pair",
            ),
        ]

    def __str__(self):
        return f"{self.get_reason_display()}: {self.question or self.reply or self.article}"

    @property
    def target(self):
        """What was reported."""
        return self.question or self.reply or self.article

    @property
    def comes_first(self):
        """Whether it stands before the others, as in `FlagQuerySet.urgent`."""
        return self.is_urgent or self.reason == FlagReason.DANGEROUS

    @property
    def is_decided(self):
        return self.decided_at is not None

    def hand_to(self, user):
        """Give the report to `user`, or back to everybody where that is None."""
        if not self._waiting().update(assignee=user):
            raise InvalidTransition(_("Somebody else has just decided on this report."))
        self.assignee = user

    @transaction.atomic
    def decide(self, by, decision, note, because=""):
        """A moderator ends the report; what is to be removed leaves the portal with it, for the reason in `note`.

        Where a removed reply stood, readers find `because`.
        """
        if decision not in FlagDecision or not note.strip():
            raise InvalidTransition(_("Choose a decision and say why."))
        about = self.reply.question_id if self.reply else self.question_id
        list(Question.objects.select_for_update().filter(pk=about))  # before the report, as who erases both
        decided = {"decision": decision, "decision_note": note, "decided_at": timezone.now(), "decided_by": by}
        if not self._waiting().update(**decided):  # of two moderators at once, the second one is told
            raise InvalidTransition(_("Somebody else has just decided on this report."))
        self.refresh_from_db(fields=list(decided))
        if decision == FlagDecision.REMOVED:
            self._remove_target(by, note, because)

    def _waiting(self):
        return Flag.objects.undecided().order_by().filter(pk=self.pk)

    def _remove_target(self, by, note, because):
        """Nothing happens to what is no longer on the portal anyway."""
        if self.question and self.question.is_public:
            self.question.remove(by, note)
        elif self.reply and self.reply.status == ReplyStatus.PUBLISHED:
            self.reply.withdraw(by, note, because)
            self.reply.question.events.create(kind=EventKind.REPLY_REMOVED, actor=by, reply=self.reply)
        elif self.article and self.article.status == ArticleStatus.PUBLISHED:
            self.article.withdraw()
