"""The desk of questions, to look at: what a user may see, and never an address or a secret key."""

from django.contrib import admin

from qa.admin.base import PublicPageMixin, ReadOnlyAdmin
from qa.models import Question, QuestionEvent

HIDDEN = {"contact_email", "secret_key", "patient"}
FOR_MODERATORS = {"medicines", "allergies"}


@admin.register(Question)
class QuestionAdmin(PublicPageMixin, ReadOnlyAdmin):
    list_display = ["heading", "specialty", "status", "is_urgent", "asked_at", "answered_at"]
    list_filter = ["status", "specialty", "is_urgent", "is_excerpt"]
    list_select_related = ["specialty"]
    search_fields = ["headline", "title", "body"]
    ordering = ["-is_urgent", "-asked_at"]
    fields = [field.name for field in Question._meta.fields if field.name not in HIDDEN and not field.auto_created]

    def get_fields(self, request, obj=None):
        if request.user.has_perm("qa.moderate_question"):
            return self.fields
        return [name for name in self.fields if name not in FOR_MODERATORS]

    def get_queryset(self, request):
        return super().get_queryset(request) & Question.objects.visible_to(request.user)


@admin.register(QuestionEvent)
class QuestionEventAdmin(ReadOnlyAdmin):
    list_display = ["created_at", "kind", "question", "actor", "notified_at", "attempts"]
    list_filter = ["kind"]
    list_select_related = ["question", "actor"]
    date_hierarchy = "created_at"
    ordering = ["-created_at", "-pk"]
