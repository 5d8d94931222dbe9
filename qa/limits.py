"""How often a network may do something. Counted in the cache, so that it holds for all processes that share one.

Each thing done takes a slot that is free again after the period. Taking one is `cache.add`, which every shared backend
does for one caller only; so of many at once, as many come through as there are slots.
"""

import ipaddress
import math
import re
import time
from functools import wraps

from django.conf import settings
from django.core.cache import cache, caches
from django.http import Http404, HttpRequest
from django.utils.crypto import salted_hmac

from accounts.limits import too_many_requests
from qa.errors import TooMany

PORT = re.compile(r"^(\d+\.\d+\.\d+\.\d+):\d+$|^\[([^]]+)\](?::\d+)?$")  # which some proxies add
HOUR, DAY = 3600, 24 * 3600  # seconds

# What is limited: how many times in how many seconds. A network may be a clinic with many patients.
LIMITS = {
    "ask": [(10, HOUR), (30, DAY)],
    "draft": [(60, HOUR)],
    "photo": [(120, HOUR)],
    "report": [(20, HOUR), (60, DAY)],
    "helpful": [(30, HOUR), (90, DAY)],
    "key": [(30, HOUR)],  # addresses of private pages that lead nowhere
}

# What may be read only so often: how many times in how many seconds, in each process.
READING_LIMITS = {"search": (120, 60), "suggestions": (600, 60)}


def check(name: str, request: HttpRequest) -> None:
    """Raises TooMany where the network of `request` has no more of the `name` left; counts nothing."""
    waits = [wait for _free, wait in _slots(name, request) if wait]
    if waits:
        raise TooMany(max(waits))


def count(name: str, request: HttpRequest) -> None:
    """Count one `name` for the network of `request`. Raises TooMany, and counts nothing, where none is left."""
    check(name, request)
    for (_most, period), (free, _wait) in zip(LIMITS[name], _slots(name, request), strict=True):
        if not any(cache.add(slot, time.time(), period) for slot in free):
            raise TooMany(period)  # others have taken the last ones since


def limited(*names: str):
    """A view whose POSTs count as each of `names`. Where a limit is reached, there or within, it says so (429)."""

    def decorate(view):
        @wraps(view)
        def counted(request, *args, **kwargs):
            try:
                if request.method == "POST":
                    for name in names:
                        count(name, request)
                return view(request, *args, **kwargs)
            except TooMany as error:
                return too_many_requests(request, error.retry_after)

        return counted

    return decorate


def limited_reading(name: str):
    """A view that a network may read only so often, by the one limit of `READING_LIMITS`.

    Reading must write nothing and wait for nothing, so each process counts by itself, in its memory, and generously.
    """

    def decorate(view):
        @wraps(view)
        def counted(request, *args, **kwargs):
            most, period = READING_LIMITS[name]
            window = int(time.time() // period)
            key = f"read:{name}:{window}:{network(request)}"
            memory = caches["memory"]
            memory.add(key, 0, 2 * period)
            try:
                number = memory.incr(key)
            except ValueError:  # thrown out just now, to make room
                number = 1
            if number > most:
                return too_many_requests(request, math.ceil((window + 1) * period - time.time()))
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


def network(request: HttpRequest) -> str:
    """The network a request comes from: the address, of IPv6 the first half, which one household or phone has."""
    address = request.META.get("REMOTE_ADDR", "")
    if settings.BEHIND_PROXY:  # the last one is what our own proxy saw; who sends may write anything before it
        address = request.META.get("HTTP_X_FORWARDED_FOR", "").rpartition(",")[2].strip() or address
        address = PORT.sub(r"\1\2", address)
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return "unknown"
    found = getattr(found, "ipv4_mapped", None) or found
    return str(ipaddress.ip_network((found, 64), strict=False) if found.version == 6 else found)


def _slots(name, request):
    """For each limit of `name`: the slots that are free, and the seconds to wait where none is."""
    who = salted_hmac("qa.limits", network(request)).hexdigest()[:32]  # the cache holds no address
    for most, period in LIMITS[name]:
        slots = [f"limit:{name}:{period}:{who}:{number}" for number in range(most)]
        taken = cache.get_many(slots)
        wait = max(1, math.ceil(min(taken.values()) + period - time.time())) if len(taken) == most else 0
        yield [slot for slot in slots if slot not in taken], wait
