"""How the database's triggers get there: after every `migrate`, where they differ from what a module describes.

SQLite drops a table's triggers with the table, which a migration may make anew, and refuses to rename a table that a
trigger names; PostgreSQL refuses to alter a column that a trigger watches: so they go before and come back afterwards.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from django.db import connections, models, router, transaction

WATCHED = ("accounts", "qa")  # the apps whose tables triggers watch


@dataclass(frozen=True)
class Triggers:
    """The triggers of one module.

    Args:
        prefix: begins the names of these triggers, and of no others.
        noting: the model whose table they write into; without it there are none.
        sqlite: by name, what follows it in CREATE TRIGGER.
        postgresql: by name, what follows it in CREATE TRIGGER, and the statements of the function in PL/pgSQL.
    """

    prefix: str
    noting: type[models.Model]
    sqlite: Mapping[str, str]
    postgresql: Mapping[str, tuple[str, str]]

    def install(self, sender, using, **kwargs):
        """After `migrate`. Does nothing where they are there already."""
        connection = connections[using]
        if not router.allow_migrate_model(using, self.noting):
            return
        if self.noting._meta.db_table not in connection.introspection.table_names():
            return  # migrated back to before it
        with transaction.atomic(using), connection.cursor() as cursor:
            (self._install_sqlite if connection.vendor == "sqlite" else self._install_postgresql)(cursor)

    def drop(self, sender, using, plan=(), **kwargs):
        """Before `migrate` changes tables that they watch, or on SQLite any."""
        connection = connections[using]
        is_watched = any(migration.app_label in WATCHED for migration, _is_backwards in plan)
        if not plan or (connection.vendor != "sqlite" and not is_watched):
            return
        if self.noting._meta.db_table not in connection.introspection.table_names():
            return  # before the first one
        with connection.cursor() as cursor:
            if connection.vendor == "sqlite":
                for name in self._on_sqlite(cursor):
                    cursor.execute(f"DROP TRIGGER {name}")
            else:
                self._drop_functions(cursor)
                cursor.execute(f"COMMENT ON TABLE {self.noting._meta.db_table} IS NULL")

    def _install_sqlite(self, cursor):
        wanted = {name: f"CREATE TRIGGER {name} {rest}" for name, rest in self.sqlite.items()}
        there = self._on_sqlite(cursor)
        for name in there:
            if there[name] != wanted.get(name):
                cursor.execute(f"DROP TRIGGER {name}")
        for name, sql in wanted.items():
            if there.get(name) != sql:
                cursor.execute(sql)

    def _on_sqlite(self, cursor):
        cursor.execute(
            "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND substr(name, 1, %s) = %s",
            [len(self.prefix), self.prefix],
        )
        return dict(cursor.fetchall())

    def _install_postgresql(self, cursor):
        """The comment of the table that they write into tells which ones are there."""
        table = self.noting._meta.db_table
        digest = hashlib.sha256(repr(self.postgresql).encode()).hexdigest()
        cursor.execute("SELECT obj_description(%s::regclass, 'pg_class')", [table])
        if cursor.fetchone()[0] == digest:
            return
        self._drop_functions(cursor)
        for name, (rest, statements) in self.postgresql.items():
            cursor.execute(f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {statements} END $$")
            cursor.execute(f"CREATE TRIGGER {name} {rest} EXECUTE FUNCTION {name}()")
        cursor.execute(f"COMMENT ON TABLE {table} IS '{digest}'")

    def _drop_functions(self, cursor):
        cursor.execute(
            "SELECT oid::regproc::text FROM pg_proc WHERE pronamespace = current_schema()::regnamespace "
            "AND starts_with(proname, %s)",
            [self.prefix],
        )
        for (name,) in cursor.fetchall():
            cursor.execute(f"DROP FUNCTION {name} CASCADE")
