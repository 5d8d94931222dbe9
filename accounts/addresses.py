"""Addresses, each worked out once: most pages link to the same few hundred places."""

from functools import lru_cache

from django.urls import reverse

KEPT = 10_000  # addresses in each process


@lru_cache(maxsize=KEPT)
def address(name: str, *args) -> str:
    """As `reverse` of a view with these arguments, kept as long as the process: the portal stands at one place.

    Raises NoReverseMatch where there is no such address.
    """
    return reverse(name, args=args)
