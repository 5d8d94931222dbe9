"""Entries that cannot be written, or not as a whole: search goes on without."""

import pytest

from qa.models import SearchChange
from qa.search import catch_up, entries, rebuild
from qa.search.pipeline import index_terms
from qa.search.words import numbers_of
from tests.factories import make_answered_question
from tests.test_search import find

pytestmark = pytest.mark.django_db

CYRILLIC = "абвгдежзик"


def long_text(words):
    """Words that differ, each of some sixty bytes."""
    return " ".join("слово" * 5 + "".join(CYRILLIC[int(digit)] for digit in f"{n:05}") for n in range(words))


@pytest.fixture
def nothing_is_put_off(monkeypatch):
    monkeypatch.setattr(entries, "_failed", {})


def test_of_a_text_that_is_too_long_for_the_index_the_beginning_is_found():
    question = make_answered_question(title="Gout", body="Knee", reply_body=f"Quagmire {long_text(19_000)} marshland")
    catch_up()
    for word in ("gout", "knee", "quagmire", long_text(1)):
        assert find(word) == [("question", question.pk)]
    assert find("marshland") == []
    assert not SearchChange.objects.exists()


@pytest.fixture
def bad_text(monkeypatch, nothing_is_put_off):
    """A text of which no entry can be made."""

    def fail_for_one(text, spellings):
        if "Quagmire" in text:
            raise ValueError("Purple rash")
        return index_terms(text, spellings)

    monkeypatch.setattr(entries, "index_terms", fail_for_one)


@pytest.mark.usefixtures("bad_text")
def test_an_entry_that_cannot_be_written_is_tried_again_later_and_keeps_no_other_from_being_written(
    monkeypatch, caplog
):
    questions = [make_answered_question(title=title) for title in ("Gout", "Gout", "Quagmire", "Gout")]
    while catch_up():
        pass
    assert len(find("gout")) == 3
    assert numbers_of(["gout"])["gout"] == 3
    assert [change.object_id for change in SearchChange.objects.all()] == [questions[2].pk]
    said = [record.getMessage() for record in caplog.records if record.name == entries.__name__]
    assert len(said) == 1
    assert said[0].startswith(f"Could not write the entry of question {questions[2].pk}: ValueError at qa/search/")
    assert "Purple" not in caplog.text
    monkeypatch.setattr(entries, "index_terms", index_terms)
    assert catch_up() == 0
    monkeypatch.setattr(entries, "TRY_AGAIN", 0)
    assert catch_up() == 1
    assert find("quagmire") == [("question", questions[2].pk)]


@pytest.mark.usefixtures("bad_text")
def test_a_rebuild_writes_all_entries_but_the_one_that_cannot_be_written():
    for title in ("Gout", "Quagmire", "Gout"):
        make_answered_question(title=title)
    rebuild(is_anew=True)
    assert len(find("gout")) == 2
    assert SearchChange.objects.count() == 1


@pytest.mark.usefixtures("bad_text")
def test_where_no_entry_can_be_written_it_is_said_and_nothing_is_lost(monkeypatch):
    monkeypatch.setattr(entries, "MOST_FAILED", 0)
    make_answered_question(title="Quagmire")
    waiting = SearchChange.objects.count()
    with pytest.raises(ValueError, match="Purple"):
        catch_up()
    assert SearchChange.objects.count() == waiting
