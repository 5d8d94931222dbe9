"""Locks of PostgreSQL: what works in the background must neither hold up people nor end what they do by a deadlock.

SQLite has none: only one can write there at a time.
"""

from django.db import connection

BRIEFLY = "200ms"  # far less than the second after which PostgreSQL looks for a deadlock, and ends somebody


def wait_briefly() -> None:
    """Until the transaction ends: whatever another holds for longer than a moment is an OperationalError."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL lock_timeout = '{BRIEFLY}'")
