"""The cache all processes share, and what is said while its server is away.

Whoever can do without it catches ConnectionError: limits let everybody through then. What cannot, such as signing in,
is answered 503 with a sentence.
"""

import logging
from functools import wraps

from django.core.cache.backends import redis
from django.shortcuts import render
from django.utils.cache import add_never_cache_headers

logger = logging.getLogger(__name__)

TRY_AGAIN = 60  # seconds
TIMEOUTS = {"socket_connect_timeout": 2, "socket_timeout": 2}  # seconds
VERBS = ["add", "get", "set", "touch", "delete", "get_many", "has_key", "incr", "set_many", "delete_many", "clear"]


class CacheAway(ConnectionError):
    """The cache's server does not answer, or cannot do what is asked."""


class RedisCache(redis.RedisCache):
    """Django's, with one error of its own for all that can go wrong with the server."""

    def __init__(self, server, params):
        from redis.exceptions import RedisError  # noqa: PLC0415 - a package that only this cache needs

        super().__init__(server, params | {"OPTIONS": TIMEOUTS | params.get("OPTIONS", {})})
        self.error = RedisError


def _translated(verb):
    @wraps(verb)
    def wrapped(self, *args, **kwargs):
        try:
            return verb(self, *args, **kwargs)
        except self.error as error:
            raise CacheAway("The cache does not answer.") from error

    return wrapped


for _name in VERBS:
    setattr(RedisCache, _name, _translated(getattr(redis.RedisCache, _name)))


class ForgivingRedisCache(RedisCache):
    """For what is rendered: it holds nothing while its server is away. Not for what is counted."""

    def get(self, key, default=None, version=None):
        return self._attempt(super().get, default, key, default, version=version)

    def set(self, key, *args, **kwargs):
        return self._attempt(super().set, None, key, *args, **kwargs)

    def add(self, key, *args, **kwargs):
        return self._attempt(super().add, True, key, *args, **kwargs)

    def _attempt(self, act, otherwise, *args, **kwargs):
        try:
            return act(*args, **kwargs)
        except CacheAway as error:
            logger.warning("The cache of rendered pages does not answer: %s", type(error.__cause__).__name__)
            return otherwise


class SayWhenAway:
    """A view that needs the cache while it is away is answered with a sentence."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        return self.get_response(request)

    def process_exception(self, request, exception):
        if not isinstance(exception, CacheAway):
            return None
        logger.error("The cache does not answer: %s", type(exception.__cause__ or exception).__name__)
        response = render(request, "503.html", status=503)
        response["Retry-After"] = str(TRY_AGAIN)
        add_never_cache_headers(response)
        return response
