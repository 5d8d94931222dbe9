"""What works in the background beside people, on PostgreSQL: it never ends what they do, nor holds it up for long."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, transaction

from qa import related
from qa.models import Question, QuestionStatus, RelatedChange, RelatedQuestion, RelatedReason, SearchChange, SearchEntry
from qa.related import links
from qa.search import catch_up, rebuild
from qa.search.pipeline import VERSION
from tests.factories import in_step, make_answered_question

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.only_on("postgresql"),  # on SQLite only one can write at a time
]

ECZEMA = ["Eczema on both hands", "Hand eczema in winter", "Eczema of the hands"]
SOON = 5  # seconds


@pytest.fixture(autouse=True)
def nothing_is_put_off(monkeypatch):
    for name in ("_failed", "_busy"):
        monkeypatch.setattr(links, name, {})


@pytest.fixture
def eczema():
    questions = [make_answered_question(title=title, body="My hands itch and the skin cracks.") for title in ECZEMA]
    in_step()
    assert RelatedQuestion.objects.count() == 6
    return questions


@pytest.fixture
def other():
    """Runs a function on a connection of its own, at the same time."""

    def run(work):
        try:
            return work()
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        yield lambda work: pool.submit(run, work)


def somebody_waits():
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'")
        return cursor.fetchone()


def until(condition):
    began = time.monotonic()
    while not condition() and time.monotonic() < began + SOON:
        time.sleep(0.01)


def meanwhile(monkeypatch, act):
    """Before the worker writes the links that it has deleted."""
    rows = links._rows

    def act_before(*arguments):
        act()
        return rows(*arguments)

    monkeypatch.setattr(links, "_rows", act_before)


def test_a_moderator_does_not_wait_for_who_relates_questions_that_led_to_the_removed_one(
    eczema, other, moderator, monkeypatch
):
    linking, neighbour, removed = eczema
    leads_to = links.Match(neighbour.pk, neighbour.specialty_id, 1.0)
    monkeypatch.setattr(links, "find_matches", lambda *arguments, **options: [leads_to])
    RelatedChange.objects.note([linking.pk], RelatedReason.CHANGED)
    question = Question.objects.get(pk=removed.pk)
    meanwhile(monkeypatch, lambda: other(lambda: question.remove(moderator, "A mistake.")).result(SOON))
    assert related.catch_up() == 1
    assert Question.objects.get(pk=removed.pk).status == QuestionStatus.REMOVED
    monkeypatch.undo()
    in_step()
    assert not RelatedQuestion.objects.filter(related=removed).exists()
    assert not RelatedChange.objects.exists()


@pytest.mark.parametrize("which", range(3))
def test_a_question_that_somebody_is_changing_is_related_later(eczema, monkeypatch, other, which):
    RelatedQuestion.objects.all().delete()
    RelatedChange.objects.note([eczema[0].pk], RelatedReason.CHANGED)
    with transaction.atomic():
        Question.objects.filter(pk=eczema[which].pk).update(pseudonym="Heron")
        assert other(related.catch_up).result(SOON) == 1
        assert other(related.catch_up).result(SOON) == 0  # not again and again
    assert not RelatedQuestion.objects.exists()
    monkeypatch.setattr(links, "BUSY", 0)
    in_step()
    assert RelatedQuestion.objects.filter(question=eczema[0]).count() == 2


def test_who_writes_entries_and_who_relates_questions_do_not_wait_in_a_circle(eczema, other, monkeypatch):
    RelatedChange.objects.note([eczema[0].pk], RelatedReason.REBUILD)
    RelatedChange.objects.note([eczema[1].pk], RelatedReason.CHANGED)
    for question in eczema:
        Question.objects.filter(pk=question.pk).update(body="My hands itch and the skin cracks in winter.")
    assert SearchChange.objects.count() == 3
    writing = []

    def write_entries():
        writing.append(other(catch_up))
        time.sleep(0.5)

    meanwhile(monkeypatch, write_entries)
    neighbour = links.Match(eczema[0].pk, eczema[0].specialty_id, 1.0)
    monkeypatch.setattr(links, "find_matches", lambda *arguments, **options: [neighbour])
    assert related.catch_up() == 1
    assert writing[0].result(SOON) == 3
    assert RelatedChange.objects.count() == 3


def test_links_that_cannot_be_written_for_a_deadlock_are_written_later(eczema, other, monkeypatch):
    RelatedChange.objects.note([eczema[0].pk], RelatedReason.CHANGED)
    RelatedQuestion.objects.all().delete()
    pair = {"question": eczema[0], "related": eczema[1], "position": 1, "origin": "editor"}

    def take_long():
        with transaction.atomic():
            RelatedQuestion.objects.create(**pair)
            time.sleep(1)

    writing = []
    meanwhile(monkeypatch, lambda: writing or (writing.append(other(take_long)), time.sleep(0.3)))
    assert related.catch_up() == 1
    assert writing[0].result(SOON) is None
    assert RelatedChange.objects.filter(question_id=eczema[0].pk).exists()
    monkeypatch.setattr(links, "BUSY", 0)
    in_step()
    assert RelatedQuestion.objects.filter(question=eczema[0]).count() == 2


@pytest.mark.parametrize(("first", "last"), [(0, 2), (2, 0)])
def test_a_rebuild_of_search_and_who_changes_many_texts_do_not_wait_in_a_circle(eczema, other, first, last):
    SearchEntry.objects.update(version=0)
    with transaction.atomic():
        Question.objects.filter(pk=eczema[first].pk).update(body="Other words")
        rebuilding = other(rebuild)
        until(somebody_waits)
        Question.objects.filter(pk=eczema[last].pk).update(body="Other words")
    rebuilding.result(SOON)
    in_step()
    assert SearchEntry.objects.filter(kind="question", version=VERSION).count() == 3
