"""Articles: long health texts, of their own or as "More info" of one question."""

import datetime
import hashlib

from django.conf import settings
from django.db import models, transaction
from django.db.models import Q
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from taggit.managers import TaggableManager

from accounts.addresses import address
from accounts.constraints import both_or_neither, is_one_of
from accounts.models import Doctor
from qa.errors import InvalidTransition
from qa.models.question import Question
from qa.models.question_words import QuestionStatus
from qa.models.taxonomy import ArticleTopic

REVIEW_AFTER = datetime.timedelta(days=2 * 365)
TEXT_FIELDS = ("title", "body", "sources")


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
            Q(question__isnull=True) | Q(question__status=QuestionStatus.ANSWERED),
            status=ArticleStatus.PUBLISHED,
        )

    def overdue(self):
        """Published, reviewed once, and to be reviewed again since."""
        return self.filter(status=ArticleStatus.PUBLISHED, review_by__lt=timezone.localdate())

    def never_reviewed(self):
        """Published, and read by no doctor yet."""
        return self.filter(status=ArticleStatus.PUBLISHED, reviewer__isnull=True)

    def awaiting_review(self):
        """What a doctor should read, for the first time or again."""
        return self.overdue() | self.never_reviewed()

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
        return address("article_detail", self.slug)

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

    def set_review(self, doctor, on=None, review_by=None):
        """Note, without saving, that a doctor has read the article: on which day, and until when that holds.

        Raises InvalidTransition where it cannot be so.
        """
        today = timezone.localdate()
        on = on or today
        if not doctor.is_verified:
            raise InvalidTransition(_("Only a doctor whose licence is in force can review an article."))
        if self.author_id is not None and doctor.user_id == self.author_id:
            raise InvalidTransition(_("An article is reviewed by another doctor than the one who wrote it."))
        if on > today:
            raise InvalidTransition(_("The day of the review cannot lie in the future."))
        review_by = review_by or on + REVIEW_AFTER
        if review_by <= on:
            raise InvalidTransition(_("The next review comes after this one."))
        self.reviewer, self.reviewed_on, self.review_by = doctor, on, review_by

    @transaction.atomic
    def review(self, doctor, text):
        """A doctor signs the article, as read: `text` is what `fingerprint` was then. Raises InvalidTransition."""
        current = Article.objects.select_for_update(of=("self",)).get(pk=self.pk)
        if current.fingerprint != text:
            raise InvalidTransition(_("The article has been changed since you opened it. Please read it once more."))
        current.set_review(doctor)
        current.save(update_fields=["reviewer", "reviewed_on", "review_by"])
        self.refresh_from_db(fields=["reviewer", "reviewed_on", "review_by"])

    @property
    def fingerprint(self):
        """What is another one as soon as a word of the article is."""
        words = "\x00".join(getattr(self, name) for name in TEXT_FIELDS)
        return hashlib.sha256(words.encode()).hexdigest()[:16]

    @transaction.atomic
    def keep_text(self, by):
        """Keep what readers see now as a revision, before it is changed; a draft has had no readers."""
        current = Article.objects.select_for_update(of=("self",)).get(pk=self.pk)
        if current.status == ArticleStatus.PUBLISHED:
            texts = {name: getattr(current, name) for name in TEXT_FIELDS}
            current.revisions.create(**texts, reviewer=current.reviewer, editor=by)

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
        """Show the article to everybody, under the day on which they could first read it."""
        self._change_status(ArticleStatus.PUBLISHED, published_at=Coalesce("published_at", timezone.now()))

    @transaction.atomic
    def withdraw(self):
        """Take the article off the portal; it is a draft again."""
        self._change_status(ArticleStatus.DRAFT)


class ArticleRevision(models.Model):
    """An article's text as readers saw it before an editor changed it. Editors read it."""

    article = models.ForeignKey(Article, on_delete=models.CASCADE, related_name="revisions")
    title = models.CharField(_("title"), max_length=200)
    body = models.TextField(_("text"))
    sources = models.TextField(_("sources"), blank=True)
    reviewer = models.ForeignKey(Doctor, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    editor = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(_("changed at"), default=timezone.now)

    class Meta:
        verbose_name = _("earlier text of an article")
        verbose_name_plural = _("earlier texts of articles")
        ordering = ["-created_at", "-pk"]

    def __str__(self):
        return f"{self.title} ({self.created_at:%Y-%m-%d %H:%M})"
