"""Errors that nobody foresaw: what a log may say of one, its type and where it was raised.

Never its message, nor a traceback, which ends with it: PostgreSQL's messages hold the failing row, and so health data.
"""

import traceback
from pathlib import Path

from django.conf import settings
from django.db import Error, connection

OWN = ("accounts", "portal", "qa")


def describe(error: BaseException) -> str:
    """The type of the error, the last line of our own that it came through, and the one that raised it.

    For instance "DataError at qa/tallies.py:43, by django/db/backends/utils.py:105".
    """
    places = [_place(frame) for frame in traceback.extract_tb(error.__traceback__)]
    own = [place for place in places if place.startswith(tuple(f"{name}/" for name in OWN))]
    at = dict.fromkeys([*own[-1:], *places[-1:]])
    return f"{type(error).__name__} at {', by '.join(at) or 'an unknown place'}"


def _place(frame):
    path = Path(frame.filename)
    if path.is_relative_to(settings.BASE_DIR) and (own := path.relative_to(settings.BASE_DIR)).parts[0] in OWN:
        path = own
    else:
        path = Path(path.as_posix().rpartition("/site-packages/")[2])
    return f"{path.as_posix()}:{frame.lineno}"


def is_away(error: BaseException) -> bool:
    """Whether it was an error of the database because that does not answer any more."""
    return isinstance(error, Error) and not (connection.connection and connection.is_usable())
