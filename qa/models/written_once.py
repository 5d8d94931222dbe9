"""Querysets whose SQL is written once, for pages that are read most: writing it takes far longer than its answer."""

from copy import copy
from functools import wraps

from django.db import connections
from django.db.models import QuerySet

STAND_IN = -(2**62) - 17  # a key that no row has, which the SQL is written with


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
            sql, params = compiler.as_sql()
            converters = compiler.get_converters([expression for expression, *_rest in compiler.select])
            written[alias] = (queryset, compiler, sql, params, converters)
        queryset, compiler, sql, params, converters = written[alias]
        own = copy(compiler)
        own.connection = connections[alias]  # each thread has its own
        own.as_sql = lambda *args, **kwargs: (sql, tuple(key if value == STAND_IN else value for value in params))
        own.get_converters = lambda *args: converters
        asked = queryset._chain()
        asked.query.get_compiler = lambda *args, **kwargs: own
        return asked

    return ask
