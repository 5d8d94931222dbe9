"""Questions: which ones anyone may see, and how their status changes."""

import datetime

from django.db import models, transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _
from taggit.managers import TaggableManager

from accounts.addresses import address
from accounts.constraints import both_or_neither, is_one_of
from accounts.models import Doctor, Patient, Sex, Specialty
from qa.errors import InvalidTransition, QuestionClaimed
from qa.models.dates import known_date
from qa.models.draft import random_key
from qa.models.event import EventKind
from qa.models.question_words import ADULT, PORTAL, OnBehalfOf, QuestionQuerySet, RejectReason, age_band_label
from qa.models.question_words import QuestionStatus as S
from qa.models.taxonomy import QuestionTopic

CLAIM_DURATION = datetime.timedelta(minutes=10)
NOT_CLAIMED = {"claimed_by": None, "claimed_until": None}
MAX_FOLLOW_UPS = 2

# What is left of the patient in a question that was erased.
NOTHING_SAID = {
    "headline": "",
    "title": "",
    "body": "",
    "pseudonym": "",
    "medicines": "",
    "allergies": "",
    "contact_email": "",
    "age_from": None,
    "sex": Sex.UNSTATED,
    "patient": None,
    "secret_key": None,
}


def is_nothing_said():
    """The conditions that nothing of the patient is left."""
    return [Q((f"{name}__isnull", True) if value is None else (name, value)) for name, value in NOTHING_SAID.items()]


class QuestionManager(models.Manager.from_queryset(QuestionQuerySet)):
    def get_by_natural_key(self, source, source_id):
        return self.get(source=source, source_id=source_id)


