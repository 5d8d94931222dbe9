"""What public pages are made of, as a whole: its version, so that a rendered page is kept as long as it holds."""

from django.db import connection, models
from django.db.models.expressions import RawSQL
from django.utils.translation import gettext_lazy as _

from qa.models.written_once import STAND_IN, Statement

KEPT = 50  # changes that are left when old ones are forgotten

VERSION = "(SELECT COUNT(*) || '.' || COALESCE(MAX(id), 0) FROM qa_publicchange)"
VERSION_OF_QUESTION = f"""{VERSION} || '.' ||
    (SELECT COUNT(*) || '.' || COUNT(*) FILTER (WHERE v.is_helpful)
       FROM qa_helpful v JOIN qa_reply r ON r.id = v.reply_id WHERE r.question_id = %s)"""
of_question = Statement(f"SELECT {VERSION_OF_QUESTION}", (STAND_IN,))
LARGEST_KEY = 2**63 - 1


def version_of_question() -> RawSQL:
    """An annotation of questions: what `PublicChange.objects.version` says of each, read together with it."""
    return RawSQL(VERSION_OF_QUESTION % '"qa_question"."id"', [], models.TextField())


class PublicChangeManager(models.Manager):
    def version(self, question=None):
        """What is another one as soon as anything has changed that a public page shows, in one query.

        Readers' votes on replies do not count: they are frequent, and shown on one page only. With the key of a
        `question` those on its replies do.
        """
        with connection.cursor() as cursor:
            if question is None or question > LARGEST_KEY:
                cursor.execute(f"SELECT {VERSION}")
            else:
                cursor.execute(*of_question.for_keys(connection, {STAND_IN: question}))
            return cursor.fetchone()[0]

    def trim(self):
        """Forget all changes but the latest ones, once there are many."""
        latest = list(self.order_by("-pk").values_list("pk", flat=True)[: 2 * KEPT + 1])
        if len(latest) > 2 * KEPT:
            self.filter(pk__lt=latest[KEPT]).delete()


class PublicChange(models.Model):
    """That something changed which public pages show: database triggers write a row, in the same transaction.

    Two transactions that end in another order than they began cannot hide from each other: the number of rows counts
    as well as the latest. Nobody waits for anybody, since rows are only added.
    """

    objects = PublicChangeManager()

    class Meta:
        verbose_name = _("public change")
        verbose_name_plural = _("public changes")

    def __str__(self):
        return str(self.pk)
