"""Rows into tables by the fastest way the database has, with the defaults of their models."""

import datetime
from contextlib import contextmanager

from django.core.management.color import no_style
from django.db import connection, models

IS_SQLITE = connection.vendor == "sqlite"
used = []


@contextmanager
def bulk_load():
    """Without triggers, checks and a journal until the end. What fails halfway is to be begun anew."""
    used.clear()
    with connection.cursor() as cursor:
        yield from _sqlite(cursor) if IS_SQLITE else _postgresql(cursor)


def _sqlite(cursor):
    cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
    triggers = cursor.fetchall()
    for name, _sql in triggers:
        cursor.execute(f"DROP TRIGGER {name}")
    pragmas = {"foreign_keys": "OFF", "journal_mode": "OFF", "synchronous": "OFF", "cache_size": -400_000}
    for name, value in pragmas.items():
        cursor.execute(f"PRAGMA {name} = {value}")
    yield
    for _name, sql in triggers:
        cursor.execute(sql)
    pragmas = {"foreign_keys": "ON", "journal_mode": "WAL", "synchronous": "NORMAL", "cache_size": -2_000}
    for name, value in pragmas.items():
        cursor.execute(f"PRAGMA {name} = {value}")


def _postgresql(cursor):
    cursor.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
    is_allowed = cursor.fetchone()[0]
    if is_allowed:
        cursor.execute("SET session_replication_role = replica")
    yield
    for statement in connection.ops.sequence_reset_sql(no_style(), list(dict.fromkeys(used))):
        cursor.execute(statement)
    if is_allowed:
        cursor.execute("RESET session_replication_role")


def insert(model, columns, rows, **constants):
    """Insert `rows`, which have values for `columns`; other columns have their `constants` or the model's default."""
    used.append(model)
    fields = {field.column: field for field in model._meta.concrete_fields}
    rest = [name for name in fields if name not in columns and not fields[name].primary_key]
    values = tuple(_plain(constants.get(name, _default(fields[name]))) for name in rest)
    rows = (tuple(map(_plain, row)) + values for row in rows)
    names = ", ".join(f'"{name}"' for name in [*columns, *rest])
    with connection.cursor() as cursor:
        if IS_SQLITE:
            marks = ", ".join("?" * len([*columns, *rest]))
            cursor.connection.executemany(f"INSERT INTO {model._meta.db_table} ({names}) VALUES ({marks})", rows)
            return
        with cursor.copy(f"COPY {model._meta.db_table} ({names}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)


def _default(field):
    if field.null:
        return None
    if isinstance(field, models.CharField | models.TextField):
        return str(field.get_default())
    return field.get_default()


def _plain(value):
    """As both databases take it."""
    if isinstance(value, datetime.datetime):
        return value.astimezone(datetime.UTC).strftime("%Y-%m-%d %H:%M:%S") + ("" if IS_SQLITE else "+00")
    return value
