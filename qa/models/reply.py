"""Replies of doctors: what they cover and advise, and how they are published."""

import datetime
import uuid

from django.apps import apps
from django.db import models, transaction
from django.db.models import Case, Count, OuterRef, Q, Subquery, Value, When
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.constraints import is_one_of
from accounts.models import Doctor, Specialty
from qa.errors import InvalidTransition
from qa.models.children import together
from qa.models.dates import known_date
from qa.models.event import EventKind
from qa.models.legal import legal_sentence_on
from qa.models.part import Coverage, QuestionPart
from qa.models.question import Question
from qa.models.question_words import QuestionStatus

REVIEW_AFTER = datetime.timedelta(days=3 * 365)


class ReplyStatus(models.TextChoices):
    DRAFT = "draft", _("draft")
    PUBLISHED = "published", _("published")
    WITHDRAWN = "withdrawn", _("withdrawn")


class NextStep(models.TextChoices):
    """What the patient should do next, from the calmest to the most pressing."""

    SELF_CARE = "self_care", _("You can look after this yourself")
    ROUTINE = "routine", _("See a doctor at your next visit")
    SOON = "soon", _("See a doctor in person soon")
    TODAY = "today", _("See a doctor today")
    EMERGENCY = "emergency", _("Get emergency help now")


class CannotAssess(models.TextChoices):
    NEEDS_EXAMINATION = "needs_examination", _("It needs an examination in person")
    NEEDS_TESTS = "needs_tests", _("It needs tests")
    TOO_LITTLE = "too_little", _("The question says too little")
    OTHER_FIELD = "other_field", _("It belongs to another specialty")


class Verdict(models.TextChoices):
    AGREES = "agrees", _("agrees")
    WITH_CHANGE = "with_change", _("agrees with a change")
    DISAGREES = "disagrees", _("disagrees")


# What the pages show of a reply; of the doctor's licence nothing is even read for them but when it ends.
PAGE_FIELDS = [
    *("id", "question_id", "body", "status", "published_at", "withdrawn_at", "withdrawn_because", "next_step"),
    *("cannot_assess", "may_be_about", "urgent_if", "whom_to_see", "credential_title", "credential_affiliation"),
    *("review_by", "reaffirmed_at", "superseded_by__id", "superseded_by__status"),
    *(f"doctor__{name}" for name in ("id", "name", "slug", "is_from_archive", "verified_at", "licence_expires_on")),
    *(f"{which}__{name}" for which in ("specialty", "see_specialty") for name in ("id", "name", "slug")),
]


class ReplyQuerySet(models.QuerySet):
    """The words for "which replies"."""

    def drafts(self):
        """What its doctor has not published yet, and nobody else sees."""
        return self.filter(status=ReplyStatus.DRAFT)

    def sent(self):
        """Once published, also where it was withdrawn since."""
        return self.exclude(status=ReplyStatus.DRAFT).order_by("-published_at", "-pk")

    def published(self):
        return self.filter(status=ReplyStatus.PUBLISHED).order_by("published_at", "pk")

    def public(self):
        """What anyone may read: published, under a question that anyone may read."""
        return self.published().filter(question__status=QuestionStatus.ANSWERED)

    def once_published(self):
        """What anyone could read at some time, also where it was withdrawn since."""
        return self.exclude(status=ReplyStatus.DRAFT).exclude(published_at=None).order_by("published_at", "pk")

    def for_page(self):
        """All that partials/reply.html shows, with what colleagues say of each as a list, `signed_reviews`."""
        shown = self.select_related("doctor", "specialty", "see_specialty", "superseded_by").only(*PAGE_FIELDS)
        reviews = apps.get_model("qa", "ReplyReview").objects.for_page()
        return shown.with_votes().prefetch_related(models.Prefetch("reviews", reviews, "signed_reviews"))

    def with_votes(self):
        """Each with `vote_count` and `helpful_count`, which are None where nobody has voted."""
        votes = apps.get_model("qa", "Helpful").objects.filter(reply=OuterRef("pk")).order_by().values("reply")
        return self.annotate(
            vote_count=Subquery(votes.values(number=Count("pk"))),
            helpful_count=Subquery(votes.values(number=Count("pk", filter=Q(is_helpful=True)))),
        )

    def listed(self):
        """An annotation of the question that they are filtered to: what `for_page` has, together, and `review_list`."""
        reviews = apps.get_model("qa", "ReplyReview").objects.filter(reply=OuterRef("pk")).listed()
        shown = self.with_votes().annotate(review_list=reviews)
        return together(shown, "question", *PAGE_FIELDS, "vote_count", "helpful_count", "review_list")


