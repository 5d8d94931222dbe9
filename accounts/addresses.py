"""Addresses: the form that a view's have is worked out once, and filled in each time."""

import re
from functools import lru_cache

from django.urls import NoReverseMatch, reverse

PLAIN = re.compile(r"[-\w]+", re.ASCII)  # what stands in an address as it is
KEPT = 1_000  # forms in each process


def address(name: str, *args) -> str:
    """As `reverse` of a view with these arguments. Raises NoReverseMatch where there is no such address."""
    kinds = tuple(map(_kind, args))
    form = None if None in kinds else _form(name, kinds)
    return form.format(*args) if form else reverse(name, args=args)


def _kind(value):
    """As what the value stands in an address; None where it may not stand there as it is."""
    if type(value) is int and value >= 0:
        return int
    return str if isinstance(value, str) and PLAIN.fullmatch(value) else None


@lru_cache(maxsize=KEPT)
def _form(name, kinds):
    """Where all views of this name take any value of these kinds, their address with `{0}` for the first one."""
    stand_ins = [10**15 + number if kind is int else f"a-_{10**15 + number}" for number, kind in enumerate(kinds)]
    try:
        form = reverse(name, args=stand_ins)
    except NoReverseMatch:
        return None
    for number, stand_in in enumerate(stand_ins):
        form = form.replace(str(stand_in), f"{{{number}}}")
    return form
