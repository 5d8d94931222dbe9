"""Views that may be used only so often, and what is said to whoever meets a limit. The limits are in qa.limits."""

from functools import wraps

from django.http import Http404

from accounts.limits import too_many_requests
from qa.errors import TooMany
from qa.forms.fields import typed_texts
from qa.limits import count, count_reading


def limited(*names: str):
    """A view whose POSTs count as each of `names`. Where a limit is reached, there or within, it says so (429), and
    gives back what was typed."""

    def decorate(view):
        @wraps(view)
        def counted(request, *args, **kwargs):
            try:
                if request.method == "POST":
                    for name in names:
                        count(name, request)
                return view(request, *args, **kwargs)
            except TooMany as error:
                return too_many_requests(request, error.retry_after, typed_texts(request.POST))

        return counted

    return decorate


def limited_reading(name: str):
    """A view that a network may read only so often."""

    def decorate(view):
        @wraps(view)
        def counted(request, *args, **kwargs):
            try:
                count_reading(name, request)
            except TooMany as error:
                return too_many_requests(request, error.retry_after)
            return view(request, *args, **kwargs)

        return counted

    return decorate


def limited_guesses(name: str):
    """A view that may be asked for what is not there (404) only so often; what is there comes and counts nothing.

    So nobody's wrong guesses keep the owner of a link, who may be on the same network, from the own page.
    """

    def decorate(view):
        @wraps(view)
        def counted(request, *args, **kwargs):
            try:
                return view(request, *args, **kwargs)
            except Http404:
                try:
                    count(name, request)
                except TooMany as error:
                    return too_many_requests(request, error.retry_after)
                raise

        return counted

    return decorate
