"""The desk of questions: what a user may see, and never an address or a secret key. Moderators decide on them."""

from django.contrib import admin
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from qa.admin.base import CappedPaginator, HiddenFieldsMixin, OwnRowsMixin, PublicPageMixin, ReadOnlyAdmin, moment_of
from qa.admin.moderate import PERMISSION, ModerationMixin, actor_name
from qa.models import Question, QuestionEvent

HIDDEN = {"contact_email", "secret_key", "patient"}
FOR_MODERATORS = {"medicines", "allergies"}
MOMENTS = {name: moment_of(Question, name) for name in ("asked_at", "answered_at", "changed_at")}


@admin.register(Question)
class QuestionAdmin(OwnRowsMixin, ModerationMixin, HiddenFieldsMixin, PublicPageMixin, ReadOnlyAdmin):
    list_display = ["heading", "specialty", "status", "is_urgent", MOMENTS["asked_at"], MOMENTS["answered_at"]]
    list_filter = ["status", "specialty", "is_urgent", "is_excerpt"]
    list_select_related = ["specialty"]
    search_fields = ["headline", "title", "body"]
    ordering = ["-pk"]
    show_full_result_count = False
    paginator = CappedPaginator
    readonly_fields = list(MOMENTS.values())
    fields = [
        MOMENTS.get(field.name, field.name)
        for field in Question._meta.fields
        if field.name not in HIDDEN and not field.auto_created
    ]

    def get_list_display(self, request):
        return ["heading", "decide", *self.list_display[1:]] if request.user.has_perm(PERMISSION) else self.list_display

    @admin.display(description=_("decisions"))
    def decide(self, question):
        return format_html(
            '<a href="{}">{}</a>', reverse("admin:qa_question_moderate", args=[question.pk]), _("Open to decide")
        )

    def get_fields(self, request, obj=None):
        return [name for name in self.fields if name not in self.get_hidden(request)]

    def get_hidden(self, request):
        return HIDDEN if request.user.has_perm(PERMISSION) else HIDDEN | FOR_MODERATORS

    def get_queryset(self, request):
        return super().get_queryset(request) & Question.objects.visible_to(request.user)


@admin.register(QuestionEvent)
class QuestionEventAdmin(ReadOnlyAdmin):
    list_display = ["created_at", "kind", "question", "who", "notified_at", "attempts"]
    list_filter = ["kind"]
    list_select_related = ["question", "actor"]
    fields = ["question", "kind", "who", "note", "created_at", "notified_at", "attempts"]
    date_hierarchy = "created_at"
    ordering = ["-created_at", "-pk"]
    show_full_result_count = False
    paginator = CappedPaginator

    @admin.display(description=_("by"))
    def who(self, event):
        """Not the actor itself: a patient's name there may be an e-mail address."""
        return actor_name(event)
