"""Search: one box over everything public, and what it suggests while somebody types."""

from django.http import JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from qa import search as engine
from qa.asking import urgent_findings
from qa.screening import completed_searches, screen_search
from qa.texts import harmless
from qa.views.limited import limited_reading

MAX_LENGTH = 200  # characters
MOST_URGENT = 2  # suggestions that say whom to call

KINDS = {
    "specialty": _("Specialty"),
    "topic": _("Topic"),
    "doctor": _("Doctor"),
    "article": _("Article"),
    "question": _("Question"),
}
URGENT_KINDS = {"emergency": _("Emergency"), "self_harm": _("Crisis line")}


def _typed(request):
    return harmless(engine.clean(request.GET.get("q", ""))).strip()[:MAX_LENGTH]


@require_safe
@limited_reading("search")
@cache_control(private=True, max_age=60)  # what somebody searched for is nobody else's to keep
def search(request):
    query = _typed(request)
    tab = request.GET.get("kind", "all")
    tab = tab if tab in engine.TABS else "all"
    urgent = urgent_findings([query])  # whoever is in danger is not asked whether another word was meant
    found = engine.search(query, tab, request.GET, may_mend=not urgent, may_be_some=_may_be_some(urgent))
    if found.read_as:  # a danger may be misspelled
        urgent = urgent_findings([found.read_as])
        if not _may_be_some(urgent):
            found = engine.search(query, tab, request.GET, may_be_some=False)
    urgent = _with_mentioned(urgent, found.read_as or query)
    context = {"query": query, "found": found, "urgent": urgent, "robots": "noindex"}
    context |= {"remarks": engine.remarks(query), "count": found.counts.get(tab)}
    context["tabs"] = [(name, found.counts.get(name), name == tab) for name in engine.TABS]
    return render(request, "qa/search.html", context)


def _may_be_some(urgent):
    """What holds only some of the words is not for whoever may harm themselves."""
    return all(finding.kind != "self_harm" for finding in urgent)


def _with_mentioned(urgent, query):
    """`urgent`, and what a short search mentions of another kind."""
    kinds = {finding.kind for finding in urgent}
    return urgent + [finding for finding in screen_search(query) if finding.kind not in kinds]


@require_safe
@limited_reading("suggestions")
@cache_control(private=True, max_age=60)
def search_suggestions(request):
    """What the search box offers while somebody types, for static/js/search.js."""
    query = _typed(request)
    rows = [{"kind": KINDS[row.kind], "text": row.text, "url": row.url} for row in engine.suggest(query)]
    return JsonResponse({"suggestions": _whom_to_call(query) + rows})


def _whom_to_call(query):
    """What the page of results says first of what was typed so far, or else of what it may become."""
    for text in [query, *completed_searches(query)]:
        if urgent := _with_mentioned(urgent_findings([text]), text):
            url = f"{reverse('search')}?{urlencode({'q': text})}"
            return [
                {"kind": URGENT_KINDS[finding.kind], "text": finding.title, "url": url, "is_urgent": True}
                for finding in urgent[:MOST_URGENT]
            ]
    return []
