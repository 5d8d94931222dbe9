"""What is read most: its SQL is written once, and planned once where the database can keep a plan. Both take far longer
than the answer."""

import itertools
from copy import copy
from functools import wraps
from weakref import WeakSet

from django.db import connections
from django.db.models import QuerySet

STAND_IN = -(2**62) - 17  # a key that no row has, which the SQL is written with
_numbers = itertools.count(1)


class Statement:
    """SQL that depends on one key only, written with `STAND_IN` in its place."""

    def __init__(self, sql: str, params: tuple):
        self.sql, self.params = sql, params
        self.name = f"read_often_{next(_numbers)}"
        self.prepared_by = WeakSet()  # connections of PostgreSQL, which keep the plan until they are closed

    def for_key(self, connection, key: int) -> tuple[str, tuple]:
        """The SQL and its parameters as `connection` takes them."""
        if connection.vendor != "postgresql":
            return self.sql, tuple(key if value == STAND_IN else value for value in self.params)
        connection.ensure_connection()
        if connection.connection not in self.prepared_by:
            sql = connection.ops.compose_sql(self.sql, self.params).replace(str(STAND_IN), "$1")
            with connection.cursor() as cursor:
                cursor.execute(f"PREPARE {self.name} (bigint) AS {sql}")
            self.prepared_by.add(connection.connection)
        return f"EXECUTE {self.name} (%s)", (key,)


def prepared(make):
    """Of a function from a primary key to a queryset, one that has its SQL written only the first time.

    The key must be one that fits into the database, and nothing else in the queryset may depend on it.
    """
    written = {}

    @wraps(make)
    def ask(key: int) -> QuerySet:
        queryset = make(STAND_IN) if not written else next(iter(written.values()))[0]
        alias = queryset.db
        if alias not in written:
            compiler = queryset.query.get_compiler(using=alias)
            statement = Statement(*compiler.as_sql())
            converters = compiler.get_converters([expression for expression, *_rest in compiler.select])
            written[alias] = (queryset, compiler, statement, converters)
        queryset, compiler, statement, converters = written[alias]
        own = copy(compiler)
        own.connection = connections[alias]  # each thread has its own
        own.as_sql = lambda *args, **kwargs: statement.for_key(own.connection, key)
        own.get_converters = lambda *args: converters
        asked = queryset._chain()
        asked.query.get_compiler = lambda *args, **kwargs: own
        return asked

    return ask
