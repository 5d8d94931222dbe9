"""The desk of topics."""

from django.contrib import admin

from qa.models import Topic, TopicSynonym


class TopicSynonymInline(admin.TabularInline):
    model = TopicSynonym
    extra = 1


@admin.register(Topic)
class TopicAdmin(admin.ModelAdmin):
    list_display = ["name", "kind", "original_name"]
    list_filter = ["kind", "specialties"]
    search_fields = ["name", "original_name", "synonyms__name"]
    prepopulated_fields = {"slug": ["name"]}
    filter_horizontal = ["specialties"]
    inlines = [TopicSynonymInline]
