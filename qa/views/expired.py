"""What a browser gets that sends a form without its token: the page says so, and gives back what was typed."""

from django.shortcuts import render

GIVEN_BACK = ["title", "body", *(f"part_{number}" for number in range(1, 6)), "medicines", "allergies", "note"]


def form_expired(request, reason=""):
    """Django's CSRF_FAILURE_VIEW. Nothing is kept: who sent it may be another site."""
    texts = [request.POST[name] for name in GIVEN_BACK if request.POST.get(name, "").strip()]
    return render(request, "403_csrf.html", {"texts": texts}, status=403)
