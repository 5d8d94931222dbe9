"""The desk of articles. Publishing and withdrawing are actions, which call the article's own methods."""

import datetime

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Count, Min, Q
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from qa.admin.base import DeskBox, PublicPageMixin, giving_back, moment_of
from qa.errors import InvalidTransition
from qa.forms.articles import REVIEW_FIELDS, ArticleForm
from qa.models import TEXT_FIELDS, UNDATED, Article
from qa.templatetags.text import contents

MOVES = {"_publish": Article.publish, "_withdraw": Article.withdraw}  # by the button of the form
PUBLISHED_AT = moment_of(Article, "published_at")
NOT_STORED = {"topics", "keeps_review", "opened"}


class ReviewFilter(admin.SimpleListFilter):
    """What published articles wait for a doctor's eyes."""

    title = _("review")
    parameter_name = "review"

    def lookups(self, request, model_admin):
        return [
            ("waiting", _("To be reviewed")),
            ("overdue", _("Overdue: to be reviewed again")),
            ("never", _("Never reviewed")),
        ]

    def queryset(self, request, queryset):
        words = {
            "waiting": Article.objects.awaiting_review,
            "overdue": Article.objects.overdue,
            "never": Article.objects.never_reviewed,
        }
        return queryset & words[self.value()]() if self.value() in words else queryset


