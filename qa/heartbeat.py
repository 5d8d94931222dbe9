"""The worker's sign of life, in the cache that all processes share."""

import time
from contextlib import suppress

from django.core.cache import cache

KEPT = 24 * 3600  # seconds


def beat() -> None:
    """The worker lives. Without the cache it still works, and readiness says what is wrong."""
    with suppress(ConnectionError):
        cache.set("worker_heartbeat", time.time(), KEPT)


def silence() -> float | None:
    """Seconds since the worker's last sign of life; None where there was none for a day.

    Raises ConnectionError where the cache does not answer.
    """
    last = cache.get("worker_heartbeat")
    return None if last is None else max(0.0, time.time() - last)
