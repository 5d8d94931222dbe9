"""What a browser gets that sends a form without its token: the page says so, and gives back what was typed."""

from django.shortcuts import render

from qa.forms.fields import typed_texts


def form_expired(request, reason=""):
    """Django's CSRF_FAILURE_VIEW. Nothing is kept: who sent it may be another site."""
    return render(request, "403_csrf.html", {"texts": typed_texts(request.POST)}, status=403)
