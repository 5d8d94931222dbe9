"""Topics: the curated vocabulary on questions and articles. taggit's machinery, with real foreign keys."""

from django.db import models, transaction
from django.utils.translation import gettext_lazy as _
from taggit.models import ItemBase, TagBase

from accounts.addresses import address
from accounts.constraints import is_one_of
from accounts.models import NaturalSlugManager, Specialty
from qa.errors import InvalidTransition
from qa.models.children import together


class TopicKind(models.TextChoices):
    CONDITION = "condition", _("Condition")
    SYMPTOM = "symptom", _("Symptom")
    BODY_PART = "body_part", _("Body part")
    PROCEDURE = "procedure", _("Procedure")
    MEDICINE = "medicine", _("Medicine")
    SIDE_EFFECT = "side_effect", _("Side effect")


class TopicQuerySet(models.QuerySet):
    """The words for "which topics"."""

    def in_specialty(self, specialty):
        return self.filter(specialties=specialty)

    def with_synonyms(self):
        """With `synonym_list`, dictionaries in no order."""
        synonyms = TopicSynonym.objects.filter(topic=models.OuterRef("pk"))
        return self.annotate(synonym_list=together(synonyms, "topic", name="name"))


class Topic(TagBase):
    """One term of the vocabulary. With each of its specialties it has a page of its own."""

    kind = models.CharField(_("kind"), max_length=15, choices=TopicKind, blank=True)
    original_name = models.CharField(_("name in the original language"), max_length=100, blank=True)
    specialties = models.ManyToManyField(Specialty, verbose_name=_("specialties"), blank=True, related_name="topics")

    objects = NaturalSlugManager.from_queryset(TopicQuerySet)()

    class Meta:
        verbose_name = _("topic")
        verbose_name_plural = _("topics")
        ordering = ["name", "pk"]
        constraints = [
            models.CheckConstraint(condition=is_one_of("kind", TopicKind, blank=True), name="topic_kind_known")
        ]

    def get_absolute_url(self):
        return address("topic_detail", self.slug)

    def natural_key(self):
        return (self.slug,)

    @transaction.atomic
    def merge_into(self, other):
        """Make one of two topics: what hangs on this one moves to `other`, and its address leads there."""
        locked = Topic.objects.select_for_update().filter(pk__in=[self.pk, other.pk]).order_by("pk")
        if len(locked) < 2:  # two editors who merge at once, or the same topic twice
            raise InvalidTransition(_("A topic can only be merged into another one that is still there."))
        for items in ("question_items", "article_items"):
            known = getattr(other, items).values("content_object")
            getattr(self, items).exclude(content_object__in=known).update(tag=other)
        linked = other.related_from.filter(question=models.OuterRef("question"), specialty=models.OuterRef("specialty"))
        self.related_from.filter(~models.Exists(linked)).update(topic=other)
        other.specialties.add(*self.specialties.all())
        self._move_names(other)
        self.redirects.update(topic=other)
        slug = self.slug
        self.delete()  # with it goes what `other` had already
        TopicRedirect.objects.update_or_create(slug=slug, defaults={"topic": other})

    def _move_names(self, other):
        """Whoever searches for any name of this topic finds `other`."""
        if not other.original_name:
            other.original_name = self.original_name
        other.kind = other.kind or self.kind
        other.save(update_fields=["original_name", "kind"])
        known = {name.casefold() for name in [other.name, other.original_name, *_names_of(other.synonyms)]}
        for name in [self.name, self.original_name, *_names_of(self.synonyms)]:
            if name and name.casefold() not in known:
                other.synonyms.create(name=name)
                known.add(name.casefold())


def _names_of(synonyms):
    return synonyms.values_list("name", flat=True)


class TopicRedirect(models.Model):
    """The address of a topic that was merged into another one."""

    slug = models.SlugField(_("slug"), max_length=100, unique=True, allow_unicode=True)
    topic = models.ForeignKey(Topic, on_delete=models.CASCADE, related_name="redirects")

    class Meta:
        verbose_name = _("old address of a topic")
        verbose_name_plural = _("old addresses of topics")

    def __str__(self):
        return f"{self.slug} → {self.topic}"


class TopicSynonym(models.Model):
    """Another word for a topic; searching for it finds the topic."""

    topic = models.ForeignKey(Topic, on_delete=models.CASCADE, related_name="synonyms")
    name = models.CharField(_("name"), max_length=100)

    class SynonymManager(models.Manager):
        def get_by_natural_key(self, slug, name):
            return self.get(topic__slug=slug, name=name)

    objects = SynonymManager()

    class Meta:
        verbose_name = _("synonym")
        verbose_name_plural = _("synonyms")
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["topic", "name"], name="topicsynonym_unique")]

    def __str__(self):
        return self.name

    def natural_key(self):
        return (self.topic.slug, self.name)

    natural_key.dependencies = ["qa.topic"]


class QuestionTopicManager(models.Manager):
    def get_by_natural_key(self, source, source_id, slug):
        return self.get(content_object__source=source, content_object__source_id=source_id, tag__slug=slug)


class QuestionTopic(ItemBase):
    """That a question is about a topic."""

    tag = models.ForeignKey(
        Topic, verbose_name=_("topic"), on_delete=models.CASCADE, related_name="question_items", db_index=False
    )
    content_object = models.ForeignKey(
        "qa.Question", on_delete=models.CASCADE, related_name="topic_items", db_index=False
    )
    # By triggers, while anybody may read the question: qa/public_changes.py
    listed_at = models.DateTimeField(_("listed at"), null=True, editable=False)
    listed_in = models.BigIntegerField(_("listed in the specialty"), null=True, editable=False)

    objects = QuestionTopicManager()

    class Meta:
        verbose_name = _("topic of a question")
        verbose_name_plural = _("topics of questions")
        indexes = [
            models.Index(fields=["tag", "-listed_at", "-content_object"], name="questiontopic_latest"),
            models.Index(
                fields=["listed_in", "tag", "-listed_at", "-content_object"], name="questiontopic_in_specialty"
            ),
        ]
        constraints = [models.UniqueConstraint(fields=["content_object", "tag"], name="questiontopic_unique")]

    def natural_key(self):
        return (*self.content_object.natural_key(), self.tag.slug)

    natural_key.dependencies = ["qa.question", "qa.topic"]


class ArticleTopicManager(models.Manager):
    def get_by_natural_key(self, article, slug):
        return self.get(content_object__slug=article, tag__slug=slug)


class ArticleTopic(ItemBase):
    """That an article is about a topic."""

    tag = models.ForeignKey(Topic, verbose_name=_("topic"), on_delete=models.CASCADE, related_name="article_items")
    content_object = models.ForeignKey("qa.Article", on_delete=models.CASCADE, related_name="topic_items")

    objects = ArticleTopicManager()

    class Meta:
        verbose_name = _("topic of an article")
        verbose_name_plural = _("topics of articles")
        constraints = [models.UniqueConstraint(fields=["tag", "content_object"], name="articletopic_unique")]

    def natural_key(self):
        return (self.content_object.slug, self.tag.slug)

    natural_key.dependencies = ["qa.article", "qa.topic"]
