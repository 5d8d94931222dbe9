"""Records that are refused: each bad line by its number and with a sentence, and files that cannot be read."""

import json
import os
from pathlib import Path

import pytest
from django.conf import settings as portal
from django.core.management import CommandError
from django.db import transaction

from qa.importing import lines
from qa.importing.record_loading import Loader
from qa.management.commands.import_questions import MOST_NAMED
from qa.models import Question
from tests import records
from tests.records import REPLY, load, problems_of, record, refusal
from tests.test_import import everything

write = records.write

WRONG = [
    (b"\xff{}", "The line is not UTF-8: byte 1 is 0xff."),
    (b"{", "The line is not JSON: "),
    (b"[]", "The line is not a JSON object, which begins with {."),
    (b'{"a": 1, "a": 2}', "The field “a” stands in it twice."),
    (b'{"age": NaN}', "The line holds NaN, which is no number of JSON."),
    (b'{"age": ' + b"9" * 5000 + b"}", "The line holds a number that is too long."),
    (b"[" * 100_000, "The line is nested too deeply."),
    (record(colour="red"), "A record has no field “colour”."),
    (record(replies=[REPLY | {"colour": "red"}]), "A reply has no field “colour”."),
    (record(source="portal"), "The source “portal” is kept for what patients ask here."),
    (record(source="Old Site"), "“source” takes small letters"),
    (record(id=""), "“id” is missing."),
    (record(title=None), "“title” is missing."),
    (record(title=["a"]), "“title” must be text."),
    (record(title="x" * 201), "“title” has 201 characters; 200 are the most."),
    (record(body=" \n "), "“body” is missing."),
    (record(body="x" * 4001), "“body” has 4001 characters; 4000 are the most."),
    (record(body="a\0b"), "“body” holds the character NUL, which no text has."),
    (b'{"body": "\\ud800"}', "“body” holds half a character (a lone surrogate)."),
    (record(specialty=""), "“specialty” is missing."),
    (record(topics="Skin"), "“topics” must be a list."),
    (record(topics=["x" * 101]), "“topics” has 101 characters; 100 are the most."),
    (record(parts=["a"] * 2), "“parts” says the same thing twice."),
    (record(parts=list("abcdef")), "“parts” has 6 entries; 5 are the most."),
    (record(pseudonym="Dr. Who"), "“pseudonym” looks like the name of a doctor: “Dr. Who”."),
    (record(age_band="39-30"), "“age_band” must go from low to high, at most 120, and hold more than one year."),
    (record(age_band="30-30"), "“age_band” must go from low to high"),
    (record(age_band="thirty"), "“age_band” must be two ages such as 10-19."),
    (record(age_band=None, age=121), "“age” must be a whole number of years from 0 to 120."),
    (record(age=30), "A record has “age_band” or “age”, not both."),
    (record(sex="f"), "“sex” must be one of female, male, other, unstated, but is “f”."),
    (record(on_behalf_of="dog"), "“on_behalf_of” must be one of self, child,"),
    (record(language="English, really"), "“language” has 15 characters; 10 are the most."),
    (record(language="x"), "“language” must be a code such as en or zh-hant, but is “x”."),
    (record(language="xx-zz"), "“language” must be a code such as en or zh-hant, but is “xx-zz”."),
    (record(language="en-us-us"), "“language” must be a code such as en or zh-hant, but is “en-us-us”."),
    (record(asked="yesterday"), "“asked” must be a date such as 2016-06-01, but is “yesterday”."),
    (record(asked="2016-02-30"), "“asked” must be a date such as 2016-06-01, but is “2016-02-30”."),
    (record(asked=20160601), "“asked” must be a date such as 2016-06-01."),
    (record(asked="2999-01-01"), "“asked” must not lie in the future, but is 2999-01-01."),
    (record(asked="1969-12-31"), "“asked” must not lie before 1971-01-01, but is 1969-12-31."),
    (record(asked="2016-06-09"), "A reply is dated 2016-06-03, before the question of 2016-06-09."),
    (record(is_excerpt="yes"), "“is_excerpt” must be true or false."),
    (record(replies=None), "The question has no reply, and only answered questions are public."),
    (record(replies=["text"]), "“replies” must hold objects, each a reply."),
    (record(replies=[REPLY] * 51), "“replies” has 51 entries; 50 are the most."),
    (record(replies=[REPLY | {"doctor": "Dr."}]), "“doctor” is missing."),
    (record(replies=[REPLY | {"body": "x" * 20_001}]), "“body of a reply” has 20001 characters; 20000 are the most."),
    (record(replies=[REPLY | {"next_step": "wait"}]), "“next_step” must be one of self_care, routine, soon,"),
    (record(replies=[REPLY | {"cannot_assess": "too_little"}]), "A reply with “cannot_assess” needs “may_be_about”,"),
    (record(replies=[REPLY | {"coverage": ["partly", "partly"]}]), "“coverage” names more parts than there are."),
]


