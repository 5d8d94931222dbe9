"""What was imported, to look at. The document itself is not shown."""

from django.contrib import admin

from qa.admin.base import ReadOnlyAdmin
from qa.models import ImportRecord


@admin.register(ImportRecord)
class ImportRecordAdmin(ReadOnlyAdmin):
    list_display = ["name", "source", "source_id", "imported_at"]
    list_filter = ["source"]
    search_fields = ["name", "source_id"]
    fields = ["name", "source", "source_id", "imported_at", "question", "article", "anomalies"]