class ReplyManager(models.Manager.from_queryset(ReplyQuerySet)):
    def get_by_natural_key(self, key):
        return self.get(key=key)


class Reply(models.Model):
    """A doctor's text under a question, with the next step it advises."""

    TRANSITIONS = {
        ReplyStatus.DRAFT: {ReplyStatus.PUBLISHED},
        ReplyStatus.PUBLISHED: {ReplyStatus.WITHDRAWN},
        ReplyStatus.WITHDRAWN: set(),
    }

    key = models.UUIDField(_("key"), default=uuid.uuid4, unique=True, editable=False)
    question = models.ForeignKey(Question, on_delete=models.CASCADE, related_name="replies", db_index=False)
    doctor = models.ForeignKey(Doctor, on_delete=models.PROTECT, related_name="replies", db_index=False)
    specialty = models.ForeignKey(Specialty, on_delete=models.PROTECT, related_name="replies", db_index=False)
    body = models.TextField(_("reply"))
    status = models.CharField(
        _("status"), max_length=10, choices=ReplyStatus, default=ReplyStatus.DRAFT, editable=False
    )
    created_at = models.DateTimeField(_("begun at"), default=timezone.now, editable=False)
    published_at = models.DateTimeField(_("published at"), null=True, blank=True, editable=False)
    withdrawn_at = models.DateTimeField(_("withdrawn at"), null=True, blank=True, editable=False)
    withdrawn_because = models.CharField(
        _("why it was withdrawn, for everybody to read"), max_length=300, blank=True, editable=False
    )

    next_step = models.CharField(_("next step"), max_length=10, choices=NextStep, blank=True)
    see_specialty = models.ForeignKey(
        Specialty,
        verbose_name=_("specialty to see"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    cannot_assess = models.CharField(_("why it cannot be assessed"), max_length=20, choices=CannotAssess, blank=True)
    may_be_about = models.TextField(_("what it can generally be about"), blank=True)
    urgent_if = models.TextField(_("what would make it urgent"), blank=True)
    whom_to_see = models.TextField(_("whom to see and what to bring"), blank=True)

    credential_title = models.CharField(_("title on that day"), max_length=150, blank=True, editable=False)
    credential_affiliation = models.CharField(_("affiliation on that day"), max_length=200, blank=True, editable=False)
    review_by = models.DateField(_("to be reviewed by"), null=True, blank=True)
    reaffirmed_at = models.DateTimeField(_("re-affirmed at"), null=True, blank=True, editable=False)
    supersedes = models.OneToOneField(
        "self",
        verbose_name=_("takes the place of"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="superseded_by",
        editable=False,
    )
    parts = models.ManyToManyField(QuestionPart, through="PartCoverage", related_name="+")

    objects = ReplyManager()

    class Meta:
        verbose_name = _("reply")
        verbose_name_plural = _("replies")
        indexes = [
            models.Index(fields=["question", "status", "published_at", "id"], name="reply_of_question"),
            models.Index(fields=["doctor", "status", "-published_at", "-id"], name="reply_latest_of_doctor"),
            models.Index(fields=["status", "-published_at", "-id"], name="reply_latest"),
            models.Index(fields=["specialty", "status", "-published_at", "-id"], name="reply_latest_in_specialty"),
        ]
        constraints = [
            models.CheckConstraint(condition=is_one_of("status", ReplyStatus), name="reply_status_known"),
            models.CheckConstraint(
                condition=is_one_of("next_step", NextStep, blank=True), name="reply_next_step_known"
            ),
            models.CheckConstraint(
                condition=is_one_of("cannot_assess", CannotAssess, blank=True),
                name="reply_cannot_assess_known",
            ),
            models.CheckConstraint(
                condition=~Q(status=ReplyStatus.PUBLISHED) | Q(published_at__isnull=False),
                name="reply_published_has_date",
            ),
            models.CheckConstraint(
                condition=~Q(status=ReplyStatus.PUBLISHED)
                | Q(cannot_assess="")
                | ~Q(may_be_about="") & ~Q(urgent_if="") & ~Q(whom_to_see=""),
                name="reply_cannot_assess_has_three_lines",
            ),
            models.UniqueConstraint(
                fields=["question", "doctor"],
                condition=Q(status=ReplyStatus.DRAFT),
                name="reply_one_draft_of_each_doctor",
            ),
        ]

    def __str__(self):
        return f"{self.doctor}: {self.body[:60]}"

    def natural_key(self):
        return (str(self.key),)

    natural_key.dependencies = ["qa.question", "accounts.doctor", "accounts.specialty"]

    @property
    def is_draft(self):
        return self.status == ReplyStatus.DRAFT

    @property
    def is_published(self):
        return self.status == ReplyStatus.PUBLISHED

    @property
    def anchor(self):
        """The name of its place on the question's page."""
        return f"reply-{self.pk}"

    @property
    def replied_on(self):
        return known_date(self.published_at)

    @property
    def withdrawn_on(self):
        return known_date(self.withdrawn_at)

    @property
    def is_withdrawn(self):
        return self.status == ReplyStatus.WITHDRAWN

    @property
    def credential(self):
        """Title and affiliation on the day of the reply, as shown beside the doctor's name."""
        return ", ".join(filter(None, [self.credential_title, self.credential_affiliation]))

    @property
    def legal_sentence(self):
        """What the portal adds where the doctor cannot assess, as it read on the day of the reply."""
        return legal_sentence_on(self.replied_on or timezone.localdate()) if self.cannot_assess else ""

    @property
    def reaffirmed_on(self):
        return known_date(self.reaffirmed_at)

    @property
    def age_in_years(self):
        """Whole years since the reply; None where its date is not known."""
        return None if self.replied_on is None else (timezone.localdate() - self.replied_on).days // 365

    @property
    def is_past_review(self):
        """Whether the day by which somebody should have looked at it again has passed."""
        return self.review_by is not None and self.review_by < timezone.localdate()

    def _change_status(self, new, **fields):
        changed = new in self.TRANSITIONS[self.status] and (
            Reply.objects.filter(pk=self.pk, status=self.status).update(status=new, **fields)
        )
        if not changed:
            self.refresh_from_db(fields=["status"])
            raise InvalidTransition(
                _("A reply that is %(old)s cannot become %(new)s.")
                % {"old": self.get_status_display(), "new": new.label}
            )
        self.refresh_from_db(fields=["status", *fields])

    @transaction.atomic
    def publish(self, by):
        """Show the reply to everybody; an open question becomes answered by it.

        Raises InvalidTransition where the doctor's licence or the question's status does not allow it, or the reply
        lacks what a patient needs.
        """
        question = Question.objects.select_for_update().get(pk=self.question_id)
        self._require_content()
        if not self.doctor.may_publish():
            raise InvalidTransition(_("Only a doctor with a verified licence in force can publish a reply."))
        if question.status not in (QuestionStatus.OPEN, QuestionStatus.ANSWERED):
            raise InvalidTransition(
                _("A question that is %(status)s takes no reply.") % {"status": question.get_status_display()}
            )
        now = timezone.now()
        credential = self.doctor.credential_on(timezone.localdate(now))
        self._change_status(
            ReplyStatus.PUBLISHED,
            published_at=now,
            review_by=timezone.localdate(now) + REVIEW_AFTER,
            credential_title=credential.title if credential else "",
            credential_affiliation=credential.affiliation if credential else "",
        )
        if question.status == QuestionStatus.OPEN:
            question.mark_answered(by, at=now)
        else:
            question.events.create(kind=EventKind.REPLIED, actor=by)
        question.follow_ups.settle()
        self.question = question

    @transaction.atomic
    def reaffirm(self, by):
        """Its doctor has read a published reply again and stands by it: it need not be reviewed for some years."""
        if not self.doctor.may_publish():
            raise InvalidTransition(_("Only a doctor with a verified licence in force can re-affirm a reply."))
        now = timezone.now()
        fields = {"reaffirmed_at": now, "review_by": timezone.localdate(now) + REVIEW_AFTER}
        if not Reply.objects.published().filter(pk=self.pk).order_by().update(**fields):
            raise InvalidTransition(_("Only a published reply can be re-affirmed."))
        self.refresh_from_db(fields=list(fields))
        self.question.follow_ups.settle()
        self.question.events.create(kind=EventKind.REAFFIRMED, actor=by)

    @transaction.atomic
    def review(self, doctor, verdict, note=""):
        """A colleague says what to think of a published reply, signed with the doctor's name; again to change it."""
        if doctor.pk == self.doctor_id:
            raise InvalidTransition(_("You cannot review your own reply."))
        if not doctor.may_publish():
            raise InvalidTransition(_("Only a doctor with a verified licence in force can review a reply."))
        if not Reply.objects.public().filter(pk=self.pk).exists():
            raise InvalidTransition(_("Only a published reply can be reviewed."))
        if verdict not in Verdict or (verdict != Verdict.AGREES and not note.strip()):
            raise InvalidTransition(_("Say whether you agree, and if not fully, why."))
        fields = {"verdict": verdict, "note": note.strip(), "signed_at": timezone.now()}
        self.reviews.update_or_create(doctor=doctor, defaults=fields)
        self.question.events.create(kind=EventKind.REVIEWED, actor=doctor.user, note=str(Verdict(verdict).label))

    def _require_content(self):
        """Refuse a reply that says nothing, names no next step, or only says that it cannot tell."""
        if not self.body.strip():
            raise InvalidTransition(_("Write a reply before you publish it."))
        if not self.next_step:
            raise InvalidTransition(_("Say what the patient should do next before you publish the reply."))
        lines = (self.may_be_about, self.urgent_if, self.whom_to_see)
        if self.cannot_assess and not all(line.strip() for line in lines):
            raise InvalidTransition(
                _("Say what it can generally be about, what would make it urgent, and whom to see and what to bring.")
            )

    @transaction.atomic
    def withdraw(self, by, note="", because=""):
        """Take the reply off the portal; without its last reply an answered question is open again.

        The patient is told the `note`; `because` stands on the question's page, for everybody to read.
        """
        question = Question.objects.select_for_update().get(pk=self.question_id)
        self._change_status(ReplyStatus.WITHDRAWN, withdrawn_at=timezone.now(), withdrawn_because=because)
        if question.status == QuestionStatus.ANSWERED and not question.replies.published().exists():
            question.reopen(by, note)
        else:
            is_replaced = Reply.objects.published().filter(supersedes=self).exists()
            told = timezone.now() if is_replaced else None  # of the newer reply the patient hears anyway
            question.events.create(kind=EventKind.REPLY_WITHDRAWN, actor=by, note=note, notified_at=told)
        self.question = question


class PartCoverageQuerySet(models.QuerySet):
    def public(self):
        """Of what anyone may read."""
        return self.filter(reply__status=ReplyStatus.PUBLISHED, reply__question__status=QuestionStatus.ANSWERED)

    def best_first(self):
        """Of published replies, the fullest coverage first."""
        order = Case(*[When(coverage=c, then=Value(n)) for n, c in enumerate(Coverage.values)])
        return self.filter(reply__status=ReplyStatus.PUBLISHED).order_by(order)


class PartCoverageManager(models.Manager.from_queryset(PartCoverageQuerySet)):
    def get_by_natural_key(self, key, position):
        return self.get(reply__key=key, part__position=position)


class PartCoverage(models.Model):
    """How far one reply covers one part."""

    reply = models.ForeignKey(Reply, on_delete=models.CASCADE, related_name="coverages", db_index=False)
    part = models.ForeignKey(QuestionPart, on_delete=models.CASCADE, related_name="coverages")
    coverage = models.CharField(_("coverage"), max_length=20, choices=Coverage)

    objects = PartCoverageManager()

    class Meta:
        verbose_name = _("coverage of a part")
        verbose_name_plural = _("coverage of parts")
        constraints = [
            models.UniqueConstraint(fields=["reply", "part"], name="partcoverage_unique"),
            models.CheckConstraint(condition=is_one_of("coverage", Coverage), name="partcoverage_known"),
        ]

    def __str__(self):
        return f"{self.part}: {self.get_coverage_display()}"

    def natural_key(self):
        return (str(self.reply.key), self.part.position)

    natural_key.dependencies = ["qa.reply", "qa.questionpart"]
