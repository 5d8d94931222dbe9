"""What was there before: documents as imported, and texts before a moderator changed them."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from qa.models.article import Article
from qa.models.question import Question
from qa.models.reply import Reply


class ImportRecordManager(models.Manager):
    def get_by_natural_key(self, source, source_id):
        return self.get(source=source, source_id=source_id)


class ImportRecord(models.Model):
    """A source document, byte by byte, with what was parsed from it and the anomalies found."""

    source = models.CharField(_("source"), max_length=30)
    source_id = models.CharField(_("id in the source"), max_length=200)
    name = models.CharField(_("file name"), max_length=200)
    document = models.BinaryField(_("document"))
    parsed = models.JSONField(_("parsed"))
    anomalies = models.JSONField(_("anomalies"), default=list)
    imported_at = models.DateTimeField(_("imported at"), default=timezone.now)
    question = models.ForeignKey(
        Question, null=True, blank=True, on_delete=models.CASCADE, related_name="import_records"
    )
    article = models.ForeignKey(Article, null=True, blank=True, on_delete=models.CASCADE, related_name="import_records")

    objects = ImportRecordManager()

    class Meta:
        verbose_name = _("import record")
        verbose_name_plural = _("import records")
        constraints = [models.UniqueConstraint(fields=["source", "source_id"], name="importrecord_source_unique")]

    def __str__(self):
        return self.name

    def natural_key(self):
        return (self.source, self.source_id)

    natural_key.dependencies = ["qa.question", "qa.article"]


class LoadedRecord(models.Model):
    """One record of a file, as it was loaded last: says whether the file, or the portal, has changed it since.

    It outlives the question: what was erased here is not loaded again. So it holds numbers and no text.
    """

    key = models.BigIntegerField(_("hash of source and id"), primary_key=True)
    question = models.OneToOneField(
        Question, null=True, blank=True, on_delete=models.SET_NULL, related_name="loaded_record"
    )
    content = models.BigIntegerField(_("hash of the content without topics"))
    topics = models.BigIntegerField(_("hash of the topics"))

    class Meta:
        verbose_name = _("loaded record")
        verbose_name_plural = _("loaded records")

    def __str__(self):
        return str(self.key)


class Revision(models.Model):
    """A text as it stood before a redaction. Moderators read it, nobody else."""

    question = models.ForeignKey(Question, null=True, blank=True, on_delete=models.CASCADE, related_name="revisions")
    reply = models.ForeignKey(Reply, null=True, blank=True, on_delete=models.CASCADE, related_name="revisions")
    field = models.CharField(_("field"), max_length=30)
    text = models.TextField(_("text before"))
    reason = models.CharField(_("reason"), max_length=200)
    editor = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(_("changed at"), default=timezone.now)

    class Meta:
        verbose_name = _("revision")
        verbose_name_plural = _("revisions")
        ordering = ["created_at", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(question__isnull=False, reply__isnull=True) | Q(question__isnull=True, reply__isnull=False),
                name="revision_has_one_target",
            )
        ]

    def __str__(self):
        return f"{self.question or self.reply}: {self.field}"
