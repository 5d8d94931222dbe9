"""Queries whose SQL Django writes only once, as writing it takes many times as long as the answer.

`prepared(lambda key: Question.objects.public().filter(pk=key))` calls the function a single time, with a stand-in, a
number that no row has as its key, and keeps what Django makes of the queryset: its SQL, and how columns become values.
From then on a key takes the stand-in's place:

    SELECT … WHERE id = -4611686018427387921      as Django wrote it
    SELECT … WHERE id = ?, with 17                as SQLite is asked, which keeps its plan
    EXECUTE read_often_1 (17)                     as PostgreSQL is asked over a connection that it planned it for

So nothing but keys may decide what is wanted, not the day either. The result is a list: no further word could change
SQL that is written. This replaces methods of Django's compiler (`as_sql`, `get_converters`); what it reads is compared
with what the same queryset reads by itself in tests/test_browse.py, which a new release of Django has to pass.
"""

import itertools
import re
from collections.abc import Mapping, Sequence
from copy import copy
from functools import wraps
from weakref import WeakSet

from django.db import NotSupportedError, connection, connections
from django.db.models import Model

STAND_IN = -(2**62) - 17  # a key that no row has, which the SQL is written with, as are those below it for lists
ROOM = 32  # keys of a list; for longer ones the SQL is written again
PLACE = re.compile(r"(?<!%)%s")  # of a parameter
TEXTS = range(0xE010, 0xE020)  # private-use characters, each of which stands in for a text
_numbers = itertools.count(1)


class Statement:
    """SQL that depends on some keys only, written with stand-ins in their place."""

    def __init__(self, sql: str, params: tuple):
        self.sql, self.params = sql, params
        self.name = f"read_often_{next(_numbers)}"
        self.stand_ins = sorted({value for value in params if isinstance(value, int) and value <= STAND_IN})
        self.constant = ()  # for SQLite: the SQL with all constants in it, and the stand-ins in their order
        self.prepared_by = WeakSet()  # connections of PostgreSQL, which keep the plan until they are closed
        self.outdated_for = WeakSet()  # those of them whose plan is to be made anew

    def for_keys(self, connection, keys: Mapping[int, int]) -> tuple[str, tuple]:
        """The SQL and its parameters as `connection` takes them, with `keys` in the place of the stand-ins."""
        if connection.vendor == "sqlite":
            sql, places = self.constant = self.constant or self._with_constants(connection)
            return sql, tuple(keys.get(value, value) for value in places)
        if not _keeps_plans(connection):
            return self.sql, tuple(keys.get(value, value) for value in self.params)
        connection.ensure_connection()
        if connection.connection not in self.prepared_by:
            self._prepare(connection)
        places = ", ".join(["%s"] * len(self.stand_ins))
        return f"EXECUTE {self.name} ({places})", tuple(keys.get(value, value) for value in self.stand_ins)

    def _with_constants(self, connection):
        """A constant that might decide for a partial index has SQLite plan the statement anew each time it is given."""
        constants = [value for value in self.params if value not in self.stand_ins]
        connection.ensure_connection()
        quoted = (connection.connection.execute("SELECT quote(?)", [value]).fetchone()[0] for value in constants)
        words = ("%s" if value in self.stand_ins else next(quoted).replace("%", "%%") for value in self.params)
        pieces = PLACE.split(self.sql)
        sql = pieces[0] + "".join(word + piece for word, piece in zip(words, pieces[1:], strict=True))
        return sql, tuple(value for value in self.params if value in self.stand_ins)

    def _prepare(self, connection):
        sql = connection.ops.compose_sql(self.sql, self.params)
        for number, stand_in in enumerate(self.stand_ins, 1):
            sql = sql.replace(str(stand_in), f"${number}")
        types = ", ".join(["bigint"] * len(self.stand_ins))
        with connection.cursor() as cursor:
            if connection.connection in self.outdated_for:
                cursor.execute(f"DEALLOCATE {self.name}")
                self.outdated_for.discard(connection.connection)
            cursor.execute(f"PREPARE {self.name} ({types}) AS {sql}")
        self.prepared_by.add(connection.connection)

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
        return _read(written, lambda: make(STAND_IN), _with_keys({STAND_IN: key}))

    return ask


def prepared_for_lists(make):
    """As `prepared`, of a function from lists of keys, of which each queryset wants those `in` one.

    No list is ever empty or of another length, as far as the SQL goes: what is missing are keys that no row has.
    """
    written = {}

    @wraps(make)
    def ask(*lists: Sequence[int]) -> list:
        room = ROOM * max(1, -(-max(map(len, lists)) // ROOM))
        stand_ins = [range(start - room, start) for start in range(STAND_IN, STAND_IN - room * len(lists), -room)]
        pairs = zip(stand_ins, lists, strict=True)
        keys = {place: key for places, keys in pairs for place, key in zip(places, keys, strict=False)}
        return _read(written.setdefault(room, {}), lambda: make(*stand_ins), _with_keys(keys))

    return ask


def _with_keys(keys):
    return lambda statement, connection: statement.for_keys(connection, keys)


def written_once_for_texts(make):
    """As `prepared` but for the plan, of a function from texts: wanted is what begins with or contains one."""
    written = {}

    @wraps(make)
    def ask(*texts: str) -> list:
        stand_ins = TEXTS[: len(texts)]
        values = dict(zip(stand_ins, map(connection.ops.prep_for_like_query, texts), strict=True))

        def with_texts(statement, _connection):
            filled = (value.translate(values) if isinstance(value, str) else value for value in statement.params)
            return statement.sql, tuple(filled)

        return _read(written, lambda: make(*map(chr, stand_ins)), with_texts)

    return ask


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
