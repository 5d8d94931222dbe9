"""The moderators' desk: the queue of pending questions, and one page for each question to decide on."""

from urllib.parse import urlencode

from django.contrib import messages
from django.db.models import Count, Min, Prefetch, Q
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from qa import moderating
from qa.admin.base import DeskBox, giving_back, key_of
from qa.admin.transitions import CONFLICT, TransitionsMixin
from qa.errors import InvalidTransition
from qa.forms.moderate import DECISIONS, QueueForm, RejectForm, decisions_on
from qa.models import EventKind, FlagReason, Photo, Question, QuestionEvent, RejectReason, Reply
from qa.notifications import NEWS
from qa.related import find_similar

PAGE_SIZE = 50
PERMISSION = "qa.moderate_question"
OTHERS_SHOWN = 10
URGENT_SHOWN = 5


def actor_name(event):
    """Who did it. Of patients, nobody is told more than that."""
    if event.actor is None:
        return _("the patient or the portal")
    return str(event.actor) if event.actor.is_staff else _("the patient")


def finding_kinds(events):
    """The kinds of findings that the patient passed, in words, each once."""
    kinds = dict.fromkeys(event.note.partition(":")[0] for event in events if event.kind == EventKind.ADVICE_PASSED)
    return [moderating.KINDS.get(kind, kind) for kind in kinds]


