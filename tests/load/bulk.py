"""Rows into tables by the fastest way the database has, with the defaults of their models."""

import datetime
from contextlib import contextmanager

from django.core.management.color import no_style
from django.db import connection, models, transaction

IS_SQLITE = connection.vendor == "sqlite"
used = []


@contextmanager
def bulk_load():
    """In one transaction, without triggers and checks; they are there again afterwards."""
    used.clear()
    if IS_SQLITE:
        with connection.cursor() as cursor:  # outside of a transaction, where alone they have an effect
            cursor.execute("PRAGMA foreign_keys = OFF")
            cursor.execute("PRAGMA cache_size = -400000")
            cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
            triggers = cursor.fetchall()
        with transaction.atomic(), connection.cursor() as cursor:
            for name, _sql in triggers:
                cursor.execute(f"DROP TRIGGER {name}")
            yield
            for _name, sql in triggers:
                cursor.execute(sql)
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA foreign_keys = ON")
            cursor.execute("PRAGMA cache_size = -2000")
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
        if cursor.fetchone()[0]:
            cursor.execute("SET LOCAL session_replication_role = replica")
        yield
        for statement in connection.ops.sequence_reset_sql(no_style(), list(dict.fromkeys(used))):
            cursor.execute(statement)


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
