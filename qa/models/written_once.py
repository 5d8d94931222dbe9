"""What is read most: its SQL is written once, and that which depends on one key (`prepared`) also planned once, where
the database keeps plans. Both take far longer than the answer. That is a list: no further word could change the SQL."""

import itertools
from collections.abc import Sequence
from copy import copy
from functools import wraps
from weakref import WeakSet

from django.db import NotSupportedError, connection, connections
from django.db.models import Model

STAND_IN = -(2**62) - 17  # a key that no row has, which the SQL is written with
ROOM = 32  # keys of a list; for longer ones the SQL is written again
TEXTS = range(0xE010, 0xE020)  # private-use characters, each of which stands in for a text
_numbers = itertools.count(1)


class Statement:
    """SQL that depends on one key only, written with `STAND_IN` in its place."""

    def __init__(self, sql: str, params: tuple):
        self.sql, self.params = sql, params
        self.name = f"read_often_{next(_numbers)}"
        self.prepared_by = WeakSet()  # connections of PostgreSQL, which keep the plan until they are closed
        self.outdated_for = WeakSet()  # those of them whose plan is to be made anew

    def for_key(self, connection, key: int) -> tuple[str, tuple]:
        """The SQL and its parameters as `connection` takes them."""
        if not _keeps_plans(connection):
            return self.sql, tuple(key if value == STAND_IN else value for value in self.params)
        connection.ensure_connection()
        if connection.connection not in self.prepared_by:
            sql = connection.ops.compose_sql(self.sql, self.params).replace(str(STAND_IN), "$1")
            with connection.cursor() as cursor:
                if connection.connection in self.outdated_for:
                    cursor.execute(f"DEALLOCATE {self.name}")
                    self.outdated_for.discard(connection.connection)
                cursor.execute(f"PREPARE {self.name} (bigint) AS {sql}")
            self.prepared_by.add(connection.connection)
        return f"EXECUTE {self.name} (%s)", (key,)

    def forget_plan(self, connection) -> bool:
        """The plan does not fit the tables any more, which have changed: the next time it is made anew. Whether that
        may be at once: not in a transaction, which the error has ended."""
        if connection.connection not in self.prepared_by:
            return False
        self.prepared_by.discard(connection.connection)
        self.outdated_for.add(connection.connection)
        return connection.get_autocommit()


def _keeps_plans(connection):
    """Only PostgreSQL does, for as long as a connection is open: those of a pool are."""
    return connection.vendor == "postgresql" and bool(connection.settings_dict["OPTIONS"].get("pool"))


def prepared(make):
    """Of a function from a primary key to a queryset, one to a list that has its SQL written only the first time.

    The key must be one that fits into the database, and nothing else in the queryset may depend on it, nor on the day.
    """
    written = {}

    @wraps(make)
    def ask(key: int) -> list[Model]:
        return _read(written, lambda: make(STAND_IN), lambda statement, connection: statement.for_key(connection, key))

    return ask


def written_once_for_lists(make):
    """As `prepared` without a plan, of a function from lists of keys, of which each queryset wants those `in` one.

    No list is ever empty or of another length, as far as the SQL goes: what is missing are keys that no row has.
    """
    written = {}

    @wraps(make)
    def ask(*lists: Sequence[int]) -> list:
        room = ROOM * max(1, -(-max(map(len, lists)) // ROOM))
        stand_ins = [range(start - room, start) for start in range(STAND_IN, STAND_IN - room * len(lists), -room)]
        pairs = zip(stand_ins, lists, strict=True)
        values = {place: key for places, keys in pairs for place, key in zip(places, keys, strict=False)}
        return _read(
            written.setdefault(room, {}), lambda: make(*stand_ins), _filled(lambda value: values.get(value, value))
        )

    return ask


def written_once_for_texts(make):
    """As `prepared` without a plan, of a function from texts: wanted is what begins with or contains one."""
    written = {}

    @wraps(make)
    def ask(*texts: str) -> list:
        stand_ins = TEXTS[: len(texts)]
        values = dict(zip(stand_ins, map(connection.ops.prep_for_like_query, texts), strict=True))
        fill = _filled(lambda value: value.translate(values) if isinstance(value, str) else value)
        return _read(written, lambda: make(*map(chr, stand_ins)), fill)

    return ask


def _filled(fill):
    return lambda statement, _connection: (statement.sql, tuple(map(fill, statement.params)))


def _read(written, make, fill):
    """What the queryset that `make` makes finds by the statement that was written for its database, as `fill` fills it
    in."""
    queryset = make() if not written else next(iter(written.values()))[0]
    alias = queryset.db
    if alias not in written:
        compiler = queryset.query.get_compiler(using=alias)
        statement = Statement(*compiler.as_sql())
        converters = compiler.get_converters([expression for expression, *_rest in compiler.select])
        written[alias] = (queryset, compiler, statement, converters)
    queryset, compiler, statement, converters = written[alias]
    own = copy(compiler)
    own.connection = connections[alias]  # each thread has its own
    own.as_sql = lambda *args, **kwargs: fill(statement, own.connection)
    own.get_converters = lambda *args: converters

    def rows():
        asked = queryset._chain()
        asked.query.get_compiler = lambda *args, **kwargs: own
        return list(asked)

    try:
        return rows()
    except NotSupportedError:
        if not statement.forget_plan(own.connection):
            raise
    return rows()
