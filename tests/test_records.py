"""Records: questions one a line, loaded whole or not at all; whatever a line holds, it is loaded or refused."""

import json
from functools import partial
from pathlib import Path

import pytest
from django.conf import settings as portal
from django.core.management import CommandError
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import Doctor, DoctorAlias, Specialty
from qa.importing import lines
from qa.importing.lines import NotARecord, parse
from qa.importing.record_loading import Loader
from qa.importing.records import FIELDS, REPLY_FIELDS, AllNames, Reader, as_line
from qa.importing.vocabulary import Unknown, Vocabulary
from qa.models import UNDATED, EventKind, Question, QuestionEvent, QuestionStatus, Reply, Topic
from qa.screening import all_rules, screen
from tests.factories import make_doctor, make_specialty, make_topic
from tests.records import RECORD, REPLY, export, load, record, refusal, written
from tests.test_import import everything


@pytest.fixture
def write(tmp_path):
    """Writes records, or lines as they are, to a file of JSON lines."""
    return partial(written, tmp_path / "records.jsonl")


def problems_of(**fields):
    return Reader(AllNames()).read(1, record(**fields))[1]


# Loading


@pytest.mark.django_db
def test_a_record_becomes_an_answered_question_with_all_that_it_says(write):
    assert "1 created" in load(write(record(headline="Red Spots", language="zh-Hant")))
    question = Question.objects.public().get()
    assert (question.source, question.source_id, question.language) == ("old-site", "q1", "zh-hant")
    assert (question.headline, question.title) == ("Red Spots", "Red spots on my shin")
    assert question.body.count("\n") == 1
    assert (question.pseudonym, question.age_from, question.age_to, question.sex) == ("Blue Heron", 30, 39, "female")
    assert (str(question.asked_on), str(question.answered_on)) == ("2016-06-01", "2016-06-03")
    assert question.secret_key is None
    assert not question.contact_email
    assert {topic.name for topic in question.topics.all()} == {"Skin", "Red Spots"}
    assert [part.text for part in question.parts.all()] == ["What can it be?"]
    reply = question.replies.published().get()
    assert (reply.doctor.name, reply.specialty.name, str(reply.replied_on)) == (
        "Lu Daokuan",
        "Dermatology",
        "2016-06-03",
    )
    assert not question.events.exists()


@pytest.mark.django_db
def test_all_that_a_reply_can_say_is_kept(write):
    whole = REPLY | {
        "specialty": "Plastic Surgery",
        "next_step": "soon",
        "see_specialty": "Rheumatology",
        "cannot_assess": "needs_tests",
        "may_be_about": "Vessels.",
        "urgent_if": "Fever.",
        "whom_to_see": "A rheumatologist.",
        "title": "Senior physician",
        "affiliation": "A hospital",
        "review_by": "2030-01-01",
        "reaffirmed": "2020-01-01T08:00:00+08:00",
        "coverage": ["partly"],
    }
    load(write(record(replies=[whole])))
    reply = Reply.objects.published().get()
    assert (reply.specialty.name, reply.see_specialty.name) == ("Plastic Surgery", "Rheumatology")
    assert (reply.next_step, reply.cannot_assess, reply.urgent_if) == ("soon", "needs_tests", "Fever.")
    assert reply.credential == "Senior physician, A hospital"
    assert str(reply.review_by) == "2030-01-01"
    assert reply.reaffirmed_at.isoformat() == "2020-01-01T00:00:00+00:00"
    assert [c.coverage for c in reply.coverages.all()] == ["partly"]


@pytest.mark.django_db
def test_an_undated_excerpt_is_labelled_and_shows_no_date(write):
    undated = {name: value for name, value in REPLY.items() if name != "date"}
    load(write(record(asked=None, is_excerpt=True, replies=[undated])))
    question = Question.objects.get()
    assert question.is_excerpt
    assert question.asked_at == question.answered_at == question.replies.get().published_at == UNDATED


