"""What pages have in common that are for one person only: nobody keeps, indexes or passes on their address."""

from functools import wraps

from django.http import FileResponse, Http404
from django.utils.cache import patch_cache_control
from django.views.decorators.csrf import csrf_exempt


def private(view):
    """No copy in any cache, and no search engine."""

    @wraps(view)
    def wrapped(request, *args, **kwargs):
        response = view(request, *args, **kwargs)
        response["X-Robots-Tag"] = "noindex"
        patch_cache_control(response, private=True, no_store=True)
        return response

    return wrapped


def by_secret_link(view):
    """As `private`, for an address that is itself the key: it must not reach another site as a referrer.

    Browsers then send no origin either, which Django's check against forged requests needs. It is not needed here: who
    can forge a request to this address knows the key, and with it may do all that the page offers.
    """

    @csrf_exempt
    @wraps(view)
    def wrapped(request, *args, **kwargs):
        response = private(view)(request, *args, **kwargs)
        response["Referrer-Policy"] = "no-referrer"
        return response

    return wrapped


def photo_response(photo):
    """The photo itself. Raises Http404 where its file is gone."""
    try:
        response = FileResponse(photo.file.open("rb"), content_type="image/webp")
    except FileNotFoundError:
        raise Http404 from None
    response["Content-Disposition"] = "inline"
    response["X-Content-Type-Options"] = "nosniff"
    return response
