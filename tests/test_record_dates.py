"""Dates of records: days and times of any zone, as the file has them; nothing is dated before its question."""

import pytest
from django.utils import timezone

from qa.importing.records import AllNames, Reader, as_line
from tests.records import REPLY, record


def read(asked, *dates, **fields):
    """The record of a question and replies of these dates, and what is wrong with it."""
    replies = [REPLY | {"date": date} for date in dates]
    return Reader(AllNames()).read(1, record(asked=asked, replies=replies, **fields))


@pytest.fixture
def in_new_york():
    with timezone.override("America/New_York"):
        yield


def test_a_question_was_answered_with_the_first_of_its_replies():
    dates = ["2016-06-03", "2016-06-03T01:00:00Z"]  # a day alone is its noon
    found, _problems = read("2016-06-01", *dates)
    assert found.data["answered"] == "2016-06-03T01:00:00Z"


@pytest.mark.parametrize(
    ("asked", "replied"),
    [
        ("2016-06-01T20:30:00", "2016-06-01"),
        ("2016-06-01T20:30:00-05:00", "2016/6/1"),
        ("2016-06-01T20:30:00-05:00", "2016-06-02T01:30:00Z"),
        ("2016-06-02", "2016-06-02T07:00:00+09:00"),
        ("2016-06-02T00:30:00Z", "2016-06-01"),  # where it was asked it may have been the day before
    ],
)
def test_a_reply_of_the_same_day_is_not_before_the_question_wherever_it_was_asked(in_new_york, asked, replied):
    found, problems = read(asked, replied)
    assert problems == read(asked, "2016-06-05", answered=replied)[1] == []
    again = Reader(AllNames()).read(1, found.data)[0]
    assert as_line(again.data) == as_line(found.data)


@pytest.mark.parametrize(
    ("asked", "replied"),
    [
        ("2016-06-02T00:30:00", "2016-06-01"),
        ("2016-06-02T00:30:00-05:00", "2016/6/1"),
        ("2016-06-02T20:30:00-05:00", "2016-06-02T20:30:00Z"),
        ("2016-06-02", "2016-06-01T23:00:00-05:00"),
        ("2016-06-02T12:30:00Z", "2016-06-01"),
    ],
)
def test_what_is_dated_before_the_question_is_refused_in_the_words_of_the_file(in_new_york, asked, replied):
    sentence = f"is dated {replied}, before the question of {asked}."
    assert read(asked, replied)[1] == [f"A reply {sentence}"]
    assert read(asked, "2016-06-05", answered=replied)[1] == [f"“answered” {sentence}"]


def test_a_date_that_cannot_be_read_is_refused_once():
    (said,) = read("2016-06-09", "soon")[1]
    assert said.startswith("“date” must be a date")