@pytest.mark.django_db
def test_replies_go_to_doctors_of_the_archive_by_name_or_alias_and_never_to_a_verified_namesake(write):
    verified = make_doctor("Lu Daokuan", slug="verified")
    known = Doctor.objects.create(name="Liao Wenyu", slug="liao", is_from_archive=True)
    DoctorAlias.objects.create(doctor=known, name="Liao Wenyun")
    replies = [REPLY, REPLY | {"doctor": "Dr. liao wenyun", "body": "I agree."}]
    load(write(record(replies=replies)))
    assert not verified.replies.exists()
    first, second = Question.objects.get().replies.published()
    assert (first.doctor.name, first.doctor.is_from_archive, first.doctor.is_verified) == ("Lu Daokuan", True, False)
    assert second.doctor == known
    assert [specialty.name for specialty in known.specialties.all()] == ["Dermatology"]


@pytest.mark.django_db
def test_of_two_doctors_of_one_name_the_second_is_known_by_the_other_names(write):
    first, second = [Doctor.objects.create(name="Lee Wen", slug=f"lee-{n}", is_from_archive=True) for n in (1, 2)]
    for name in ("Li Wen", "Lee Ven"):
        DoctorAlias.objects.create(doctor=second, name=name)
    load(write(record(replies=[REPLY | {"doctor": name} for name in ("Lee Wen", "Li Wen", "lee ven")])))
    assert (first.replies.count(), second.replies.count()) == (1, 2)


@pytest.mark.django_db
def test_a_link_to_a_photo_elsewhere_is_replaced_by_words(write):
    load(write(record(body="This is my leg: https://imgur.com/a/H7au7. What is it?")))
    assert Question.objects.get().body == "This is my leg: (link to a photo, removed). What is it?"


def test_every_example_of_a_link_to_a_photo_is_found_in_records():
    for text in next(rule for rule in all_rules() if rule.id == "photo-link").hits:
        assert problems_of(body=text) == []
        read, _problems = Reader(AllNames()).read(1, record(body=text))
        assert not [finding for finding in screen(read.data["body"], ["links"]) if finding.rule == "photo-link"]


@pytest.mark.django_db
def test_a_question_without_a_reply_is_refused_or_waits_for_doctors(write):
    path = write(record(replies=[]))
    assert "line 1: The question has no reply, and only answered questions are public." in refusal(path)
    load(path, open_unanswered=True)
    question = Question.objects.get()
    assert question.status == QuestionStatus.OPEN
    assert not Question.objects.public().exists()
    assert [event.kind for event in question.events.all()] == [EventKind.ACCEPTED]
    assert not QuestionEvent.objects.to_notify().exists()
    assert "1 updated" in load(write(record()))
    assert Question.objects.public().get() == question


@pytest.mark.django_db
def test_open_questions_that_speak_of_danger_are_urgent_and_answered_ones_are_not(write):
    danger = {"title": "My 3 year old", "body": "She has swallowed bleach, what shall I do?"}
    waiting = [record(1, **danger, replies=[]), record(2, parts=["Shall I kill myself?"], replies=[])]
    path = write(*waiting, record(3, **danger), record(4, replies=[]))
    assert "urgent: 2 of the open ones" in load(path, open_unanswered=True)
    child, despair = Question.objects.urgent().order_by("pk")
    assert (child.source_id, despair.source_id) == ("q1", "q2")
    assert child.events.get(kind=EventKind.ADVICE_PASSED).note == "emergency: poison-swallowed"
    assert despair.events.get(kind=EventKind.ADVICE_PASSED).note.startswith("self_harm: ")
    assert QuestionEvent.objects.filter(kind=EventKind.ADVICE_PASSED).count() == 2
    assert "urgent" not in load(write(record(5)))


@pytest.mark.django_db
def test_unknown_specialties_and_topics_are_refused_created_or_ignored(write):
    path = write(record())
    said = refusal(path, specialties="refuse", topics="refuse")
    assert "line 1: There is no specialty “Dermatology”." in said
    assert "line 1: There is no topic “Red Spots”." in said
    make_topic("Skin")
    load(path, specialties="refuse", topics="ignore")
    assert [topic.name for topic in Question.objects.get().topics.all()] == ["Skin"]
    load(path)
    assert Topic.objects.get(name="Red Spots").specialties.get().name == "Dermatology"
    assert Question.objects.get().topics.count() == 2


