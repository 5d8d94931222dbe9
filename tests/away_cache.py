"""A cache whose server is away."""

from django.core.cache.backends.base import BaseCache

from portal.cache import CacheAway


class AwayCache(BaseCache):
    def __init__(self, location, params):
        super().__init__(params)

    def _fail(self, *args, **kwargs):
        raise CacheAway("The cache does not answer.")

    add = get = set = touch = delete = get_many = set_many = delete_many = has_key = incr = clear = _fail
