"""How much a browser may send at once. Django bounds the words of a form, but not its files, which it would store."""

import logging

from django.shortcuts import render

from qa.models import MAX_PHOTOS
from qa.photos import MAX_BYTES

logger = logging.getLogger(__name__)

MAX_BODY = MAX_PHOTOS * MAX_BYTES + 1024 * 1024  # bytes: all photos of a question, and its words
LISTEN_UP_TO = 4 * MAX_BODY  # bytes; a browser that cannot send all it wants to does not show our answer
CHUNK = 64 * 1024  # bytes


def refuse_too_large(get_response):
    """Answers 413 to a body over MAX_BODY, by what its head says, before anything of it is kept.

    A body without a length needs no care here: Django does not read it.
    """

    def middleware(request):
        length = request.META.get("CONTENT_LENGTH") or "0"
        if not length.isdecimal() or int(length) <= MAX_BODY:
            return get_response(request)
        logger.warning("Refused a body of %s bytes", length)
        if int(length) <= LISTEN_UP_TO:
            try:
                while request.read(CHUNK):
                    pass
            except OSError:
                pass  # the browser has gone
        return render(request, "413.html", {"megabytes": MAX_BODY // 1024**2}, status=413)

    return middleware