class Question(models.Model):
    """What a patient asks. The public sees it once answered, with pseudonym, age band and sex only."""

    TRANSITIONS = {
        S.PENDING: {S.OPEN, S.REJECTED, S.NEEDS_INFO, S.WITHDRAWN},
        S.OPEN: {S.OPEN, S.ANSWERED, S.NEEDS_INFO, S.WITHDRAWN},
        S.NEEDS_INFO: {S.PENDING, S.OPEN, S.WITHDRAWN},
        S.ANSWERED: {S.ANSWERED, S.REMOVED, S.OPEN, S.WITHDRAWN},
        S.REJECTED: {S.WITHDRAWN},
        S.REMOVED: {S.ANSWERED, S.WITHDRAWN},
        S.WITHDRAWN: set(),
    }

    specialty = models.ForeignKey(
        Specialty,
        verbose_name=_("specialty"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="questions",
        db_index=False,  # question_latest_in_specialty begins with it
        help_text=_("Empty while the patient does not know and no moderator has decided."),
    )
    headline = models.CharField(_("headline"), max_length=200, blank=True, help_text=_("The editors' words."))
    title = models.CharField(_("title"), max_length=200, help_text=_("The patient's own words."))
    body = models.TextField(_("question"))
    language = models.CharField(_("language"), max_length=10, default="en")
    topics = TaggableManager(verbose_name=_("topics"), through=QuestionTopic, blank=True)

    pseudonym = models.CharField(_("pseudonym"), max_length=50, blank=True)
    age_from = models.PositiveSmallIntegerField(_("age from"), null=True, blank=True)
    age_to = models.PositiveSmallIntegerField(_("age to"), null=True, blank=True)
    sex = models.CharField(_("sex"), max_length=10, choices=Sex, default=Sex.UNSTATED)
    on_behalf_of = models.CharField(_("asked on behalf of"), max_length=10, choices=OnBehalfOf, default=OnBehalfOf.SELF)
    medicines = models.TextField(_("medicines taken"), blank=True)
    allergies = models.TextField(_("allergies"), blank=True)

    patient = models.ForeignKey(Patient, null=True, blank=True, on_delete=models.SET_NULL, related_name="questions")
    contact_email = models.EmailField(_("e-mail for news"), blank=True)
    wants_news = models.BooleanField(_("wants news by e-mail"), default=True)
    secret_key = models.CharField(
        _("secret key of the private page"), max_length=43, null=True, blank=True, unique=True, editable=False
    )

    status = models.CharField(_("status"), max_length=15, choices=S, default=S.PENDING, editable=False)
    reject_reason = models.CharField(
        _("reason for the rejection"), max_length=15, choices=RejectReason, blank=True, editable=False
    )
    is_urgent = models.BooleanField(_("urgent"), default=False)
    terms_version = models.CharField(_("terms agreed to"), max_length=20, blank=True, editable=False)
    asked_at = models.DateTimeField(_("asked at"), default=timezone.now)
    erased_at = models.DateTimeField(_("text erased at"), null=True, blank=True, editable=False)
    answered_at = models.DateTimeField(_("answered at"), null=True, blank=True, editable=False)
    changed_at = models.DateTimeField(_("status changed at"), default=timezone.now, editable=False)
    claimed_by = models.ForeignKey(
        Doctor, null=True, blank=True, on_delete=models.SET_NULL, related_name="claims", editable=False
    )
    claimed_until = models.DateTimeField(_("claimed until"), null=True, blank=True, editable=False)

    is_excerpt = models.BooleanField(_("the archive holds only an excerpt"), default=False)
    source = models.CharField(_("source"), max_length=30, default=PORTAL, editable=False)
    source_id = models.CharField(_("id in the source"), max_length=200, default=random_key, editable=False)
    seen_before = models.ManyToManyField(
        "self", through="SeenQuestion", symmetrical=False, related_name="+", editable=False
    )

    objects = QuestionManager()

    class Meta:
        verbose_name = _("question")
        verbose_name_plural = _("questions")
        permissions = [("moderate_question", _("Can decide on questions"))]
        indexes = [
            models.Index(fields=["status", "-answered_at", "-id"], name="question_latest"),
            models.Index(fields=["specialty", "status", "-answered_at", "-id"], name="question_latest_in_specialty"),
            models.Index(
                fields=["specialty", "status", "-answered_at", "-id"],
                name="question_asked_here",
                condition=Q(source=PORTAL),
            ),
            models.Index(fields=["status", "asked_at"], name="question_urgent", condition=Q(is_urgent=True)),
            models.Index(
                fields=["status", "-is_urgent", "asked_at", "id"], name="question_queue", condition=Q(status=S.PENDING)
            ),
            models.Index(fields=["-is_urgent", "changed_at", "id"], name="question_open", condition=Q(status=S.OPEN)),
            models.Index(fields=["contact_email"], name="question_by_email", condition=~Q(contact_email="")),
        ]
        constraints = [
            models.UniqueConstraint(fields=["source", "source_id"], name="question_source_unique"),
            models.CheckConstraint(condition=is_one_of("status", S), name="question_status_known"),
            models.CheckConstraint(condition=is_one_of("sex", Sex), name="question_sex_known"),
            models.CheckConstraint(condition=is_one_of("on_behalf_of", OnBehalfOf), name="question_on_behalf_of_known"),
            models.CheckConstraint(
                condition=is_one_of("reject_reason", RejectReason, blank=True), name="question_reject_reason_known"
            ),
            models.CheckConstraint(
                condition=~Q(status=S.REJECTED, reject_reason=""), name="question_rejected_has_reason"
            ),
            models.CheckConstraint(
                condition=~Q(status=S.ANSWERED, answered_at__isnull=True), name="question_answered_has_date"
            ),
            models.CheckConstraint(
                condition=~Q(status__in=[S.OPEN, S.ANSWERED, S.REMOVED], specialty__isnull=True),
                name="question_accepted_has_specialty",
            ),
            models.CheckConstraint(
                condition=both_or_neither("claimed_by", "claimed_until"), name="question_claim_is_a_pair"
            ),
            models.CheckConstraint(condition=both_or_neither("age_from", "age_to"), name="question_age_band_is_a_pair"),
            models.CheckConstraint(
                condition=Q(age_from__isnull=True) | Q(age_from__lte=F("age_to")),
                name="question_age_band_in_order",
            ),
            models.CheckConstraint(
                condition=Q(erased_at__isnull=True) | Q(*is_nothing_said()), name="question_erased_holds_no_text"
            ),
        ]

    def __str__(self):
        return self.heading

    def get_absolute_url(self):
        return address("question_detail", self.pk, self.slug)

    def natural_key(self):
        return (self.source, self.source_id)

    natural_key.dependencies = ["accounts.specialty", "accounts.patient"]

    @property
    def heading(self):
        """The editors' headline, or the patient's title while there is none."""
        return self.headline or self.title or str(_("Withdrawn question"))

    @property
    def heading_language(self):
        """The language of the heading where it is known: of the patient's words, not of the editors'."""
        return "" if self.headline or not self.title else self.language

    @property
    def slug(self):
        return slugify(self.heading)[:80].strip("-") or "question"

    @property
    def is_public(self):
        return self.status == S.ANSWERED

    @property
    def asked_on(self):
        return known_date(self.asked_at)

    @property
    def answered_on(self):
        return known_date(self.answered_at)

    @property
    def age_band(self):
        """The band as shown to anyone, for instance "10–19"; empty where none was given."""
        return "" if self.age_from is None else age_band_label(self.age_from, self.age_to)

    @property
    def may_be_minor(self):
        """Whether the age band does not rule out somebody under 18."""
        return self.age_from is None or self.age_from < ADULT

    def stop_news(self):
        """The patient wants no more e-mails about the question: its address is forgotten."""
        self.contact_email, self.wants_news = "", False
        Question.objects.filter(pk=self.pk).update(contact_email="", wants_news=False)

    # Transitions. Each refuses with InvalidTransition, and each writes one event.

    def _change_status(self, new, kind, by, note="", only_from=None, **fields):
        if new not in self.TRANSITIONS[self.status] or only_from not in (None, self.status):
            raise InvalidTransition(
                _("A question that is %(old)s cannot become %(new)s.")
                % {"old": self.get_status_display(), "new": new.label}
            )
        unchanged = Question.objects.filter(pk=self.pk, status=self.status, changed_at=self.changed_at)
        fields["changed_at"] = timezone.now()
        if not unchanged.update(status=new, **fields):  # of two moderators who click at once, the second one is told
            raise InvalidTransition(_("Somebody else has just decided on this question."))
        self.refresh_from_db(fields=["status", *fields])
        self.events.create(kind=kind, actor=by, note=note)

    @transaction.atomic
    def accept(self, by, specialty=None, headline=None):
        """A moderator lets doctors see the question, filed under `specialty` (its own by default)."""
        specialty = specialty or self.specialty
        if specialty is None:
            raise InvalidTransition(_("Choose a specialty before you accept the question."))
        self._change_status(
            S.OPEN,
            EventKind.ACCEPTED,
            by,
            only_from=S.PENDING,
            specialty=specialty,
            headline=self.headline if headline is None else headline,
        )

    @transaction.atomic
    def reject(self, by, reason, note=""):
        """A moderator declines the question, with a `RejectReason` that the patient is told."""
        if reason not in RejectReason:
            raise InvalidTransition(_("Choose a reason for the rejection."))
        self._change_status(S.REJECTED, EventKind.REJECTED, by, note, reject_reason=reason)

    @transaction.atomic
    def ask_patient(self, by, note):
        """A moderator or doctor needs to know more; `note` is what the patient is asked."""
        self._change_status(S.NEEDS_INFO, EventKind.INFO_REQUESTED, by, note, **NOT_CLAIMED)

    @transaction.atomic
    def receive_info(self, by, body):
        """The patient answers what was asked: the question goes back to who asked for it."""
        accepted = self.events.filter(kind=EventKind.ACCEPTED).exists()
        new = S.OPEN if accepted else S.PENDING
        self._change_status(new, EventKind.INFO_RECEIVED, by, only_from=S.NEEDS_INFO)
        self.follow_ups.create(body=body, is_requested=True)

    @transaction.atomic
    def follow_up(self, body):
        """The patient adds to the own question, at most twice. Raises InvalidTransition where it may not be."""
        # Two at once are counted one after the other.
        self.refresh_from_db(fields=["status"], from_queryset=Question.objects.select_for_update())
        if self.follow_ups_left() < 1:
            raise InvalidTransition(_("Nothing more can be added to this question."))
        self.follow_ups.create(body=body)
        told = self.replies.public().filter(doctor__in=Doctor.objects.publishing()).last()
        self.events.create(kind=EventKind.FOLLOWED_UP, reply=told)

    def follow_ups_left(self):
        """How many follow-ups the patient may still write; none while the portal itself asks for something."""
        if self.status not in (S.PENDING, S.OPEN, S.ANSWERED):
            return 0
        return MAX_FOLLOW_UPS - self.follow_ups.filter(is_requested=False).count()

    @transaction.atomic
    def erase_text(self):
        """Leave of an answered question only what doctors wrote; what else hangs on it is erased by `retention`."""
        answered = Question.objects.answered().filter(pk=self.pk, erased_at__isnull=True)
        if not answered.update(
            **NOTHING_SAID, age_to=None, on_behalf_of=OnBehalfOf.SELF, source_id=random_key(), erased_at=timezone.now()
        ):
            raise InvalidTransition(_("Only the text of an answered question can be erased and its reply kept."))
        self.refresh_from_db()
        self.events.update(note="")
        self.events.filter(actor__patient__isnull=False).update(actor=None)
        self.events.create(kind=EventKind.ERASED)

    @transaction.atomic
    def mark_answered(self, by, at):
        """The first reply was published at `at`. Called by `Reply.publish` only."""
        self._change_status(S.ANSWERED, EventKind.REPLIED, by, only_from=S.OPEN, answered_at=at, **NOT_CLAIMED)

    @transaction.atomic
    def reopen(self, by, note=""):
        """The last published reply was withdrawn. Called by `Reply.withdraw` only."""
        self._change_status(S.OPEN, EventKind.REOPENED, by, note, only_from=S.ANSWERED, answered_at=None)

    @transaction.atomic
    def remove(self, by, note):
        """A moderator takes an answered question off the portal."""
        self._change_status(S.REMOVED, EventKind.REMOVED, by, note)

    @transaction.atomic
    def restore(self, by, note=""):
        """A moderator puts a removed question back; it must still have a published reply."""
        Question.objects.select_for_update().get(pk=self.pk)  # no reply is withdrawn between the check and the change
        if not self.replies.published().exists():
            raise InvalidTransition(_("A question without a published reply cannot be restored."))
        self._change_status(S.ANSWERED, EventKind.RESTORED, by, note, only_from=S.REMOVED)

    @transaction.atomic
    def withdraw(self, by=None, note=""):
        """The patient takes the question back, whatever its status; it leaves every surface at once."""
        self._change_status(S.WITHDRAWN, EventKind.WITHDRAWN, by, note, **NOT_CLAIMED)

    @transaction.atomic
    def transfer(self, by, specialty, note):
        """A doctor or moderator files an open question under another specialty; a moderator an answered one, too."""
        if specialty == self.specialty:
            raise InvalidTransition(_("The question is in this specialty already."))
        stays = S.ANSWERED if self.is_public else S.OPEN
        fields = {"specialty": specialty, **NOT_CLAIMED}
        self._change_status(stays, EventKind.TRANSFERRED, by, note, only_from=stays, **fields)

    @transaction.atomic
    def escalate(self, by, note):
        """Somebody, or a check of what was added, fears for the patient: it is urgent, on top for all moderators."""
        self.refresh_from_db(fields=["status"], from_queryset=Question.objects.select_for_update())
        unfinished = self.status in (S.PENDING, S.OPEN, S.NEEDS_INFO)
        waits = unfinished or Question.objects.written_again().filter(pk=self.pk).exists()
        if not waits or Question.objects.escalated().filter(pk=self.pk).exists():
            raise InvalidTransition(_("This question is raised with all moderators already, or is no longer waiting."))
        Question.objects.filter(pk=self.pk).update(is_urgent=True)
        self.is_urgent = True
        self.events.create(kind=EventKind.ESCALATED, actor=by, note=note)

    @transaction.atomic
    def calm(self, by, note):
        """A moderator has looked into it: the question is not urgent."""
        if not Question.objects.urgent().filter(pk=self.pk).update(is_urgent=False):
            raise InvalidTransition(_("This question is not marked as urgent."))
        self.is_urgent = False
        self.events.create(kind=EventKind.CALMED, actor=by, note=note)

    # Claims: one doctor at a time works on an open question.

    @property
    def holder(self):
        """The doctor who works on the question now, or None."""
        return self.claimed_by if self.claimed_until and self.claimed_until > timezone.now() else None

    @transaction.atomic
    def claim(self, doctor, take_over=False):
        """Hold the question for `doctor` for ten minutes; again to renew.

        Raises QuestionClaimed while another doctor holds it, unless `take_over`; InvalidTransition when it is not open.
        """
        now = timezone.now()
        until = now + CLAIM_DURATION
        is_renewal = self.claimed_by_id == doctor.pk
        free = Q(claimed_by__isnull=True) | Q(claimed_until__lte=now) | Q(claimed_by=doctor)
        taken = take_over and self.holder not in (None, doctor)
        mine = Question.objects.open().filter(Q() if take_over else free, pk=self.pk)
        if not mine.update(claimed_by=doctor, claimed_until=until):
            self.refresh_from_db(fields=["status", "claimed_by", "claimed_until"])
            if self.status != S.OPEN:
                raise InvalidTransition(_("Only an open question can be claimed."))
            raise QuestionClaimed(_("%(doctor)s is working on this question.") % {"doctor": self.claimed_by})
        self.claimed_by, self.claimed_until = doctor, until
        if not is_renewal:
            self.events.create(kind=EventKind.TAKEN_OVER if taken else EventKind.CLAIMED, actor=doctor.user)

    @transaction.atomic
    def release(self, doctor):
        """Give up the doctor's own claim; nothing happens where the doctor holds none."""
        mine = Question.objects.filter(pk=self.pk, claimed_by=doctor)
        if mine.update(**NOT_CLAIMED):
            self.claimed_by = self.claimed_until = None
            self.events.create(kind=EventKind.RELEASED, actor=doctor.user)
