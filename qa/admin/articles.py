"""The desk of articles. Publishing and withdrawing are actions, which call the article's own methods."""

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.widgets import FilteredSelectMultiple, RelatedFieldWidgetWrapper
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from qa.admin.base import PublicPageMixin
from qa.errors import InvalidTransition
from qa.models import Article, Topic


class ArticleForm(forms.ModelForm):
    """Chooses topics from the vocabulary; taggit's own field would make new ones of what is typed."""

    topics = forms.ModelMultipleChoiceField(
        label=_("Topics"),
        queryset=Topic.objects.all(),
        required=False,
        widget=RelatedFieldWidgetWrapper(
            FilteredSelectMultiple(_("topics"), is_stacked=False),
            Article._meta.get_field("topics").remote_field,
            admin.site,
            can_add_related=False,
        ),
    )


@admin.register(Article)
class ArticleAdmin(PublicPageMixin, admin.ModelAdmin):
    form = ArticleForm
    list_display = ["title", "status", "origin", "author", "reviewer", "reviewed_on", "review_by"]
    list_filter = ["status", "origin"]
    list_select_related = ["author", "reviewer"]
    search_fields = ["title"]
    prepopulated_fields = {"slug": ["title"]}
    raw_id_fields = ["reviewer", "question"]
    readonly_fields = ["author", "status", "published_at"]
    fields = [
        "title",
        "slug",
        "body",
        "sources",
        "topics",
        "origin",
        "author",
        "reviewer",
        "reviewed_on",
        "review_by",
        "question",
        "stance",
        "status",
        "published_at",
    ]
    actions = ["publish", "withdraw"]

    def save_model(self, request, obj, form, change):
        if change:  # only what was edited: the status may have changed meanwhile
            obj.save(update_fields=[name for name in form.changed_data if name != "topics"])
        else:
            obj.author = request.user
            super().save_model(request, obj, form, change)

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
                transition(article)
            except InvalidTransition as refusal:
                self.message_user(request, f"{article}: {refusal}", messages.WARNING)
            else:
                self.log_change(request, article, [{"changed": {"fields": ["status"]}}])
                done += 1
        if done:
            said = ngettext("%(number)d article changed.", "%(number)d articles changed.", done) % {"number": done}
            self.message_user(request, said, messages.SUCCESS)
