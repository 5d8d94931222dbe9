"""The cache all processes share, and what is said while its server is away.

Whoever can do without it catches ConnectionError: limits let everybody through then. What cannot, such as signing in,
is answered 503 with a sentence.
"""

import logging
import time
from functools import wraps

from django.core.cache.backends import redis
from django.shortcuts import render
from django.utils.cache import add_never_cache_headers

logger = logging.getLogger(__name__)

TRY_AGAIN = 60  # seconds
COUNTING_MAY_TAKE = 2  # seconds
RENDERED_MAY_TAKE = 0.2  # seconds; rendering anew takes less
LEFT_ALONE = 5  # seconds
VERBS = ["add", "get", "set", "touch", "delete", "get_many", "has_key", "incr", "set_many", "delete_many", "clear"]


class CacheAway(ConnectionError):
    """The cache's server does not answer, or cannot do what is asked."""


class RedisCache(redis.RedisCache):
    """Django's, with one error of its own for all that can go wrong with the server."""

    may_take = COUNTING_MAY_TAKE

    def __init__(self, server, params):
        from redis.exceptions import RedisError  # noqa: PLC0415 - a package that only this cache needs

        timeouts = {"socket_connect_timeout": self.may_take, "socket_timeout": self.may_take}
        super().__init__(server, params | {"OPTIONS": timeouts | params.get("OPTIONS", {})})
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


class Forgiving:
    """Makes of a cache one for what is rendered, not for what is counted: it holds nothing while its server is away.

    A server that has not answered is left alone for some seconds by all threads of the process. Then one of them asks
    it again, and the others do not wait for what it says.
    """

    left_alone_until = 0  # as time.monotonic() says; 0 while the server answers

    def get(self, key, default=None, version=None):
        return self._attempt(super().get, default, key, default, version=version)

    def set(self, key, *args, **kwargs):
        return self._attempt(super().set, None, key, *args, **kwargs)

    def add(self, key, *args, **kwargs):
        return self._attempt(super().add, True, key, *args, **kwargs)

    def _attempt(self, act, otherwise, *args, **kwargs):
        process, now = type(self), time.monotonic()  # each thread has a cache of its own, of one class
        if now < process.left_alone_until:
            return otherwise
        if process.left_alone_until:
            process.left_alone_until = now + LEFT_ALONE
        try:
            found = act(*args, **kwargs)
        except CacheAway as error:
            process.left_alone_until = time.monotonic() + LEFT_ALONE
            logger.warning("The cache of rendered pages does not answer: %s", type(error.__cause__ or error).__name__)
            return otherwise
        process.left_alone_until = 0
        return found


class ForgivingRedisCache(Forgiving, RedisCache):
    """What is rendered, on the server."""

    may_take = RENDERED_MAY_TAKE


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
