"""Articles: long health texts, of their own or as "More info" of one question."""

from django.conf import settings
from django.db import models, transaction
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from taggit.managers import TaggableManager

from accounts.constraints import both_or_neither, is_one_of
from accounts.models import Doctor
from qa.errors import InvalidTransition
from qa.models.question import Question
from qa.models.taxonomy import ArticleTopic


class ArticleStatus(models.TextChoices):
    DRAFT = "draft", _("draft")
    PUBLISHED = "published", _("published")


class ArticleOrigin(models.TextChoices):
    DOCTOR = "doctor", _("Written by a doctor")
    EDITOR = "editor", _("Written by the editors")
    MACHINE = "machine", _("Written by a machine")
    IMPORTED = "imported", _("Imported article")


class Stance(models.TextChoices):
    """How an article stands to the reply it is shown beside."""

    AGREES = "agrees", _("agrees with the doctor's reply")
    EXTENDS = "extends", _("goes further than the doctor's reply")
    DISAGREES = "disagrees", _("does not agree with the doctor's reply")


class ArticleQuerySet(models.QuerySet):
    """The words for "which articles"."""

    def public(self):
        """What anyone may read: published, and on its own or beside a question that anyone may read."""
        return self.filter(
            Q(question__isnull=True) | Q(question__in=Question.objects.public()),
            status=ArticleStatus.PUBLISHED,
        )

    def of_their_own(self):
        """Without the "More info" of questions."""
        return self.filter(question__isnull=True)

    def for_rows(self):
        """All that partials/article_row.html shows, in one query."""
        return self.select_related("question", "reviewer", "author")

    def about(self, topic):
        return self.filter(topic_items__tag=topic)


class ArticleManager(models.Manager.from_queryset(ArticleQuerySet)):
    def get_by_natural_key(self, slug):
        return self.get(slug=slug)


class Article(models.Model):
    """A long health text in Markdown. It says where it comes from and whether a doctor has reviewed it."""

    TRANSITIONS = {
        ArticleStatus.DRAFT: {ArticleStatus.PUBLISHED},
        ArticleStatus.PUBLISHED: {ArticleStatus.DRAFT},
    }

    title = models.CharField(_("title"), max_length=200)
    slug = models.SlugField(_("slug"), max_length=200, unique=True)
    body = models.TextField(_("text"), help_text=_("Markdown."))
    sources = models.TextField(_("sources"), blank=True, help_text=_("Markdown, one source a line."))
    origin = models.CharField(_("origin"), max_length=10, choices=ArticleOrigin, default=ArticleOrigin.EDITOR)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("author"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    reviewer = models.ForeignKey(
        Doctor,
        verbose_name=_("reviewed by"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="reviewed_articles",
    )
    reviewed_on = models.DateField(_("reviewed on"), null=True, blank=True)
    review_by = models.DateField(_("to be reviewed by"), null=True, blank=True)
    question = models.OneToOneField(
        Question,
        verbose_name=_("more info of question"),
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="article",
    )
    stance = models.CharField(_("stance to the reply"), max_length=10, choices=Stance, blank=True)
    status = models.CharField(
        _("status"), max_length=10, choices=ArticleStatus, default=ArticleStatus.DRAFT, editable=False
    )
    published_at = models.DateTimeField(_("published at"), null=True, blank=True, editable=False)
    topics = TaggableManager(verbose_name=_("topics"), through=ArticleTopic, blank=True)

    objects = ArticleManager()

    class Meta:
        verbose_name = _("article")
        verbose_name_plural = _("articles")
        indexes = [models.Index(fields=["status", "-published_at", "-id"], name="article_latest")]
        constraints = [
            models.CheckConstraint(condition=is_one_of("status", ArticleStatus), name="article_status_known"),
            models.CheckConstraint(condition=is_one_of("origin", ArticleOrigin), name="article_origin_known"),
            models.CheckConstraint(condition=is_one_of("stance", Stance, blank=True), name="article_stance_known"),
            models.CheckConstraint(
                condition=Q(stance="") | Q(question__isnull=False), name="article_stance_has_question"
            ),
            models.CheckConstraint(
                condition=~Q(status=ArticleStatus.PUBLISHED) | Q(published_at__isnull=False),
                name="article_published_has_date",
            ),
            models.CheckConstraint(
                condition=both_or_neither("reviewer", "reviewed_on"), name="article_review_is_a_pair"
            ),
        ]

    def __str__(self):
        return self.title

    def get_absolute_url(self):
        return reverse("article_detail", args=[self.slug])

    def natural_key(self):
        return (self.slug,)

    natural_key.dependencies = ["qa.question", "accounts.doctor", "accounts.user"]

    @property
    def is_public(self):
        on_its_own = self.question_id is None or self.question.is_public
        return self.status == ArticleStatus.PUBLISHED and on_its_own

    @property
    def is_past_review(self):
        return self.review_by is not None and self.review_by < timezone.localdate()

    def _change_status(self, new, **fields):
        changed = new in self.TRANSITIONS[self.status] and (
            Article.objects.filter(pk=self.pk, status=self.status).update(status=new, **fields)
        )
        if not changed:
            self.refresh_from_db(fields=["status"])
            raise InvalidTransition(
                _("An article that is %(old)s cannot become %(new)s.")
                % {"old": self.get_status_display(), "new": new.label}
            )
        self.refresh_from_db(fields=["status", *fields])

    @transaction.atomic
    def publish(self):
        self._change_status(ArticleStatus.PUBLISHED, published_at=timezone.now())

    @transaction.atomic
    def withdraw(self):
        """Take the article off the portal; it is a draft again."""
        self._change_status(ArticleStatus.DRAFT)
