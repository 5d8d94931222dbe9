"""Replies at the desk: the list, templates, what a doctor does with published replies, and passing a question on."""

from django.contrib import admin, messages
from django.db.models import Count, Exists, OuterRef, Q
from django.shortcuts import get_object_or_404, redirect
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from qa import answering
from qa.admin import answer
from qa.admin.answer import for_doctors, question_at_desk
from qa.admin.base import DeskBox, OwnRowsMixin, ReadOnlyAdmin, giving_back, moment_of
from qa.errors import InvalidTransition
from qa.forms.answer import AskPatientForm, ReportForm, ReviewForm, TransferForm, WithdrawForm
from qa.models import Question, Reply, ReplyTemplate

MOMENTS = {name: moment_of(Reply, name) for name in ("created_at", "published_at")}


@admin.register(Reply)
class ReplyAdmin(OwnRowsMixin, ReadOnlyAdmin):
    """The list of replies, to look at; and the addresses of the doctors' desk."""

    list_display = ["question", "doctor", "specialty", "status", "next_step", MOMENTS["published_at"], "review_by"]
    list_filter = ["status", "specialty", "next_step"]
    list_select_related = ["question", "doctor", "specialty"]
    search_fields = ["body"]
    ordering = ["-created_at", "-pk"]
    readonly_fields = list(MOMENTS.values())
    fields = [MOMENTS.get(field.name, field.name) for field in Reply._meta.fields if field.name not in ("id", "key")]

    def get_queryset(self, request):
        """Doctors see their own at their desk; moderators what was published; others' drafts nobody."""
        replies = super().get_queryset(request)
        if request.user.has_perm("qa.moderate_question"):
            return replies & Reply.objects.sent()
        doctor = getattr(request.user, "doctor", None)
        if not doctor or not doctor.may_publish():
            return replies.none()
        return replies.filter(
            Exists(Question.objects.at_desk_of(doctor).filter(pk=OuterRef("question"))), doctor=doctor
        )

    def get_urls(self):
        def at(route, view):
            return path(f"desk/{route}", self.admin_site.admin_view(view), name=view.__name__)

        reply = "<int:pk>/replies/<int:reply>"
        own = [
            at("", answer.answer_queue),
            at("<int:pk>/", answer.answer_question),
            at("<int:pk>/open/", answer.answer_open),
            at("<int:pk>/autosave/", answer.answer_autosave),
            at("<int:pk>/leave/", answer.answer_leave),
            at("<int:pk>/ask/", answer_ask_patient),
            at("<int:pk>/transfer/", answer_transfer),
            at("<int:pk>/report/", answer_report),
            at("<int:pk>/drafts/<uuid:key>/versions/", answer.answer_versions),
            at("<int:pk>/drafts/<uuid:key>/discard/", answer.answer_discard),
            at("<int:pk>/follow-ups/<int:follow_up>/read/", answer_read),
            at(f"{reply}/review/", answer_review),
            at(f"{reply}/reaffirm/", answer_reaffirm),
            at(f"{reply}/supersede/", answer_supersede),
            at(f"{reply}/withdraw/", answer_withdraw),
        ]
        return giving_back(own + super().get_urls())

    def desk_box(self, request):
        doctor = getattr(request.user, "doctor", None)
        if doctor is None or not request.user.has_perm("qa.add_reply"):
            return None
        waiting = Question.objects.for_doctor(doctor)
        first = waiting.order_by("changed_at").first()
        again = Question.objects.written_again_to(doctor).aggregate(
            number=Count("pk"), urgent=Count("pk", filter=Q(is_urgent=True))
        )
        return DeskBox(
            title=_("Questions to answer"),
            link=reverse("admin:answer_queue"),
            waiting=waiting.count(),
            oldest=first and first.changed_at,
            urgent=waiting.filter(is_urgent=True).count() + again["urgent"],
            again=again["number"],
            mine=Question.objects.claimed_by(doctor).count(),
        )


@admin.register(ReplyTemplate)
class ReplyTemplateAdmin(OwnRowsMixin, admin.ModelAdmin):
    """A doctor's own templates; those of all doctors are written by administrators."""

    list_display = ["title", "whose"]
    list_select_related = ["doctor"]
    search_fields = ["title", "body"]

    @admin.display(description=gettext_lazy("Whose"))
    def whose(self, template):
        return template.doctor or _("all doctors")

    def get_urls(self):
        return giving_back(super().get_urls())

    def get_fields(self, request, obj=None):
        return ["doctor", "title", "body"] if request.user.is_superuser else ["title", "body"]

    def get_queryset(self, request):
        templates = super().get_queryset(request)
        if request.user.is_superuser:
            return templates
        return templates & ReplyTemplate.objects.usable_by(getattr(request.user, "doctor", None))

    def has_add_permission(self, request):
        return super().has_add_permission(request) and (request.user.is_superuser or hasattr(request.user, "doctor"))

    def has_change_permission(self, request, obj=None):
        return super().has_change_permission(request, obj) and self._is_own(request, obj)

    def has_delete_permission(self, request, obj=None):
        return super().has_delete_permission(request, obj) and self._is_own(request, obj)

    def _is_own(self, request, obj):
        if obj is None or request.user.is_superuser:
            return True
        return obj.doctor_id is not None and obj.doctor.user_id == request.user.pk

    def get_actions(self, request):
        return {}  # templates are few: one after the other

    def save_model(self, request, obj, form, change):
        if not request.user.is_superuser:
            obj.doctor = request.user.doctor
        super().save_model(request, obj, form, change)


