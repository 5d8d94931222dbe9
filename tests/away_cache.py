"""Caches whose server is away."""

from django.core.cache.backends.base import BaseCache

from portal.cache import CacheAway, Forgiving


class AwayCache(BaseCache):
    def __init__(self, location, params):
        super().__init__(params)

    def _fail(self, *args, **kwargs):
        raise CacheAway("The cache does not answer.")

    add = get = set = touch = delete = get_many = set_many = delete_many = has_key = incr = clear = _fail


class CacheOfOneText(BaseCache):
    """Its server is away while `is_away`, and `asked` says how often it was asked."""

    is_away, asked = False, 0

    def __init__(self, location, params):
        super().__init__(params)

    def get(self, key, default=None, version=None):
        type(self).asked += 1
        if self.is_away:
            raise CacheAway("The cache does not answer.")
        return "kept"

    add = set = get


class ForgivingCache(Forgiving, CacheOfOneText):
    pass