@pytest.mark.django_db
@pytest.mark.parametrize(("wrong", "sentence"), WRONG, ids=[sentence for _wrong, sentence in WRONG])
def test_a_bad_line_is_refused_with_its_number_and_a_sentence(write, wrong, sentence):
    said = refusal(write(record(), b"", wrong, record(2)))
    assert f"line 3: {sentence}" in said
    assert "line 1:" not in said
    assert "line 4:" not in said


@pytest.mark.django_db
def test_all_that_is_wrong_is_said_at_once(write):
    said = refusal(write(record(title=""), record(2, sex="x", body=""), record(1), record(3), record(3)))
    assert [line.split(":")[0] for line in said.splitlines()] == ["line 1", "line 2", "line 2", "line 5"]
    assert "line 5: Line 4 has the same source and id." in said


@pytest.mark.django_db
def test_an_age_that_cannot_be_hides_nothing_else():
    said = " ".join(problems_of(age=200, sex="x", asked="never", title=""))
    for name in ("“age” must be", "not both", "“sex”", "“asked”", "“title”"):
        assert name in said


@pytest.mark.django_db
def test_a_name_that_nobody_has_heard_of_is_summed_up_once(write):
    lines = [*(record(n, specialty="Skins") for n in range(3)), record(3, topics=["Warts"])]
    said = refusal(write(*lines), specialties="refuse", topics="refuse").splitlines()
    assert "line 2: There is no specialty “Skins”." in said
    assert said[-1] == ("There is no topic “Warts”: 1 line; --topics create makes it, --topics ignore leaves it out.")
    assert "There is no specialty “Skins”: 3 lines; --specialties create makes it." in said


@pytest.mark.django_db
def test_what_is_wrong_with_many_lines_is_counted_and_said_once_how_to_mend_it(write):
    wrong = [record(n, topics="Skin, Rash") for n in range(MOST_NAMED + 2)]
    said = refusal(write(*wrong, *(record(100 + n, title="") for n in range(MOST_NAMED + 1)))).splitlines()
    named = [line for line in said if line.startswith("line ")]
    assert len(named) == 2 * MOST_NAMED
    assert said[len(named) :] == [
        "“topics” must be a list: 22 lines; [split] in a --map says at which mark a text is cut into one.",
        "“title” is missing: 21 lines.",
    ]


@pytest.mark.parametrize("language", ["en", "zh-Hant-TW", "pt-BR", "es-419", "yue", "de-1996", "fil"])
def test_a_language_is_one_that_there_is(language):
    assert problems_of(language=language) == []


