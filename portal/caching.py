"""The cache of rendered pages on a Redis server: where the server is away, pages are rendered, not refused."""

import logging

from django.core.cache.backends.redis import RedisCache

logger = logging.getLogger(__name__)


class ForgivingRedisCache(RedisCache):
    """Holds nothing while its server does not answer. Not for what is counted, which must not be forgotten."""

    def get(self, key, default=None, version=None):
        return self._attempt(super().get, default, key, default, version=version)

    def set(self, key, *args, **kwargs):
        return self._attempt(super().set, None, key, *args, **kwargs)

    def add(self, key, *args, **kwargs):
        return self._attempt(super().add, True, key, *args, **kwargs)

    def _attempt(self, act, otherwise, *args, **kwargs):
        from redis.exceptions import RedisError  # noqa: PLC0415 - the package is an extra

        try:
            return act(*args, **kwargs)
        except RedisError as error:
            logger.warning("The cache of rendered pages does not answer: %s", type(error).__name__)
            return otherwise
