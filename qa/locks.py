"""Locks of PostgreSQL: what works in the background must neither hold up people nor end what they do by a deadlock.

SQLite has none: only one can write there at a time.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

BRIEFLY = "200ms"  # far less than the second after which PostgreSQL looks for a deadlock, and ends somebody


@contextmanager
def waiting_briefly() -> Iterator[None]:
    """Within a transaction: whatever another holds for longer than a moment is an OperationalError."""
    _wait_at_most(f"'{BRIEFLY}'")
    yield
    _wait_at_most("DEFAULT")


def _wait_at_most(time):
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL lock_timeout TO {time}")
