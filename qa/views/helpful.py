"""Helpful: a reader's yes or no to a reply, counted once a visitor, without an account."""

from django.core.exceptions import PermissionDenied
from django.http import HttpResponseBadRequest
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from qa.models import Helpful, Question
from qa.views.limited import limited
from qa.views.private import private
from qa.views.report import chosen_reply
from qa.visitors import is_from_elsewhere, known_visitor, mark_of, remember, visitor_of


@private
@csrf_exempt  # a token would give a cookie to all who only read; `is_from_elsewhere` stands in for it
@require_http_methods(["GET", "HEAD", "POST"])
@limited("helpful")
def question_helpful(request, pk):
    """Shows what this visitor said of the reply, to change it; by POST, counts what the visitor says."""
    question = get_object_or_404(Question.objects.public(), pk=pk)
    reply = chosen_reply(question, request.GET.get("reply", ""))
    if request.method == "POST":
        return _vote(request, question, reply)
    mark = mark_of(known_visitor(request), _deed(reply))
    vote = Helpful.objects.of_visitor(reply, mark).first()
    context = {"question": question, "reply": reply, "vote": vote, "robots": "noindex"}
    return render(request, "qa/question_helpful.html", context)


def _vote(request, question, reply):
    if is_from_elsewhere(request):
        raise PermissionDenied
    if request.POST.get("helpful") not in ("yes", "no"):
        return HttpResponseBadRequest()
    visitor = visitor_of(request, _deed(reply))
    Helpful.objects.vote(reply, mark_of(visitor, _deed(reply)), request.POST["helpful"] == "yes")
    response = redirect(reverse("question_helpful", args=[question.pk], query={"reply": reply.pk}))
    remember(response, visitor)
    return response


def _deed(reply):
    return f"helpful {reply.pk}"
