"""What stands behind a reply while it is written: its earlier versions, and texts to begin with."""

import datetime

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Doctor
from qa.models.reply import Reply

MAX_VERSIONS = 100  # of one reply
SAME_VERSION = datetime.timedelta(minutes=1)  # one window's saves within it are one version


class ReplyVersion(models.Model):
    """What a reply's form held at one moment. Only the reply's own doctor sees it."""

    reply = models.ForeignKey(Reply, on_delete=models.CASCADE, related_name="versions")
    content = models.JSONField(_("what the form held"), default=dict)
    window = models.CharField(_("the window it was typed in"), max_length=22, blank=True)
    sent = models.BigIntegerField(_("when the window sent it, by its own clock"), default=0)
    begun_at = models.DateTimeField(_("begun at"), default=timezone.now)
    saved_at = models.DateTimeField(_("saved at"), default=timezone.now)

    class Meta:
        verbose_name = _("version of a reply")
        verbose_name_plural = _("versions of replies")
        ordering = ["-saved_at", "-pk"]

    def __str__(self):
        return f"{self.reply_id}, {self.saved_at:%Y-%m-%d %H:%M}"

    def is_later_than(self, window, sent):
        """Whether this came out of the same window after something that arrives only now."""
        return bool(sent) and window == self.window and sent < self.sent

    @property
    def body(self):
        return self.content.get("body", "")

    def takes_up(self, content, window):
        """Whether `content`, typed on in the same window, may stand in this version's place: nothing much is lost."""
        is_recent = timezone.now() - self.begun_at < SAME_VERSION
        is_longer = len(content.get("body", "")) >= 0.8 * len(self.body)
        return is_recent and is_longer and window == self.window


class ReplyTemplateQuerySet(models.QuerySet):
    """The words for "which templates"."""

    def usable_by(self, doctor):
        """The doctor's own, then those of all doctors."""
        usable = self.filter(Q(doctor=doctor) | Q(doctor__isnull=True))
        return usable.order_by(models.F("doctor").asc(nulls_last=True), "title", "pk")


class ReplyTemplate(models.Model):
    """A text to begin with. What stands in [square brackets] is to be filled in."""

    doctor = models.ForeignKey(
        Doctor,
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="reply_templates",
        help_text=_("Empty: for all doctors."),
    )
    title = models.CharField(_("title"), max_length=80)
    body = models.TextField(_("text"), help_text=_("Write what is to be filled in [in square brackets]."))

    objects = ReplyTemplateQuerySet.as_manager()

    class Meta:
        verbose_name = _("template of a reply")
        verbose_name_plural = _("templates of replies")
        ordering = ["title", "pk"]

    def __str__(self):
        return self.title
