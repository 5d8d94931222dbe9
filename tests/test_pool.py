"""The connections to PostgreSQL that a process keeps: one that the server has ended costs nobody an error."""

import time

import pytest
from django.db import OperationalError, connection, connections

pytestmark = [pytest.mark.only_on("postgresql"), pytest.mark.django_db(transaction=True)]


@pytest.fixture
def pooled():
    """A connection to the same database as in production, of a pool that keeps one."""
    default = connections["default"]
    options = default.settings_dict["OPTIONS"] | {"pool": {"min_size": 1, "max_size": 1}}
    own = type(default)(default.settings_dict | {"OPTIONS": options, "CONN_MAX_AGE": 0}, alias="pooled")
    yield own
    own.close()
    own.close_pool()


def process(of):
    with of.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return cursor.fetchone()[0]


def end(number):
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [number])
        assert cursor.fetchone()[0]


def test_a_connection_is_kept_from_one_request_to_the_next(pooled):
    first = process(pooled)
    pooled.close()
    assert process(pooled) == first


def test_a_connection_that_the_server_has_ended_meanwhile_is_replaced(pooled):
    first = process(pooled)
    pooled.close()
    end(first)
    assert process(pooled) not in (None, first)


def test_one_that_is_only_told_something_meanwhile_is_kept(pooled):
    with pooled.cursor() as cursor:
        cursor.execute("LISTEN news")
    first = process(pooled)
    pooled.close()
    with connection.cursor() as cursor:
        cursor.execute("NOTIFY news")
    time.sleep(0.1)
    assert process(pooled) == first


def test_one_that_ends_in_the_middle_of_a_request_is_an_error_there_and_not_in_the_next(pooled):
    first = process(pooled)
    end(first)
    with pytest.raises(OperationalError):
        process(pooled)
    pooled.close()
    assert process(pooled) != first


def test_the_server_starts_no_helpers_for_a_page(pooled):
    process(pooled)
    with pooled.cursor() as cursor:
        asked = [cursor.execute(f"SHOW {name}").fetchone() for name in ("max_parallel_workers_per_gather", "jit")]
    assert asked == [("0",), ("off",)]