def attempt(request, action, done):
    """Do it, and say so; or say why it cannot be done."""
    try:
        action()
    except InvalidTransition as refusal:
        messages.error(request, refusal)
        return False
    messages.success(request, done)
    return True


@for_doctors
@require_POST
def answer_ask_patient(request, doctor, pk):
    question = question_at_desk(doctor, pk)
    form = AskPatientForm(request.POST, auto_id="ask_%s")
    done = _("The patient is asked, and the question comes back when there is an answer.")
    if form.is_valid() and attempt(request, lambda: answering.ask_patient(question, doctor, **form.cleaned_data), done):
        return redirect("admin:answer_queue")
    return answer.as_kept(request, doctor, pk, ask_form=form)


@for_doctors
@require_POST
def answer_transfer(request, doctor, pk):
    question = question_at_desk(doctor, pk)
    form = TransferForm(request.POST, auto_id="transfer_%s")
    done = _("The question is with the doctors of %(specialty)s, and the patient is told.")
    if form.is_valid():
        said = form.cleaned_data
        if attempt(request, lambda: answering.transfer(question, doctor, **said), done % said):
            return redirect("admin:answer_queue")
    return answer.as_kept(request, doctor, pk, transfer_form=form)


@for_doctors
@require_POST
def answer_report(request, doctor, pk):
    question = question_at_desk(doctor, pk)
    form = ReportForm(request.POST, auto_id="report_%s")
    if not form.is_valid():
        return answer.as_kept(request, doctor, pk, report_form=form)
    answering.report(question, doctor, **form.cleaned_data)
    messages.success(request, _("The moderators are told. Your draft is kept, if you have one."))
    return redirect("admin:answer_question", pk)


def reply_at_desk(doctor, pk, reply, own):
    """A reply of the question, the doctor's own or a colleague's; 404 where it is not."""
    replies = question_at_desk(doctor, pk).replies.published().select_related("question", "doctor__user")
    replies = replies.filter(doctor=doctor) if own else replies.exclude(doctor=doctor)
    return get_object_or_404(replies, pk=reply)


@for_doctors
@require_POST
def answer_review(request, doctor, pk, reply):
    colleagues = reply_at_desk(doctor, pk, reply, own=False)
    form = ReviewForm(request.POST, auto_id=f"review_{reply}_%s")
    done = _("Your review is public.")
    if form.is_valid() and attempt(request, lambda: colleagues.review(doctor, **form.cleaned_data), done):
        return redirect(reverse("admin:answer_question", args=[pk]) + f"#reply-{reply}")
    return answer.as_kept(request, doctor, pk, reply_forms={reply: form})


@for_doctors
@require_POST
def answer_read(request, doctor, pk, follow_up):
    follow_up = get_object_or_404(question_at_desk(doctor, pk).follow_ups, pk=follow_up)
    done = _("Thank you. The patient sees that you have read it.")
    if attempt(request, lambda: follow_up.read(doctor), done):
        return redirect("admin:answer_queue")
    return redirect("admin:answer_question", pk)


@for_doctors
@require_POST
def answer_reaffirm(request, doctor, pk, reply):
    own = reply_at_desk(doctor, pk, reply, own=True)
    read = answer.shown_until(request)
    done = _("Re-affirmed: readers see that you have read it again.")
    attempt(request, lambda: answering.reaffirm(own, read), done)
    return redirect(reverse("admin:answer_question", args=[pk]) + f"#reply-{reply}")


@for_doctors
@require_POST
def answer_supersede(request, doctor, pk, reply):
    own = reply_at_desk(doctor, pk, reply, own=True)
    done = _("Write the new reply. The old one stays until you publish it.")
    attempt(request, lambda: answering.supersede(own), done)
    return redirect(reverse("admin:answer_question", args=[pk]) + "#reply-form")


@for_doctors
@require_POST
def answer_withdraw(request, doctor, pk, reply):
    own = reply_at_desk(doctor, pk, reply, own=True)
    form = WithdrawForm(request.POST, auto_id=f"withdraw_{reply}_%s")
    if form.is_valid():
        note = form.cleaned_data["note"]
        if attempt(request, lambda: own.withdraw(request.user, note, note), _("Your reply is withdrawn.")):
            return redirect("admin:answer_question", pk)
    return answer.as_kept(request, doctor, pk, reply_forms={reply: form})