class ModerationMixin(TransitionsMixin):
    """The pages of the desk, for the admin of questions."""

    def desk_box(self, request):
        if not request.user.has_perm(PERMISSION):
            return None
        pending = Question.objects.pending().order_by()
        numbers = pending.aggregate(
            waiting=Count("pk"), oldest=Min("asked_at"), urgent=Count("pk", filter=Q(is_urgent=True))
        )
        raised = Question.objects.escalated().order_by()[:URGENT_SHOWN].count()
        alarm = ngettext("%(number)d raised with all moderators", "%(number)d raised with all moderators", raised)
        said = alarm % {"number": raised} if raised else ""
        return DeskBox(_("Questions to decide on"), reverse("admin:qa_question_queue"), **numbers, alarm=said)

    def get_urls(self):
        pages = [
            path("queue/", self.page(self.queue_view), name="qa_question_queue"),
            path("queue/spam/", self.page(self.spam_view), name="qa_question_spam"),
            path("<int:pk>/moderate/", self.page(self.moderate_view), name="qa_question_moderate"),
            path("<int:pk>/replies/<int:reply>/", self.page(self.take_up_view), name="qa_question_take_up"),
            path("<int:pk>/photo/", self.page(self.photo_view), name="qa_question_photo"),
        ]
        return giving_back(pages + super().get_urls())

    def page(self, view):
        """The view for those who may decide on questions."""

        def permitted(request, *args, **kwargs):
            self.require(request, PERMISSION)
            return view(request, *args, **kwargs)

        return self.admin_site.admin_view(permitted)

    def render(self, request, name, context, status=200):
        context = {**self.admin_site.each_context(request), "media": "", **context}
        return TemplateResponse(request, f"admin/moderate/{name}.html", context, status=status)

    # The queue

    def queue_view(self, request):
        return require_safe(self._queue)(request)

    def _queue(self, request):
        form = QueueForm(request.GET)
        rows = form.rows()
        last = Question.objects.filter(pk=key_of(request.GET.get("after", ""))).first()
        page = rows.behind(last) if last else rows
        passed = QuestionEvent.objects.filter(kind=EventKind.ADVICE_PASSED)
        page = page.select_related("specialty").prefetch_related(Prefetch("events", passed), "photos")
        found = list(page[: PAGE_SIZE + 1])
        for question in found:
            question.finding_kinds = finding_kinds(question.events.all())
        query = form.query()
        more = urlencode({**query, "after": found[PAGE_SIZE - 1].pk}) if len(found) > PAGE_SIZE else ""
        context = {
            "title": _("Questions to decide on"),
            "form": form,
            "number": rows.order_by().count(),
            "questions": found[:PAGE_SIZE],
            "query": urlencode(query),
            "more": more,
            "is_first": last is None,
            "escalated": Question.objects.escalated().select_related("specialty")[:URGENT_SHOWN],
        }
        return self.render(request, "queue", context)

    def spam_view(self, request):
        return require_POST(self._spam)(request)

    def _spam(self, request):
        """Reject the chosen questions as advertising, once the moderator has confirmed."""
        chosen = [key_of(pk) for pk in request.POST.getlist("question")][:PAGE_SIZE]
        questions = list(Question.objects.pending().filter(pk__in=chosen))
        if not questions:
            self.message_user(request, _("Choose the questions that are advertising first."), messages.WARNING)
        elif "confirmed" not in request.POST:
            trail = [(_("Questions to decide on"), reverse("admin:qa_question_queue"))]
            context = {"title": _("Reject as advertising?"), "questions": questions, "trail": trail}
            return self.render(request, "spam", context)
        else:
            done, refused = moderating.reject_spam(questions, request.user)
            for sentence in refused:
                self.message_user(request, sentence, messages.WARNING)
            said = ngettext("%(number)d question is rejected.", "%(number)d questions are rejected.", done)
            self.message_user(request, said % {"number": done}, messages.SUCCESS)
        return redirect("admin:qa_question_queue")

    # One question

    def moderate_view(self, request, pk):
        return require_http_methods(["GET", "HEAD", "POST"])(self._moderate)(request, pk)

    def _moderate(self, request, pk):
        question = get_object_or_404(Question.objects.select_related("specialty", "patient"), pk=pk)
        queue = QueueForm(request.GET)
        bound = None
        if request.method == "POST":
            bound = self._bound_form(request, question)
            done = bound and bound.done % {"pk": question.pk}
            if bound and "mend" in request.POST and hasattr(bound, "mend"):
                bound.mend(request.POST["mend"])
            elif bound and bound.is_valid() and "preview" not in request.POST:
                if self.attempt(request, lambda: bound.decide(request.user), bound, done):
                    return self._go_on(question, queue)
                return self._show(request, question, queue, bound, status=CONFLICT)
        return self._show(request, question, queue, bound)

    def _bound_form(self, request, question):
        """The decision that was sent, with what was typed, whatever the question has become meanwhile."""
        wanted = [form for form in DECISIONS if form.name == request.POST.get("decision")]
        return wanted[0](request.POST, question=question) if wanted else None

    def _go_on(self, question, queue):
        """The next question opens by itself; the queue where no other waits."""
        following = moderating.next_in(queue.rows(), question)
        name, args = ("moderate", [following.pk]) if following else ("queue", [])
        query = urlencode(queue.query())
        return redirect(reverse(f"admin:qa_question_{name}", args=args) + (f"?{query}" if query else ""))

    def _show(self, request, question, queue, bound=None, status=200):
        forms = [form(question=question) for form in decisions_on(question)]
        if bound:
            forms = [bound, *(form for form in forms if form.name != bound.name)]
        opened = bound or next((form for form in forms if form.name == "accept"), None)
        waiting = (Question.objects.escalated(), Question.objects.pending().urgent())
        urgent = dict.fromkeys(other for found in waiting for other in found.exclude(pk=question.pk)[:URGENT_SHOWN])
        context = {
            "title": question.heading,
            "trail": [(_("Questions to decide on"), reverse("admin:qa_question_queue"))],
            "question": question,
            "query": urlencode(queue.query()),
            "following": moderating.next_in(queue.rows(), question),
            "urgent": list(urgent)[:URGENT_SHOWN],
            "forms": forms,
            "opened": opened,
            "rejection": rejection(bound if isinstance(bound, RejectForm) else None),
            **background(question),
        }
        return self.render(request, "question", context, status)

    def photo_view(self, request, pk):
        return require_POST(self._photo)(request, pk)

    def _photo(self, request, pk):
        """Let everybody see a photo, or doctors only again."""
        photo = get_object_or_404(Photo, question=pk, pk=key_of(request.POST.get("photo", "")))
        change = photo.show if request.POST.get("audience") == "public" else photo.hide
        self.attempt(request, lambda: change(request.user), done=_("The photo is changed."))
        query = urlencode(QueueForm(request.GET).query())
        return redirect(reverse("admin:qa_question_moderate", args=[pk]) + (f"?{query}" if query else ""))

    def take_up_view(self, request, pk, reply):
        return require_POST(self._take_up)(request, pk, reply)

    def _take_up(self, request, pk, reply):
        """Decide on a published reply as on a report: its page opens at once."""
        self.require(request, "qa.change_flag")
        reply = get_object_or_404(Reply, question=pk, pk=reply)
        try:
            flag = moderating.take_up(reply, request.user, request.POST.get("reason", ""))
        except InvalidTransition as refusal:
            self.message_user(request, str(refusal), messages.WARNING)
            return redirect("admin:qa_question_moderate", pk)
        return redirect("admin:qa_flag_change", flag.pk)


def rejection(form):
    """What the patient will read of a rejection: the e-mail, and the private page as far as it is typed."""
    chosen = form["reject_reason"].value() if form else ""
    return {
        "email": NEWS[EventKind.REJECTED],
        "reason": dict(RejectReason.choices).get(chosen, ""),
        "note": (form["note"].value() or "") if form else "",
    }


def background(question):
    """What a moderator wants to know before deciding."""
    events = list(question.events.select_related("actor"))
    for event in events:
        event.who = actor_name(event)
    similar = find_similar(f"{question.title}\n{question.body}", limit=5)
    return {
        "texts": moderating.check(question),
        "photos": question.photos.all(),
        "similar": [other for other in similar if other != question][:4],
        "others": Question.objects.by_same_patient(question).select_related("specialty")[:OTHERS_SHOWN],
        "seen": question.seen_questions.select_related("seen"),
        "follow_ups": question.follow_ups.all(),
        "replies": question.replies.published().select_related("doctor"),
        "flag_reasons": FlagReason.choices,
        "events": events,
        "past_changes": moderating.past_changes(question),
        "is_escalated": Question.objects.escalated().filter(pk=question.pk).exists(),
    }
