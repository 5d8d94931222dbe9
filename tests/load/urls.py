"""The portal with what only the benchmark needs: a bare page of any size, and queries counted."""

from django.conf import settings
from django.db import connection
from django.http import HttpResponse
from django.urls import include, path

from qa import limits

limits.READING_LIMITS.update(dict.fromkeys(limits.READING_LIMITS, (10**9, 60)))  # the benchmark is one network
TEXT = b"".join(path.read_bytes() for path in sorted((settings.BASE_DIR / "fixtures" / "documents").glob("*.txt")))


def count_queries(get_response):
    """Says how many queries a page took, where it is asked by a header."""

    def middleware(request):
        if "X-Count-Queries" not in request.headers:
            return get_response(request)
        number = 0

        def count(execute, *args):
            nonlocal number
            number += 1
            return execute(*args)

        with connection.execute_wrapper(count):
            response = get_response(request)
        response["X-Queries"] = str(number)
        return response

    return middleware


def bare(request, size):
    """A view that does nothing, of so many bytes of ordinary text."""
    return HttpResponse((TEXT * (size // len(TEXT) + 1))[:size])


urlpatterns = [path("bare/<int:size>/", bare), path("", include("portal.urls"))]