@pytest.mark.django_db
def test_names_are_known_in_capitals_or_not_and_topics_by_their_synonyms(write):
    make_specialty("Dermatology")
    make_topic("Sweat Blisters").synonyms.create(name="Dyshidrosis")
    load(write(record(specialty="DERMATOLOGY", topics=["dyshidrosis"])), specialties="refuse", topics="refuse")
    assert [topic.name for topic in Question.objects.get().topics.all()] == ["Sweat Blisters"]
    assert Specialty.objects.count() == 1


# Bad lines

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
    with pytest.raises(CommandError, match=r"lines: 2, bad: 1; nothing was written|because of 1 bad lines"):
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


@pytest.mark.django_db
def test_a_file_with_a_mark_windows_line_ends_and_no_last_line_end_is_read(tmp_path):
    path = tmp_path / "windows.jsonl"
    path.write_bytes(b"\xef\xbb\xbf" + b"\r\n".join(json.dumps(record(n)).encode() for n in (1, 2)))
    assert "2 created" in load(path)


@pytest.mark.parametrize("name", ["missing.jsonl", "."])
@pytest.mark.django_db
def test_a_file_that_cannot_be_read_is_named(tmp_path, name, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(CommandError, match="It cannot be read"):
        load(Path(name), skip_bad=Path())


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda children: st.lists(children, max_size=3) | st.dictionaries(st.text(), children, max_size=3),
    max_leaves=6,
)
TYPICAL = ["2016-06-01", "0-1", "soon", "https://imgur.com/a/b.", "\ufeff x", "Dr. A", "Dr. Dr. A"]
any_text = st.text(st.characters(codec=None), max_size=40)
odd = json_values | any_text | st.sampled_from(TYPICAL)
reply_like = st.dictionaries(st.sampled_from(REPLY_FIELDS), odd) | st.builds(
    lambda fields: REPLY | fields, st.dictionaries(st.sampled_from(REPLY_FIELDS), odd, max_size=3)
)
record_like = st.builds(
    lambda fields, replies: RECORD | {"replies": replies} | fields,
    st.dictionaries(st.sampled_from(FIELDS), odd, max_size=4),
    st.lists(reply_like, max_size=2),
)


@settings(deadline=None)
@given(st.binary() | json_values.map(lambda value: json.dumps(value).encode()))
def test_no_line_whatever_it_holds_ends_in_a_traceback(line):
    try:
        given = parse(line)
    except NotARecord:
        return
    assert Reader(AllNames()).read(1, given)[1]


@settings(max_examples=300, deadline=None)
@given(record_like)
def test_a_record_is_read_or_refused_and_its_form_is_the_same_when_read_again(given):
    reader = Reader(AllNames())
    read, problems = reader.read(1, parse(json.dumps(given).encode()))
    assert bool(read) != bool(problems)
    assert all(problem.encode() and problem.endswith(".") for problem in problems)
    if read:
        line = as_line(read.data)
        again, none = reader.read(1, parse(line.encode()))
        assert none == []
        assert as_line(again.data) == line
        assert (again.key, again.content, again.topics) == (read.key, read.content, read.topics)


@pytest.mark.django_db
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(record_like, max_size=6))
def test_what_is_loaded_is_exported_as_it_was_read(tmp_path_factory, records):
    with transaction.atomic():
        names = Vocabulary(Unknown.CREATE, Unknown.CREATE)
        reader = Reader(names)
        numbered = [fields | {"source": "old-site", "id": f"q{number}"} for number, fields in enumerate(records)]
        read = [reader.read(1, given)[0] for given in numbered]
        good = [one for one in read if one]
        Loader(names).load(good)
        exported = export(tmp_path_factory.mktemp("export") / "out.jsonl")
        assert exported.decode().splitlines() == [as_line(one.data) for one in good]
        transaction.set_rollback(True)
