"""What the database knows of how full its tables are. By that it plans queries, and badly where it knows nothing."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.apps import apps
from django.core.cache import cache
from django.db import connection, models

DAY = 24 * 3600  # seconds

# SQLite takes all rows without a value for rows of one value. Where most have none, as few replies supersede another
# one, it would rather read the whole table than look into the index.
FORGET_EMPTY = """
    DELETE FROM sqlite_stat1 WHERE EXISTS (
        SELECT 1 FROM pragma_index_info(sqlite_stat1.idx) part JOIN pragma_table_info(sqlite_stat1.tbl) field
            ON field.name = part.name WHERE part.seqno = 0 AND NOT field."notnull")
"""


def analyze(*many: type[models.Model]) -> None:
    """Let the database look at the tables of these models anew, or at all tables.

    One by one, since SQLite lets nobody write meanwhile: some three seconds for the largest one at a million questions.
    A sample is not enough there, because most rows have one and the same status.
    """
    with connection.cursor() as cursor:
        for model in many or apps.get_models():
            cursor.execute(f"ANALYZE {connection.ops.quote_name(model._meta.db_table)}")
        if connection.vendor == "sqlite":
            cursor.execute(FORGET_EMPTY)
            cursor.execute("ANALYZE sqlite_schema")  # reads what is left


def analyze_daily() -> None:
    """As `analyze`, once a day. PostgreSQL does so by itself."""
    if connection.vendor == "sqlite":
        with once_in("planning_analyzed", DAY) as is_due:
            if is_due:
                analyze()


@contextmanager
def once_in(key: str, seconds: int) -> Iterator[bool]:
    """Whether what is done within is to be done: nobody has done it in so many seconds. What fails is not done."""
    is_due = cache.add(key, True, seconds)
    try:
        yield is_due
    except BaseException:
        if is_due:
            cache.delete(key)
        raise
