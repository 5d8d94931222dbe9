"""How often a network may do something. Counted in the cache, so that it holds for all processes that share one.

Each thing done takes a slot that is free again after the period. Taking one is `cache.add`, which every shared backend
does for one caller only; so of many at once, as many come through as there are slots. Without its cache nothing is
counted and everybody comes through: a patient's question is worth more than the count.
"""

import ipaddress
import logging
import math
import re
import time
from functools import wraps

from django.conf import settings
from django.core.cache import cache, caches
from django.http import HttpRequest
from django.utils.crypto import salted_hmac

from qa.errors import TooMany

logger = logging.getLogger(__name__)

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

# What may be read only so often: how many times in how many seconds, in each process. What resembles a question is
# asked for at each pause in writing, some 15 times a minute and never more than 40: twenty patients write at once.
READING_LIMITS = {"search": (120, 60), "suggestions": (600, 60), "similar": (300, 60)}


def _open_without_cache(verb):
    @wraps(verb)
    def wrapped(name, request):
        try:
            verb(name, request)
        except ConnectionError:
            logger.warning("The cache does not answer, so nothing limits: %s", name)

    return wrapped


@_open_without_cache
def check(name: str, request: HttpRequest) -> None:
    """Raises TooMany where the network of `request` has no more of the `name` left; counts nothing."""
    _free_slots(name, request)


@_open_without_cache
def count(name: str, request: HttpRequest) -> None:
    """Count one `name` for the network of `request`. Raises TooMany, and counts nothing, where none is left."""
    for period, free in _free_slots(name, request):
        if not any(cache.add(slot, time.time(), period) for slot in free):
            raise TooMany(period)  # others have taken the last ones since


def count_reading(name: str, request: HttpRequest) -> None:
    """Count one reading of `name` for the network of `request`. Raises TooMany where it is one too many.

    Reading must write nothing and wait for nothing, so each process counts by itself, in its memory, and generously.
    """
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
        raise TooMany(math.ceil((window + 1) * period - time.time()))


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


def _free_slots(name, request):
    """For each limit of `name`: its period and the slots that are free. Raises TooMany where one limit has none."""
    who = salted_hmac("qa.limits", network(request)).hexdigest()[:32]  # the cache holds no address
    found, waits = [], []
    for most, period in LIMITS[name]:
        slots = [f"limit:{name}:{period}:{who}:{number}" for number in range(most)]
        taken = cache.get_many(slots)
        if len(taken) == most:
            waits.append(max(1, math.ceil(min(taken.values()) + period - time.time())))
        found.append((period, [slot for slot in slots if slot not in taken]))
    if waits:
        raise TooMany(max(waits))
    return found
