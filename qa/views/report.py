"""Report: what visitors tell moderators about a question, a reply or an article. No account is needed."""

from django.http import Http404
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_http_methods

from qa.asking import urgent_findings
from qa.forms.report import ReportForm
from qa.models import Article, Question
from qa.reporting import report
from qa.views.limited import limited
from qa.views.private import private
from qa.visitors import remember, visitor_of

form_page = require_http_methods(["GET", "HEAD", "POST"])


def chosen_reply(question, given):
    """The published reply of the question that an address or form names; 404 where there is none."""
    if not given.isdecimal() or len(given) > 18:
        raise Http404
    return get_object_or_404(question.replies.published().select_related("doctor"), pk=int(given))


@private
@form_page
@limited("report")
def question_report(request, pk):
    question = get_object_or_404(Question.objects.public(), pk=pk)
    if "reply" not in request.GET:
        return _report(request, question, {"question": question, "back": question.get_absolute_url()})
    reply = chosen_reply(question, request.GET["reply"])
    back = f"{question.get_absolute_url()}#{reply.anchor}"
    return _report(request, reply, {"question": question, "reply": reply, "back": back})


@private
@form_page
@limited("report")
def article_report(request, slug):
    article = get_object_or_404(Article.objects.public(), slug=slug)
    return _report(request, article, {"article": article, "back": article.get_absolute_url()})


def _report(request, target, context):
    """The form; once it is filled in, our thanks. Sent twice by one visitor it is one report."""
    visitor = visitor_of(request, f"report {target._meta.model_name} {target.pk}") if request.method == "POST" else ""
    form = ReportForm(request.POST if visitor else None)
    context |= {"form": form, "robots": "noindex"}
    if not form.is_valid():
        return render(request, "qa/report.html", context)
    told = form.cleaned_data
    report(target, visitor, told["reason"], told["note"], told["email"])
    response = render(request, "qa/report_sent.html", context | {"urgent": urgent_findings([told["note"]])})
    remember(response, visitor)
    return response
