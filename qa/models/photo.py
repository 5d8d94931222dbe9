"""Photos of a question: never public unless the patient consented and a moderator accepted."""

import uuid

from django.core.files.storage import storages
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.constraints import is_one_of
from qa.models.question import Question

MAX_PHOTOS = 4


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
        return self.filter(audience=PhotoAudience.PUBLIC, question__in=Question.objects.public())


class Photo(models.Model):
    """One photo of a question, kept outside everything that is served by address."""

    question = models.ForeignKey(Question, on_delete=models.CASCADE, related_name="photos")
    position = models.PositiveSmallIntegerField(_("position"))
    file = models.FileField(_("file"), storage=photo_storage, upload_to=photo_name)
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
        return f"{self.question}: {self.position}"
