"""Records: questions one a line, loaded whole or not at all; whatever a line holds, it is loaded or refused."""

import json

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import Doctor, DoctorAlias, Specialty
from qa.importing.lines import NotARecord, parse
from qa.importing.record_loading import Loader
from qa.importing.records import FIELDS, REPLY_FIELDS, AllNames, Reader, as_line
from qa.importing.vocabulary import Unknown, Vocabulary
from qa.models import UNDATED, EventKind, Question, QuestionEvent, QuestionStatus, Reply, Topic
from qa.screening import all_rules, screen
from tests import records
from tests.factories import make_doctor, make_specialty, make_topic
from tests.records import RECORD, REPLY, export, load, problems_of, record, refusal

write = records.write


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


@pytest.mark.django_db
def test_a_file_with_a_mark_windows_line_ends_and_no_last_line_end_is_read(tmp_path):
    path = tmp_path / "windows.jsonl"
    path.write_bytes(b"\xef\xbb\xbf" + b"\r\n".join(json.dumps(record(n)).encode() for n in (1, 2)))
    assert "2 created" in load(path)


# Whatever a line holds

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
