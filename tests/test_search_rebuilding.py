"""Rebuilding what search looks into, by the command `rebuild_search`."""

import pytest
from django.core.management import call_command
from django.db import connection

from qa.models import SearchEntry, SearchSpelling
from qa.search import rebuild
from tests.factories import make_answered_question
from tests.searching import found

pytestmark = pytest.mark.django_db


def test_rebuilding_writes_what_is_missing_and_goes_on_where_it_was_stopped(capsys):
    keys = [make_answered_question(title="Rash").pk for _ in range(3)]
    call_command("rebuild_search")
    number = SearchEntry.objects.count()
    assert f"{number} entries written" in capsys.readouterr().out
    SearchEntry.objects.filter(kind="question", object_id=keys[0]).delete()
    SearchEntry.objects.filter(kind="question", object_id=keys[1]).update(version=0)
    assert rebuild() == 2
    assert rebuild() == 0
    assert rebuild(is_anew=True) == number
    assert set(found("rash")) == set(keys)


def test_a_rebuild_by_another_pipeline_mends_typing_errors_by_its_terms():
    key = make_answered_question(title="Thyroiditis").pk
    rebuild()
    SearchSpelling.objects.filter(spelling="thyroiditis").update(term="thyroid")  # as another stemmer had it
    rebuild(is_anew=True)
    assert SearchSpelling.objects.get(spelling="thyroiditis").term == "thyroiditis"
    assert found("thyroidtis") == [key]


def test_after_a_rebuild_the_database_knows_how_full_its_tables_are():
    for _ in range(3):
        make_answered_question(title="Rash")
    rebuild()
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("SELECT max(CAST(stat AS integer)) FROM sqlite_stat1 WHERE tbl = 'qa_question'")
        else:
            cursor.execute("SELECT reltuples FROM pg_class WHERE relname = 'qa_question'")
        assert cursor.fetchone()[0] == 3
