"""Writing many rows quickly: COPY on PostgreSQL, many rows a statement on SQLite. All constraints hold as ever.

Unlike `bulk_create`, no model is made for each row: what does not vary is said once.
"""

import datetime
from collections.abc import Iterable
from functools import lru_cache
from itertools import chain

from django.db import connection, models

ROWS = 500  # of one statement on SQLite, which takes at most 32,766 values
LOCK = 7_206_831_947  # of imports among each other, on PostgreSQL


class Table:
    """The table of a model, for rows that hold the named fields; the others hold their default.

    Args:
        model: whose table.
        names: the fields' attribute names, such as "question_id", in the order of the rows' values.
        constants: fields that hold the same value in each row.
    """

    def __init__(self, model: type[models.Model], *names: str, **constants):
        self.model, self.names = model, names
        fields = {field.attname: field for field in model._meta.concrete_fields}
        rest = {name: field for name, field in fields.items() if name not in names and not field.primary_key}
        values = {name: constants.get(name, field.get_default()) for name, field in rest.items()}
        values = {name: rest[name].get_db_prep_save(value, connection) for name, value in values.items()}
        fixed = {name: value for name, value in values.items() if value is not None}
        self.columns = [fields[name].column for name in [*names, *fixed]]
        self.constants = tuple(fixed.values())
        self.adapted = [
            (at, _adapters()[type(fields[name])]) for at, name in enumerate(names) if type(fields[name]) in _adapters()
        ]
        self.name = connection.ops.quote_name(model._meta.db_table)

    def insert(self, rows: list[tuple]) -> None:
        """Write the rows, in the current transaction."""
        if not rows:
            return
        columns = ", ".join(map(connection.ops.quote_name, self.columns))
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor, cursor.copy(f"COPY {self.name} ({columns}) FROM STDIN") as copy:
                for row in self._whole(rows):
                    copy.write_row(row)
        else:
            self._insert_sqlite(columns, rows)

    def _insert_sqlite(self, columns, rows):
        """Many rows a statement: each statement on a table with triggers saves every page that it changes, in case it
        fails. Not by Django's cursor, which in development would write down each value."""
        connection.ensure_connection()
        marks = f"({', '.join('?' * len(self.columns))})"
        for start in range(0, len(rows), ROWS):
            some = rows[start : start + ROWS]
            sql = f"INSERT INTO {self.name} ({columns}) VALUES {', '.join([marks] * len(some))}"
            with connection.wrap_database_errors:
                connection.connection.execute(sql, list(chain.from_iterable(self._whole(some))))

    def update(self, rows: list[tuple]) -> None:
        """Write over rows that are there: their first named field is the key; what is constant stays as it is."""
        if not rows:
            return
        key, *columns = map(connection.ops.quote_name, self.columns[: len(self.names)])
        changes = ", ".join(f"{column} = %s" for column in columns)
        with connection.cursor() as cursor:
            turned = ((*values, pk) for pk, *values in self._whole(rows, constants=()))
            cursor.executemany(f"UPDATE {self.name} SET {changes} WHERE {key} = %s", turned)

    def _whole(self, rows, constants=None):
        constants = self.constants if constants is None else constants
        if not self.adapted:
            yield from (row + constants for row in rows)
            return
        for row in rows:
            values = list(row)
            for at, adapt in self.adapted:
                if values[at] is not None:
                    values[at] = adapt(values[at])
            yield (*values, *constants)


def reserve_keys(model: type[models.Model], number: int) -> Iterable[int]:
    """So many primary keys in rising order, which nothing else will get. Call it within a transaction."""
    if not number:
        return []
    table, column = model._meta.db_table, model._meta.pk.column
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "SELECT nextval(pg_get_serial_sequence(%s, %s)) FROM generate_series(1, %s)", [table, column, number]
            )
            return sorted(key for (key,) in cursor.fetchall())
        cursor.execute("SELECT seq FROM sqlite_sequence WHERE name = %s", [table])
        last = (cursor.fetchone() or [0])[0]
        return range(last + 1, last + 1 + number)


def lock_imports() -> None:
    """Until the end of the transaction, no other import writes. On SQLite nobody else does anyway."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])


def make_room() -> None:
    """Let SQLite keep more of its indexes in memory while this process writes many rows, and copy a page from its log
    into the database once for many batches that have changed it."""
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA cache_size = -65536")  # 64 MB
            cursor.execute("PRAGMA wal_autocheckpoint = 25000")  # pages of 4 kB


@lru_cache
def _adapters():
    """What SQLite needs of values that it has no type for."""
    if connection.vendor == "postgresql":
        return {}
    moments = lru_cache(maxsize=10_000)(connection.ops.adapt_datetimefield_value)
    return {
        models.DateTimeField: moments,
        models.DateField: datetime.date.isoformat,
        models.UUIDField: lambda key: key.hex,
    }