@admin.register(Article)
class ArticleAdmin(PublicPageMixin, admin.ModelAdmin):
    form = ArticleForm
    change_form_template = "admin/articles/change_form.html"
    list_display = ["title", "status", "origin", "review", "author"]
    list_filter = [ReviewFilter, "status", "origin"]
    list_select_related = ["author", "reviewer"]
    search_fields = ["title"]
    raw_id_fields = ["question"]
    readonly_fields = ["author", "status", PUBLISHED_AT]
    fieldsets = [
        (None, {"fields": ["title", "slug", "body", "sources", "topics", "opened"]}),
        (
            _("Where it comes from"),
            {"fields": ["origin", "author", "status", PUBLISHED_AT]},
        ),
        (
            _("Review by a doctor"),
            {
                "fields": ["reviewer", "reviewed_on", "review_by", "keeps_review"],
                "description": _(
                    "Best is that the doctor opens this article and signs it. If you write down a review that you were "
                    "told of, your name is kept with it. Without a date for the next review it is two years later."
                ),
            },
        ),
        (_("Beside a question, as “More info”"), {"fields": ["question", "stance"]}),
    ]
    actions = ["publish", "withdraw"]

    @admin.display(description=_("review"), ordering="review_by")
    def review(self, article):
        if article.reviewer is None:
            return format_html("<strong>{}</strong>", _("not reviewed by a doctor"))
        if article.is_past_review:
            return format_html("<strong>{}</strong>", _("overdue since %(day)s") % {"day": _day(article.review_by)})
        return _("%(doctor)s, until %(day)s") % {"doctor": article.reviewer, "day": _day(article.review_by) or "–"}

    def desk_box(self, request):
        if not self.has_change_permission(request):
            return None
        overdue = Article.objects.overdue().aggregate(waiting=Count("pk"), oldest=Min("review_by"))
        dated = ~Q(published_at=UNDATED)
        never = Article.objects.never_reviewed().aggregate(
            waiting=Count("pk"), oldest=Min("published_at", filter=dated)
        )
        since = [moment for moment in (_start_of(overdue["oldest"]), never["oldest"]) if moment]
        link = reverse("admin:qa_article_changelist") + "?review=waiting"
        waiting = overdue["waiting"] + never["waiting"]
        return DeskBox(_("Articles that a doctor should review"), link, waiting, oldest=min(since, default=None))

    def get_readonly_fields(self, request, obj=None):
        """The address of what was public once stays."""
        return [*self.readonly_fields, "slug"] if obj and obj.published_at else self.readonly_fields

    def get_prepopulated_fields(self, request, obj=None):
        return {} if obj else {"slug": ["title"]}

    def get_urls(self):
        view = self.admin_site.admin_view
        own = [
            path("preview/", view(require_POST(self.preview)), name="qa_article_preview"),
            path("<int:pk>/review/", view(self.sign), name="qa_article_review"),
            path("<int:pk>/versions/", view(self.versions), name="qa_article_versions"),
        ]
        return giving_back(own + super().get_urls())

    def save_model(self, request, obj, form, change):
        if not change:
            obj.author = request.user
            super().save_model(request, obj, form, change)
            return
        if set(TEXT_FIELDS) & set(form.changed_data):
            obj.keep_text(request.user)
        fields = {name for name in form.changed_data if name not in NOT_STORED}
        obj.save(update_fields=fields | set(REVIEW_FIELDS))  # only what was edited: the status may have changed
        if form.review_ends:
            said = _("The text is changed: the article is “not reviewed by a doctor” until one has read it again.")
            self.message_user(request, said, messages.WARNING)

    def changeform_view(self, request, object_id=None, form_url="", extra_context=None):
        may_sign = self.reviewer_of(request) is not None
        return super().changeform_view(request, object_id, form_url, {"may_sign": may_sign, **(extra_context or {})})

    def response_add(self, request, obj, post_url_continue=None):
        return self._moved(request, obj) or super().response_add(request, obj, post_url_continue)

    def response_change(self, request, obj):
        return self._moved(request, obj) or super().response_change(request, obj)

    def _moved(self, request, article):
        """One of the buttons that save and then publish or withdraw was pressed: back to the article. Else None."""
        pressed = [name for name in MOVES if name in request.POST]
        if not pressed:
            return None
        self.change_each(request, [article], MOVES[pressed[0]])
        return redirect("admin:qa_article_change", article.pk)

    def reviewer_of(self, request):
        """The doctor who is signed in and may review articles; None for everybody else."""
        doctor = getattr(request.user, "doctor", None)
        return doctor if doctor and doctor.may_publish() and self.has_view_permission(request) else None

    def page(self, request, name, title, article=None, **context):
        trail = [(_("Articles"), reverse("admin:qa_article_changelist"))]
        if article:
            trail.append((article.title, reverse("admin:qa_article_change", args=[article.pk])))
        context |= {**self.admin_site.each_context(request), "title": title, "trail": trail, "article": article}
        return TemplateResponse(request, f"admin/articles/{name}.html", context)

    def preview(self, request):
        """What is in the form, as readers would see it; nothing is saved."""
        if not (self.has_change_permission(request) or self.has_add_permission(request)):
            raise PermissionDenied
        texts = {name: request.POST.get(name, "") for name in TEXT_FIELDS}
        return self.page(request, "preview", _("Preview"), shown=Article(**texts), contents=contents(texts["body"]))

    def sign(self, request, pk):
        """A doctor reads the article and signs it."""
        doctor = self.reviewer_of(request)
        if doctor is None:
            raise PermissionDenied
        article = get_object_or_404(Article, pk=pk)
        if request.method == "POST":
            try:
                article.review(doctor, request.POST.get("text", ""))
            except InvalidTransition as refusal:
                self.message_user(request, str(refusal), messages.WARNING)
            else:
                self.log_change(request, article, [{"changed": {"fields": list(REVIEW_FIELDS)}}])
                self.message_user(request, _("You have signed the article. Thank you."), messages.SUCCESS)
                return redirect("admin:qa_article_change", pk)
        return self.page(request, "review", _("Review the article"), article, shown=article, doctor=doctor)

    def versions(self, request, pk):
        """The texts that readers saw before."""
        if not self.has_change_permission(request):
            raise PermissionDenied
        article = get_object_or_404(Article, pk=pk)
        revisions = article.revisions.select_related("editor", "reviewer")
        return self.page(request, "versions", _("Earlier texts"), article, revisions=revisions)

    @admin.action(description=_("Publish the chosen articles"), permissions=["change"])
    def publish(self, request, queryset):
        self.change_each(request, queryset, Article.publish)

    @admin.action(description=_("Take the chosen articles off the portal"), permissions=["change"])
    def withdraw(self, request, queryset):
        self.change_each(request, queryset, Article.withdraw)

    def change_each(self, request, queryset, transition):
        """Do the transition to each article, note it in the admin's log, and say which ones refused."""
        done = 0
        for article in queryset:
            try:
                with transaction.atomic():
                    transition(article)
            except InvalidTransition as refusal:
                self.message_user(request, f"{article}: {refusal}", messages.WARNING)
            else:
                self.log_change(request, article, [{"changed": {"fields": ["status"]}}])
                done += 1
        if done:
            said = ngettext("%(number)d article changed.", "%(number)d articles changed.", done) % {"number": done}
            self.message_user(request, said, messages.SUCCESS)


def _start_of(day):
    return day and timezone.make_aware(datetime.datetime.combine(day, datetime.time.min))


def _day(day):
    return day and date_format(day, "j F Y")
