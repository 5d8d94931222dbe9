"""Limits on what can be guessed or flooded: how often an address and a network may try, and what is said after that."""

import datetime
import math

from allauth.core import ratelimit
from allauth.core.exceptions import RateLimited
from django.shortcuts import render
from django.utils import timezone
from django.utils.cache import add_never_cache_headers

__all__ = ["WAIT", "RateLimited", "count", "too_many_requests"]

WAIT = 600  # seconds that every limit of ACCOUNT_RATE_LIMITS counts over, so that trying again then is allowed


def count(request, action: str, key: str) -> None:
    """Count one `action` of this network upon `key`, by the limits of ACCOUNT_RATE_LIMITS.

    Raises RateLimited where that was one too many.
    """
    ratelimit.consume(request, action=action, key=key.lower(), raise_exception=True)


def too_many_requests(request, seconds: int = WAIT, texts=()):
    """The answer to who has met a limit: when to come back, for people and for machines; `texts`, to be given back."""
    minutes = math.ceil(seconds / 60)
    until = timezone.now() + datetime.timedelta(minutes=minutes)
    context = {"minutes": minutes, "hours": math.ceil(minutes / 60), "until": until, "texts": texts}
    response = render(request, "429.html", context, status=429)
    response["Retry-After"] = str(seconds)
    add_never_cache_headers(response)
    return response
