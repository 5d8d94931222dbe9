"""Drafts: what a patient has written and not sent yet. They are no questions: nobody but their writer sees them."""

import datetime
import hashlib
import json

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.crypto import get_random_string
from django.utils.translation import gettext_lazy as _

KEPT_FOR = datetime.timedelta(hours=24)
NO_TEXT = {"typed_at", "is_guess"}  # what is kept of a step beside what was typed


def random_key():
    """131 random bits: for what only one person may find."""
    return get_random_string(22)


class DraftQuerySet(models.QuerySet):
    """The words for "which drafts"."""

    def kept(self):
        """What may still be gone on with."""
        return self.filter(changed_at__gt=timezone.now() - KEPT_FOR)

    def expired(self):
        """What nobody has touched for a day, and is to be forgotten."""
        return self.filter(changed_at__lte=timezone.now() - KEPT_FOR)


class Draft(models.Model):
    """One question being written. The key stands in the writer's session, and becomes the question's source id."""

    key = models.CharField(_("key"), max_length=22, unique=True, default=random_key, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.CASCADE, related_name="drafts", editable=False
    )
    data = models.JSONField(_("what was written, by step"), default=dict)
    created_at = models.DateTimeField(_("begun at"), default=timezone.now, editable=False)
    changed_at = models.DateTimeField(_("changed at"), default=timezone.now, editable=False)

    objects = DraftQuerySet.as_manager()

    class Meta:
        verbose_name = _("draft")
        verbose_name_plural = _("drafts")
        indexes = [models.Index(fields=["changed_at"], name="draft_by_change")]

    def __str__(self):
        return f"{self.pk}, {self.changed_at:%Y-%m-%d %H:%M}"

    @property
    def kept_until(self):
        return self.changed_at + KEPT_FOR

    def texts(self, step):
        """What was typed at a step, by field, without what was left empty."""
        return {name: text for name, text in self.data.get(step, {}).items() if text and name not in NO_TEXT}

    def fingerprint(self, *steps):
        """What is another one as soon as a text of these steps is; empty while there is none."""
        texts = [self.texts(step) for step in steps]
        return hashlib.sha256(json.dumps(texts, sort_keys=True).encode()).hexdigest()[:16] if any(texts) else ""
