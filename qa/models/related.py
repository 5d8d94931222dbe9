"""Where to read on: links from a question to others and to topics, each saying who set it."""

from django.db import connection, models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.constraints import is_one_of
from accounts.models import Specialty
from qa.models.question import Question
from qa.models.taxonomy import Topic


class RelatedOrigin(models.TextChoices):
    ARCHIVE = "archive", _("Archive")
    EDITOR = "editor", _("Editor")
    COMPUTED = "computed", _("Computed")


class ComputedQuerySet(models.QuerySet):
    """The words for "which computed links"."""

    def computed(self):
        return self.filter(origin=RelatedOrigin.COMPUTED)

    def delete_unlocked(self):
        """Delete them without waiting: what somebody holds just now is being deleted, or made an editor's, anyway."""
        keys = self.order_by().select_for_update(skip_locked=True).values_list("pk", flat=True)
        self.model.objects.filter(pk__in=list(keys)).delete()


class RelatedQuestionManager(models.Manager.from_queryset(ComputedQuerySet)):
    def get_by_natural_key(self, source, source_id, related_source, related_source_id):
        return self.get(
            question__source=source,
            question__source_id=source_id,
            related__source=related_source,
            related__source_id=related_source_id,
        )


class RelatedQuestion(models.Model):
    """A "Similar Q&A" link."""

    question = models.ForeignKey(Question, on_delete=models.CASCADE, related_name="related_questions", db_index=False)
    related = models.ForeignKey(Question, on_delete=models.CASCADE, related_name="related_from")
    position = models.PositiveSmallIntegerField(_("position"))
    score = models.FloatField(_("score"), null=True, blank=True)
    origin = models.CharField(_("origin"), max_length=10, choices=RelatedOrigin)

    objects = RelatedQuestionManager()

    class Meta:
        verbose_name = _("related question")
        verbose_name_plural = _("related questions")
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["question", "related"], name="relatedquestion_unique"),
            models.CheckConstraint(condition=~Q(question=F("related")), name="relatedquestion_not_itself"),
            models.CheckConstraint(condition=is_one_of("origin", RelatedOrigin), name="relatedquestion_origin_known"),
        ]

    def __str__(self):
        return f"{self.question} → {self.related}"

    def natural_key(self):
        return (*self.question.natural_key(), *self.related.natural_key())

    natural_key.dependencies = ["qa.question"]


class RelatedTopicQuerySet(ComputedQuerySet):
    """The words for "which related topics"."""

    def chosen(self):
        """By somebody: not computed, of which each question has many."""
        return self.filter(origin__in=[RelatedOrigin.ARCHIVE, RelatedOrigin.EDITOR])

    def leading_somewhere(self):
        """With all a link shows; without pairs that an editor has taken apart since."""
        return self.filter(topic__specialties=F("specialty")).select_related("topic", "specialty")


class RelatedTopicManager(models.Manager.from_queryset(RelatedTopicQuerySet)):
    def get_by_natural_key(self, source, source_id, topic, specialty):
        return self.get(
            question__source=source,
            question__source_id=source_id,
            topic__slug=topic,
            specialty__slug=specialty,
        )


class RelatedTopic(models.Model):
    """A "Related FAQ" link: a topic in one of its specialties."""

    question = models.ForeignKey(Question, on_delete=models.CASCADE, related_name="related_topics", db_index=False)
    topic = models.ForeignKey(Topic, on_delete=models.CASCADE, related_name="related_from", db_index=False)
    specialty = models.ForeignKey(Specialty, on_delete=models.PROTECT, related_name="+")
    position = models.PositiveSmallIntegerField(_("position"))
    score = models.FloatField(_("score"), null=True, blank=True)
    origin = models.CharField(_("origin"), max_length=10, choices=RelatedOrigin)

    objects = RelatedTopicManager()

    class Meta:
        verbose_name = _("related topic")
        verbose_name_plural = _("related topics")
        ordering = ["position"]
        indexes = [models.Index(fields=["topic", "origin", "specialty"], name="relatedtopic_by_topic")]
        constraints = [
            models.UniqueConstraint(fields=["question", "topic", "specialty"], name="relatedtopic_unique"),
            models.CheckConstraint(condition=is_one_of("origin", RelatedOrigin), name="relatedtopic_origin_known"),
        ]

    def __str__(self):
        return f"{self.question} → {self.topic} ({self.specialty})"

    def natural_key(self):
        return (*self.question.natural_key(), self.topic.slug, self.specialty.slug)

    natural_key.dependencies = ["qa.question", "qa.topic", "accounts.specialty"]


class RelatedReason(models.TextChoices):
    CHANGED = "changed", _("It is new or has changed")
    NEIGHBOUR = "neighbour", _("One that resembles it is new or is gone")
    REBUILD = "rebuild", _("All are computed anew")


class RelatedChangeQuerySet(models.QuerySet):
    """The words for "which changes". Who notes or deletes some takes a turn before, in the same transaction."""

    def take_turn(self):
        """Until the transaction ends nobody else has a turn. Who has one waits for nobody, so never in a circle."""
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_xact_lock(%s::regclass::oid::bigint)", [self.model._meta.db_table])

    def for_worker(self):
        """What the worker sees to, the oldest first: all but what a command was started for."""
        return self.exclude(reason=RelatedReason.REBUILD).order_by("pk")

    def for_rebuild(self, part, of):
        """What is left of a rebuild for one of several processes."""
        return self.filter(reason=RelatedReason.REBUILD).order_by("pk").share(part, of)

    def share(self, part, of):
        """Those that one of several processes sees to."""
        return self if of == 1 else self.annotate(left=F("pk") % of).filter(left=part)

    def note(self, keys, reason):
        """Let the links of these questions be computed. What is noted anew gets a new key: whoever is computing the
        links of what was there before will see that."""
        if reason == RelatedReason.CHANGED:
            self.filter(question_id__in=keys).delete()
        self.bulk_create((self.model(question_id=key, reason=reason) for key in keys), ignore_conflicts=True)


class RelatedChange(models.Model):
    """A question whose computed links are to be computed, once more or for the first time."""

    question_id = models.BigIntegerField(_("key of the question"), unique=True)  # which may be gone since
    reason = models.CharField(_("reason"), max_length=10, choices=RelatedReason)

    objects = RelatedChangeQuerySet.as_manager()

    class Meta:
        verbose_name = _("change to related questions")
        verbose_name_plural = _("changes to related questions")
        indexes = [models.Index(fields=["reason", "id"], name="relatedchange_by_reason")]
        constraints = [
            models.CheckConstraint(condition=is_one_of("reason", RelatedReason), name="relatedchange_reason_known")
        ]

    def __str__(self):
        return f"{self.question_id} ({self.reason})"
