"""The desk of flags: what visitors report. Deciding on them comes with the moderators' desk."""

from django.contrib import admin

from qa.models import Flag


@admin.register(Flag)
class FlagAdmin(admin.ModelAdmin):
    list_display = ["created_at", "reason", "question", "reply", "article", "assignee", "decision"]
    list_filter = ["reason", "decision"]
    list_select_related = ["question", "reply__doctor", "article", "assignee"]
    readonly_fields = ["question", "reply", "article", "reason", "note", "created_at"]
    raw_id_fields = ["assignee", "decided_by"]

    def has_add_permission(self, request):
        return False

    def has_delete_permission(self, request, obj=None):
        return False
