"""What search looks into: an entry for each thing the public may read, and the words that entries hold.

Entries hold folded terms only, never a text that could be shown. Triggers of the database (`qa.search.triggers`) delete
an entry in the very transaction that changes what it was made of, and note the change here; the worker writes it anew.
"""

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.constraints import is_one_of


class EntryKind(models.TextChoices):
    QUESTION = "question", _("question")
    ARTICLE = "article", _("article")
    TOPIC = "topic", _("topic")
    DOCTOR = "doctor", _("doctor")


class SearchEntry(models.Model):
    """The terms of one thing that anyone may read. On PostgreSQL the table has a generated column `vector` as well."""

    kind = models.CharField(_("kind"), max_length=10, choices=EntryKind)
    object_id = models.BigIntegerField(_("key of what it is made of"))
    version = models.PositiveSmallIntegerField(_("version of the text pipeline"))
    labels = models.TextField(_("labels to filter by"), blank=True)
    heading = models.TextField(_("terms of the heading"), blank=True)
    body = models.TextField(_("terms of the text"), blank=True)
    replies = models.TextField(_("terms of the replies"), blank=True)

    class Meta:
        verbose_name = _("search entry")
        verbose_name_plural = _("search entries")
        constraints = [
            models.UniqueConstraint(fields=["kind", "object_id"], name="searchentry_unique"),
            models.CheckConstraint(condition=is_one_of("kind", EntryKind), name="searchentry_kind_known"),
        ]

    def __str__(self):
        return f"{self.kind} {self.object_id}"


class SearchChange(models.Model):
    """That something changed and its entry is to be written anew, or left out. Written by triggers."""

    kind = models.CharField(_("kind"), max_length=10, choices=EntryKind)
    object_id = models.BigIntegerField(_("key of what changed"))

    class Meta:
        verbose_name = _("change to search")
        verbose_name_plural = _("changes to search")
        constraints = [
            models.UniqueConstraint(fields=["kind", "object_id"], name="searchchange_unique"),
            models.CheckConstraint(condition=is_one_of("kind", EntryKind), name="searchchange_kind_known"),
        ]

    def __str__(self):
        return f"{self.kind} {self.object_id}"


class SearchWord(models.Model):
    """How many entries hold a term, about; the row of the empty term counts all entries."""

    term = models.CharField(_("term"), max_length=40, primary_key=True)
    number = models.BigIntegerField(_("number of entries"))

    class Meta:
        verbose_name = _("word")
        verbose_name_plural = _("words")

    def __str__(self):
        return self.term


class SearchSpelling(models.Model):
    """A word as texts spell it, folded, and its term: from these a typing error is mended."""

    spelling = models.CharField(_("spelling"), max_length=40, primary_key=True)
    term = models.CharField(_("term"), max_length=40)

    class Meta:
        verbose_name = _("spelling")
        verbose_name_plural = _("spellings")

    def __str__(self):
        return self.spelling
