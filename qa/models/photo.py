"""Photos of a question: never public unless the patient consented and a moderator accepted."""

import uuid

from django.core.files.storage import storages
from django.db import models, transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.constraints import is_one_of
from accounts.models import Doctor, Specialty
from qa.errors import InvalidTransition
from qa.models.draft import Draft
from qa.models.event import EventKind
from qa.models.question import Question
from qa.models.question_words import MAX_PHOTOS, QuestionStatus


def photo_storage():
    return storages["photos"]


def photo_name(photo, filename):
    """A random name: that of the patient's file may say too much."""
    return f"{uuid.uuid4().hex}.webp"


class PhotoAudience(models.TextChoices):
    DOCTORS = "doctors", _("Doctors and moderators")
    PUBLIC = "public", _("Everybody")


class PhotoQuerySet(models.QuerySet):
    """The words for "which photos"."""

    def public(self):
        """What anyone may see, under a question that anyone may read."""
        return self.filter(audience=PhotoAudience.PUBLIC, question__status=QuestionStatus.ANSWERED)

    def visible_to(self, user):
        """What this user may see: moderators all that was sent, doctors what is in their care, everybody the public."""
        if user.has_perm("qa.moderate_question"):
            return self.filter(question__isnull=False)
        visible = Q(Exists(Photo.objects.public().filter(pk=OuterRef("pk"))))
        if user.is_authenticated:
            own_specialties = Specialty.objects.filter(doctors__in=Doctor.objects.licensed().filter(user=user))
            in_care = Question.objects.in_care().filter(specialty__in=own_specialties, pk=OuterRef("question"))
            visible |= Q(question__patient__user=user) | Q(Exists(in_care))
        return self.filter(visible)


class Photo(models.Model):
    """One photo of a draft, then of the question; kept outside everything that is served by address."""

    draft = models.ForeignKey(Draft, null=True, blank=True, on_delete=models.CASCADE, related_name="photos")
    question = models.ForeignKey(Question, null=True, blank=True, on_delete=models.CASCADE, related_name="photos")
    position = models.PositiveSmallIntegerField(_("position"))
    file = models.FileField(_("file"), storage=photo_storage, upload_to=photo_name)
    hints = models.JSONField(_("why it might be taken again"), default=list, blank=True)
    audience = models.CharField(_("audience"), max_length=10, choices=PhotoAudience, default=PhotoAudience.DOCTORS)
    consented_at = models.DateTimeField(_("patient agreed to show it at"), null=True, blank=True)
    accepted_at = models.DateTimeField(_("moderator accepted it at"), null=True, blank=True)

    objects = PhotoQuerySet.as_manager()

    class Meta:
        verbose_name = _("photo")
        verbose_name_plural = _("photos")
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["question", "position"], name="photo_position_unique"),
            models.UniqueConstraint(fields=["draft", "position"], name="photo_position_in_draft_unique"),
            models.CheckConstraint(
                condition=Q(draft__isnull=True) ^ Q(question__isnull=True), name="photo_of_draft_or_question"
            ),
            models.CheckConstraint(
                condition=Q(position__gte=1, position__lte=MAX_PHOTOS), name="photo_position_in_range"
            ),
            models.CheckConstraint(condition=is_one_of("audience", PhotoAudience), name="photo_audience_known"),
            models.CheckConstraint(
                condition=Q(audience=PhotoAudience.DOCTORS) | Q(consented_at__isnull=False, accepted_at__isnull=False),
                name="photo_public_needs_consent_and_acceptance",
            ),
        ]

    def __str__(self):
        return f"{self.question or self.draft}: {self.position}"

    @property
    def may_be_public(self):
        """Whether the patient agreed, and cannot be a minor."""
        return self.consented_at is not None and self.question is not None and not self.question.may_be_minor

    @transaction.atomic
    def show(self, by):
        """A moderator accepts that everybody sees the photo, once its question is public."""
        if not self.may_be_public:
            raise InvalidTransition(_("Only a photo that an adult has agreed to show can be public."))
        self._set_audience(PhotoAudience.PUBLIC, timezone.now(), EventKind.PHOTO_SHOWN, by)

    @transaction.atomic
    def hide(self, by):
        """The photo is for doctors and moderators only again."""
        self._set_audience(PhotoAudience.DOCTORS, None, EventKind.PHOTO_HIDDEN, by)

    def _set_audience(self, audience, accepted_at, kind, by):
        list(Question.objects.select_for_update().filter(pk=self.question_id))  # before the photo, as who erases both
        others = Photo.objects.filter(pk=self.pk).exclude(audience=audience)
        if others.update(audience=audience, accepted_at=accepted_at):  # the same click twice changes nothing more
            self.question.events.create(kind=kind, actor=by, note=str(self.position))
        self.audience, self.accepted_at = audience, accepted_at
