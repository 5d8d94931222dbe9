"""The links under each question, computed by the worker and by `rebuild_related`: once, and never lost."""

from io import StringIO

import pytest
from django.core.management import call_command

from qa import related, retention
from qa.models import (
    Question,
    RelatedChange,
    RelatedQuestion,
    RelatedReason,
    SearchEntry,
)
from qa.related import find_matches, links
from qa.related.links import choose
from qa.search import Finder, catch_up
from qa.search import rebuild as rebuild_search
from tests.factories import in_step, make_answered_question
from tests.processes import manage
from tests.resembling import ECZEMA, FRACTURE, links_of

pytestmark = pytest.mark.django_db


def test_a_text_that_changes_while_its_links_are_computed_is_computed_again(eczema, monkeypatch):
    while catch_up():
        pass
    found = []

    def change_meanwhile(*arguments, **options):
        if not found:
            Question.objects.filter(pk=eczema[0].pk).update(title="Broken wrist", body=FRACTURE[1])
            catch_up()
        found.append(find_matches(*arguments, **options))
        return found[-1]

    monkeypatch.setattr("qa.related.links.find_matches", change_meanwhile)
    related.catch_up()
    assert links_of(eczema[0]) == []
    assert RelatedChange.objects.filter(question_id=eczema[0].pk).exists()
    in_step()
    assert not RelatedChange.objects.exists()


@pytest.fixture
def bad_question(eczema, monkeypatch):
    """One whose links cannot be computed, among others that wait."""
    while catch_up():
        pass
    monkeypatch.setattr(links, "_failed", {})
    choose = links.choose

    def fail_for_one(matches, specialty):
        if eczema[0].pk not in {match.question_id for match in matches}:
            raise ValueError("Purple rash")
        return choose(matches, specialty)

    monkeypatch.setattr(links, "choose", fail_for_one)
    return eczema[0]


def test_a_question_whose_links_cannot_be_computed_is_skipped(eczema, bad_question, caplog):
    in_step()
    assert all(len(links_of(question)) == 4 for question in eczema[1:])
    assert [change.question_id for change in RelatedChange.objects.all()] == [bad_question.pk]
    said = [record.getMessage() for record in caplog.records if record.name == links.__name__]
    assert len(said) == 1
    assert said[0].startswith(f"Could not compute the links of question {bad_question.pk}: ValueError at qa/related/")
    assert "Purple" not in caplog.text


def test_what_failed_is_tried_again_later(eczema, bad_question, monkeypatch):
    in_step()
    monkeypatch.setattr(links, "choose", choose)
    in_step()
    assert links_of(bad_question) == []
    monkeypatch.setattr(links, "TRY_AGAIN", 0)
    in_step()
    assert len(links_of(bad_question)) == 4
    assert not RelatedChange.objects.exists()


def test_a_rebuild_ends_though_the_links_of_one_question_cannot_be_computed(eczema, bad_question):
    RelatedChange.objects.all().delete()
    assert related.start_rebuild() == (6, False)
    while related.rebuild_some(Finder()):
        pass
    assert all(len(links_of(question)) == 4 for question in eczema[1:])
    assert list(RelatedChange.objects.for_worker().values_list("question_id", flat=True)) == [bad_question.pk]
    assert related.start_rebuild() == (6, False)


def test_where_everything_fails_it_is_said_and_nothing_is_lost(eczema, bad_question, monkeypatch):
    waiting = RelatedChange.objects.count()
    monkeypatch.setattr(links, "choose", lambda *arguments: 1 / 0)
    monkeypatch.setattr(links, "MOST_FAILED", 0)
    with pytest.raises(ZeroDivisionError):
        related.catch_up()
    assert RelatedChange.objects.count() == waiting


def test_a_question_that_is_deleted_meanwhile_is_forgotten(eczema):
    while catch_up():
        pass
    retention.erase(eczema[0])
    RelatedChange.objects.note([eczema[0].pk], RelatedReason.CHANGED)
    in_step()
    assert not RelatedChange.objects.exists()


def test_what_a_rebuild_of_search_writes_gets_its_links_too(eczema):
    in_step()
    SearchEntry.objects.filter(object_id=eczema[1].pk).update(version=0)  # of an older pipeline: nothing has changed
    question = make_answered_question(title="Hands in winter", body="My hands itch, and each winter the skin cracks.")
    rebuild_search()
    assert [change.question_id for change in RelatedChange.objects.all()] == [question.pk]
    in_step()
    assert len(links_of(question)) == 4


def test_a_rebuild_goes_on_where_it_ended(eczema):
    in_step()
    RelatedQuestion.objects.all().delete()
    assert related.start_rebuild() == (6, False)
    assert related.rebuild_some(Finder(), limit=2) == 2
    said = StringIO()
    call_command("rebuild_related", "--left", stdout=said)
    assert said.getvalue() == "4 questions wait.\n"
    assert related.start_rebuild() == (4, True)
    assert [related.rebuild_some(Finder(), part, 2) + related.rebuild_some(Finder(), part, 2) for part in (0, 1)] == [
        2,
        2,
    ]
    assert related.rebuild_some(Finder()) == 0
    assert all(len(links_of(question)) == 4 for question in eczema)
    assert not RelatedChange.objects.exists()


def test_an_abandoned_rebuild_loses_nothing_that_waited_for_the_worker(eczema):
    in_step()
    RelatedQuestion.objects.all().delete()
    RelatedChange.objects.note([eczema[0].pk], RelatedReason.CHANGED)
    RelatedChange.objects.note([eczema[1].pk], RelatedReason.NEIGHBOUR)
    assert related.start_rebuild() == (6, False)
    in_step()
    assert [len(links_of(question)) for question in eczema[:2]] == [4, 4]


def test_a_rebuild_does_what_waits_for_the_worker_too(eczema):
    while catch_up():
        pass
    assert related.start_rebuild() == (6, False)  # as after a large import
    assert RelatedChange.objects.for_rebuild(0, 1).count() == 0
    while any(related.rebuild_some(Finder(), part, 2) for part in (0, 1)):
        pass
    assert all(len(links_of(question)) == 4 for question in eczema)


def test_a_rebuild_computes_the_links_of_each_question_once(eczema):
    """Else after a large import each would be computed again for each new one that resembles it."""
    while catch_up():
        pass
    related.start_rebuild()
    assert [related.rebuild_some(Finder(), limit=2) for _time in range(4)] == [2, 2, 2, 0]


def test_what_changes_during_a_rebuild_is_computed_for_those_that_resemble_it_too(eczema):
    in_step()
    related.start_rebuild()
    finder = Finder()
    while related.rebuild_some(finder):
        pass
    newer = make_answered_question(title=ECZEMA[0][0], body=ECZEMA[0][1])
    while catch_up():
        pass
    assert related.rebuild_some(finder) == 1
    assert related.rebuild_some(finder) == 4
    assert newer.pk in dict(links_of(eczema[0]))


def test_the_worker_leaves_a_rebuild_to_its_command(eczema):
    in_step()
    related.start_rebuild()
    assert related.catch_up() == 0


def test_the_command_shares_the_work_among_processes(tmp_path):
    for command in (["migrate"], ["loaddata", "archive"], ["worker", "--once"]):
        status, said = manage(tmp_path, *command, DEBUG="1")
        assert status == 0, said
    status, said = manage(tmp_path, "rebuild_related", "--processes", "2", DEBUG="1")
    assert status == 0, said
    assert "15 questions in" in said
    assert said.count("Links:") <= 2  # no terminal: a bar is drawn at its begin and its end, and in between seldom
