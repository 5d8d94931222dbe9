"""The worker's sign of life, in the database: clearing the cache that counts what is limited does not take it."""

import time

from django.core.cache.backends.db import DatabaseCache

KEPT = 24 * 3600  # seconds
KEY = "worker"
signs = DatabaseCache("portal_heartbeat", {})


def beat() -> None:
    """The worker lives."""
    signs.set(KEY, time.time(), KEPT)


def silence() -> float | None:
    """Seconds since the worker's last sign of life; None where there was none for a day."""
    last = signs.get(KEY)
    return None if last is None else max(0.0, time.time() - last)
