"""The desk of topics: their kinds, other names and specialties, and how two become one."""

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.translation import gettext_lazy as _

from qa.errors import InvalidTransition
from qa.forms.articles import MergeForm
from qa.models import Topic, TopicSynonym


class TopicSynonymInline(admin.TabularInline):
    model = TopicSynonym
    extra = 1


@admin.register(Topic)
class TopicAdmin(admin.ModelAdmin):
    change_form_template = "admin/articles/topic_change_form.html"
    list_display = ["name", "kind", "original_name", "filed_under", "other_names"]
    list_filter = ["kind", "specialties"]
    search_fields = ["name", "original_name", "synonyms__name"]
    fields = ["name", "slug", "kind", "original_name", "specialties"]
    filter_horizontal = ["specialties"]
    inlines = [TopicSynonymInline]

    def get_queryset(self, request):
        return super().get_queryset(request).prefetch_related("specialties", "synonyms")

    @admin.display(description=_("specialties"))
    def filed_under(self, topic):
        return ", ".join(specialty.name for specialty in topic.specialties.all())

    @admin.display(description=_("other names"))
    def other_names(self, topic):
        return ", ".join(synonym.name for synonym in topic.synonyms.all())

    def get_prepopulated_fields(self, request, obj=None):
        """The address of a topic stays when its name is mended."""
        return {} if obj else {"slug": ["name"]}

    def get_urls(self):
        merge = self.admin_site.admin_view(self.merge)
        return [path("<int:pk>/merge/", merge, name="qa_topic_merge"), *super().get_urls()]

    def merge(self, request, pk):
        """First which topic stays, then what moves to it; only a yes to that changes anything."""
        if not self.has_change_permission(request):
            raise PermissionDenied
        topic = get_object_or_404(Topic, pk=pk)
        form = MergeForm(request.POST if request.method == "POST" else None, topic=topic)
        other = form.cleaned_data["other"] if form.is_valid() else None
        if other and "confirmed" in request.POST and self._merged(request, topic, other):
            return redirect("admin:qa_topic_change", other.pk)
        context = {
            **self.admin_site.each_context(request),
            "title": _("Merge “%(topic)s” into another topic") % {"topic": topic},
            "trail": [
                (_("Topics"), reverse("admin:qa_topic_changelist")),
                (topic.name, reverse("admin:qa_topic_change", args=[pk])),
            ],
            "topic": topic,
            "other": other,
            "form": form,
            "moving": [
                (_("Questions"), topic.question_items.count()),
                (_("Articles"), topic.article_items.count()),
                (_("“Related FAQ” links"), topic.related_from.count()),
                (_("Other names"), topic.synonyms.count() + 1),
            ],
        }
        return TemplateResponse(request, "admin/articles/merge.html", context)

    def _merged(self, request, topic, other):
        name, pk = str(topic), topic.pk
        try:
            topic.merge_into(other)
        except InvalidTransition as refusal:
            self.message_user(request, str(refusal), messages.WARNING)
            return False
        said = _("“%(old)s” (%(pk)d) is merged into “%(new)s”.") % {"old": name, "pk": pk, "new": other}
        self.log_change(request, other, str(said))
        self.message_user(request, said, messages.SUCCESS)
        return True
