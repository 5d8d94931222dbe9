"""The private page of a question: for who has its secret link, and nobody else."""

from django.shortcuts import get_object_or_404, render
from django.utils.cache import patch_cache_control
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from qa.models import EventKind, Question, QuestionStatus
from qa.notifications import NEWS

STATES = {
    QuestionStatus.PENDING: _("Your question has reached us. A moderator reads it before doctors see it."),
    QuestionStatus.OPEN: _("Your question is with the doctors and waits for a reply."),
    QuestionStatus.NEEDS_INFO: _("We need to know more from you before your question can be answered."),
    QuestionStatus.ANSWERED: _("A doctor has replied. Anyone can read your question and the reply."),
    QuestionStatus.REJECTED: _("A moderator has decided not to pass your question on to doctors. It is not public."),
    QuestionStatus.REMOVED: _("A moderator has taken your question off the portal. It is not public any longer."),
    QuestionStatus.WITHDRAWN: _("Your question is withdrawn: it is no longer on the portal."),
}

# How the patient reads what happened; of claims the patient is not told.
HAPPENED = {kind: news.subject for kind, news in NEWS.items()} | {
    EventKind.INFO_RECEIVED: _("You told us more"),
    EventKind.FOLLOWED_UP: _("You wrote a follow-up"),
    EventKind.REPLY_WITHDRAWN: _("A reply was withdrawn"),
}


def decisions(question):
    """What happened to the question, with its reason, oldest first."""
    for event in question.events.filter(kind__in=HAPPENED):
        reject_reason = question.get_reject_reason_display() if event.kind == EventKind.REJECTED else ""
        yield {"at": event.created_at, "what": HAPPENED[event.kind], "reason": reject_reason, "note": event.note}


@require_safe
def my_question(request, key):
    asked_here = Question.objects.asked_here().select_related("specialty")
    question = get_object_or_404(asked_here, secret_key=key)
    context = {
        "question": question,
        "state": STATES[question.status],
        "is_withdrawn": question.status == QuestionStatus.WITHDRAWN,
        "decisions": decisions(question),
        "parts": question.parts.with_coverage(),
        "follow_ups": question.follow_ups.all(),
        "replies": question.replies.published().for_page(),
        "robots": "noindex",
    }
    response = render(request, "qa/my_question.html", context)
    response["Referrer-Policy"] = "no-referrer"
    response["X-Robots-Tag"] = "noindex"
    patch_cache_control(response, private=True, no_store=True)
    return response