@pytest.mark.django_db
def test_what_the_database_says_of_a_row_it_does_not_take_is_not_printed(write, monkeypatch):
    def break_constraint(loader, records):
        with transaction.atomic():
            Question.objects.create(title="Purple rash", status="purple")

    monkeypatch.setattr(Loader, "create", break_constraint)
    with pytest.raises(CommandError) as said:
        load(write(b"", record(title="Purple rash"), record(2)))
    assert str(said.value).startswith("The database did not take the records of the lines 2 to 3: IntegrityError at ")
    assert "start again" in str(said.value)
    assert "urple" not in str(said.value)
    assert said.value.__suppress_context__


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
@pytest.mark.django_db
def test_a_full_disk_is_named(write, monkeypatch, tmp_path):
    path = write(record(), b"not a record")
    (tmp_path / "full").symlink_to("/dev/full")
    with pytest.raises(CommandError, match=rf"^{tmp_path}/full: .*No space left"):
        load(path, skip_bad=tmp_path / "full")
    monkeypatch.setattr("tempfile.TemporaryFile", lambda dir: open("/dev/full", "w+b"))  # noqa: PTH123, SIM115
    with pytest.raises(CommandError, match=rf"^{portal.DATA_DIR}: .*No space left"):
        load(path)


@pytest.mark.django_db
def test_a_line_of_any_length_is_refused_without_being_read_whole(write, monkeypatch, tmp_path):
    monkeypatch.setattr(lines, "MAX_LINE_BYTES", 1000)
    huge = b'{"body": "' + b"x" * 5_000_000 + b'"}'
    path = write(record(), huge, record(2))
    assert "line 2: The line is longer than 1,000 bytes." in refusal(path)
    load(path, skip_bad=tmp_path / "bad.jsonl")
    assert Question.objects.count() == 2
    assert (tmp_path / "bad.jsonl").read_bytes() == huge + b"\n"


@pytest.mark.django_db
def test_skipping_bad_lines_loads_the_rest_and_keeps_the_bad_ones_as_they_are(write, tmp_path):
    bad = [b"\xff not a record", json.dumps(record(2, sex="x")).encode()]
    path = write(record(), bad[0], record(3), bad[1])
    said = load(path, skip_bad=tmp_path / "bad.jsonl")
    assert "2 created" in said
    assert "bad lines: 2" in said
    assert (tmp_path / "bad.jsonl").read_bytes().splitlines() == bad
    assert {question.source_id for question in Question.objects.all()} == {"q1", "q3"}


@pytest.mark.django_db
@pytest.mark.parametrize("options", [{}, {"skip_bad": Path()}])
def test_a_check_fails_where_a_line_is_bad_and_writes_nothing(write, options):
    path, before = write(record(), b"not a record"), everything()
    with pytest.raises(CommandError, match=r"lines: 2, bad: 1; nothing was written|because of 1 bad line\."):
        load(path, check=True, **options)
    assert everything() == before
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.django_db
@pytest.mark.parametrize("lines", [[], [b"", b"  "]])
@pytest.mark.parametrize("options", [{}, {"check": True}, {"skip_bad": Path()}])
def test_a_file_with_nothing_in_it_is_named(write, lines, options):
    with pytest.raises(CommandError, match="There is nothing in it"):
        load(write(*lines), **options)


@pytest.mark.django_db
@pytest.mark.parametrize("option", ["skip_bad", "report"])
def test_the_file_that_is_read_is_not_written_over(write, option):
    path = write(b"not a record", record())
    before = path.read_bytes()
    with pytest.raises(CommandError, match="must not take the place"):
        load(path, **{option: path.parent / "." / path.name})
    assert path.read_bytes() == before


@pytest.mark.django_db
def test_checking_only_writes_nothing(write):
    before = everything()
    assert "lines: 2, bad: 0; nothing was written" in load(write(record(), record(2)), check=True)
    assert everything() == before


@pytest.mark.parametrize("name", ["missing.jsonl", ".", "-"])
@pytest.mark.django_db
def test_a_file_that_cannot_be_read_is_named(tmp_path, name, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(CommandError, match="It cannot be read"):
        load(Path(name), skip_bad=Path())


@pytest.mark.django_db
def test_a_pipe_is_refused_and_why_is_said(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", Path("-")):
        with pytest.raises(CommandError, match="reads a file twice, so it takes no pipe"):
            load(path)
