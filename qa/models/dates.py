"""When something happened, where that is not always known."""

import datetime
from functools import lru_cache

from django.utils import timezone

# The archive does not know when: such rows sort last and show no date.
UNDATED = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)


@lru_cache(maxsize=10_000)  # a page asks several times
def known_date(moment: datetime.datetime | None) -> datetime.date | None:
    """The local date of `moment`, of which there is one in all the portal; None where there is none or the archive does
    not know it."""
    return None if moment is None or moment == UNDATED else timezone.localdate(moment)
