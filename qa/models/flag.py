"""Flags: what visitors report, and what was decided."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.constraints import is_one_of
from qa.models.article import Article
from qa.models.question import Question
from qa.models.reply import Reply


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


class FlagQuerySet(models.QuerySet):
    """The words for "which flags"."""

    def undecided(self):
        return self.filter(decided_at__isnull=True).order_by("created_at", "pk")


class Flag(models.Model):
    """A visitor's report about exactly one question, reply or article."""

    question = models.ForeignKey(Question, null=True, blank=True, on_delete=models.CASCADE, related_name="flags")
    reply = models.ForeignKey(Reply, null=True, blank=True, on_delete=models.CASCADE, related_name="flags")
    article = models.ForeignKey(Article, null=True, blank=True, on_delete=models.CASCADE, related_name="flags")
    reason = models.CharField(_("reason"), max_length=10, choices=FlagReason)
    note = models.TextField(_("note"), blank=True)
    created_at = models.DateTimeField(_("reported at"), default=timezone.now)
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="assigned_flags",
    )
    decision = models.CharField(_("decision"), max_length=10, choices=FlagDecision, blank=True)
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
