"""Search: one box over everything public."""

from django.shortcuts import render
from django.views.decorators.http import require_safe

from qa import search as engine

MAX_LENGTH = 200


@require_safe
def search(request):
    query = request.GET.get("q", "").strip()[:MAX_LENGTH]
    found = engine.search(query)
    return render(request, "qa/search.html", {"query": query, "robots": "noindex", **vars(found)})
