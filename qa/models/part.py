"""What hangs on a question: its parts, the patient's follow-ups, and the questions seen before asking."""

from django.apps import apps
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models, transaction
from django.db.models import Exists, F, OuterRef, Q, Subquery
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.constraints import is_one_of
from qa.errors import InvalidTransition
from qa.models.event import EventKind
from qa.models.question import Question

MAX_PARTS = 5


class Coverage(models.TextChoices):
    """How far a reply covers a part, from the fullest."""

    ANSWERED = "answered", _("answered")
    PARTLY = "partly", _("partly answered")
    OTHER_SPECIALTY = "other_specialty", _("for another specialty")
    NEEDS_EXAMINATION = "needs_examination", _("cannot be said without an examination")


def coverage_label(coverage: str | None) -> str:
    """What the replies say of a part, in words."""
    return Coverage(coverage).label if coverage else _("not answered yet")


class QuestionPartQuerySet(models.QuerySet):
    """The words for "which parts"."""

    def with_coverage(self):
        """Each part with `coverage`, the best that any published reply says of it; None where none does."""
        best = apps.get_model("qa", "PartCoverage").objects.best_first()
        return self.annotate(coverage=Subquery(best.filter(part=OuterRef("pk")).values("coverage")[:1]))


class QuestionPartManager(models.Manager.from_queryset(QuestionPartQuerySet)):
    def get_by_natural_key(self, source, source_id, position):
        return self.get(question__source=source, question__source_id=source_id, position=position)


class QuestionPart(models.Model):
    """One numbered thing that a question asks."""

    question = models.ForeignKey(Question, on_delete=models.CASCADE, related_name="parts", db_index=False)
    position = models.PositiveSmallIntegerField(
        _("position"), validators=[MinValueValidator(1), MaxValueValidator(MAX_PARTS)]
    )
    text = models.CharField(_("what is asked"), max_length=500)

    objects = QuestionPartManager()

    class Meta:
        verbose_name = _("part")
        verbose_name_plural = _("parts")
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["question", "position"], name="part_position_unique"),
            models.CheckConstraint(
                condition=Q(position__gte=1, position__lte=MAX_PARTS), name="part_position_in_range"
            ),
        ]

    def __str__(self):
        return self.text

    def natural_key(self):
        return (*self.question.natural_key(), self.position)

    natural_key.dependencies = ["qa.question"]

    @property
    def coverage_label(self):
        """What the replies say of this part, in words; the part comes from `with_coverage`."""
        return coverage_label(self.coverage)


class FollowUpQuerySet(models.QuerySet):
    """The words for "which follow-ups"."""

    def unread(self):
        """Upon which no doctor has done anything since: replied, re-affirmed a reply, or said that it is read."""
        return self.filter(read_at__isnull=True)

    def raised(self):
        """Of the unread those since which the question was raised with all moderators."""
        events = apps.get_model("qa", "QuestionEvent").objects.filter(kind=EventKind.ESCALATED)
        return self.unread().filter(
            Exists(events.filter(question=OuterRef("question"), created_at__gte=OuterRef("sent_at")))
        )

    def settle(self):
        """A doctor has just done something upon them."""
        self.unread().update(read_at=timezone.now())


class FollowUpManager(models.Manager.from_queryset(FollowUpQuerySet)):
    def get_by_natural_key(self, source, source_id, sent_at):
        return self.get(question__source=source, question__source_id=source_id, sent_at=sent_at)


class FollowUp(models.Model):
    """A later message of the patient under the own question; `is_requested` where it answers a request."""

    question = models.ForeignKey(Question, on_delete=models.CASCADE, related_name="follow_ups")
    body = models.TextField(_("message"))
    is_requested = models.BooleanField(_("answers a request"), default=False)
    sent_at = models.DateTimeField(_("sent at"), default=timezone.now)
    read_at = models.DateTimeField(_("read by a doctor at"), null=True, blank=True, editable=False)

    objects = FollowUpManager()

    class Meta:
        verbose_name = _("follow-up")
        verbose_name_plural = _("follow-ups")
        ordering = ["sent_at", "pk"]
        indexes = [
            models.Index(fields=["question", "sent_at"], name="followup_unread", condition=Q(read_at__isnull=True))
        ]
        constraints = [
            models.UniqueConstraint(fields=["question", "sent_at"], name="followup_unique"),
            models.CheckConstraint(
                condition=Q(read_at__isnull=True) | Q(read_at__gte=F("sent_at")), name="followup_read_after_sent"
            ),
        ]

    def __str__(self):
        return self.body[:60]

    def natural_key(self):
        return (*self.question.natural_key(), self.sent_at)

    natural_key.dependencies = ["qa.question"]

    @transaction.atomic
    def read(self, doctor):
        """The doctor has read all up to this one, the latest, under an answered question, and adds nothing to it."""
        question = Question.objects.select_for_update().get(pk=self.question_id)  # a newer one waits
        if question.follow_ups.last() != self:
            raise InvalidTransition(_("The patient has just written once more. Please read that, too."))
        if not Question.objects.written_again_to(doctor).filter(pk=question.pk).exists():
            raise InvalidTransition(_("This has been read already, or it waits for other doctors."))
        question.follow_ups.settle()
        question.events.create(kind=EventKind.FOLLOW_UP_READ, actor=doctor.user)


class SeenChoice(models.TextChoices):
    ANSWERS_ME = "answers_me", _("This answers me")
    CLOSE = "close", _("Close, but…")
    DIFFERENT = "different", _("Different")


class SeenQuestion(models.Model):
    """An answered question the patient was shown before asking, and what the patient said of it."""

    question = models.ForeignKey(Question, on_delete=models.CASCADE, related_name="seen_questions")
    seen = models.ForeignKey(Question, on_delete=models.CASCADE, related_name="seen_by")
    choice = models.CharField(_("choice"), max_length=10, choices=SeenChoice, blank=True)
    note = models.CharField(_("what is different"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("question seen before asking")
        verbose_name_plural = _("questions seen before asking")
        constraints = [
            models.UniqueConstraint(fields=["question", "seen"], name="seenquestion_unique"),
            models.CheckConstraint(
                condition=is_one_of("choice", SeenChoice, blank=True), name="seenquestion_choice_known"
            ),
        ]

    def __str__(self):
        return f"{self.seen}: {self.get_choice_display()}"
