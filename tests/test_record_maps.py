"""Maps: how lines of somebody else's form become records; what no record can hold is refused by its line."""

import json

import pytest

from qa.errors import DocumentError
from qa.importing.mapping import read_map
from qa.models import Question, Reply
from tests import records
from tests.records import load, refusal

pytestmark = pytest.mark.django_db
write = records.write

MAP = """
[fields]
source = "source"
id = "nr"
title = ["subject", "summary"]
body = ["text", "subject"]
topics = "tags"
age = "person.age"
sex = "person.sex"
asked = "date"
[reply]
body = "answer"
doctor = "answered_by"
date = "date"
[values.sex]
F = "female"
"?" = ""
[values.topics]
derm = "Skin"
junk = ""
[defaults]
specialty = "Dermatology"
[split]
topics = ","
"""
THEIRS = {
    "source": "theirs",
    "nr": 7,
    "subject": "",
    "summary": "Spots",
    "text": "Since May I have had spots.",
    "tags": "derm, junk, Leg",
    "person": {"age": "34", "sex": "F"},
    "date": "2016/6/1",
    "answer": "A rash.",
    "answered_by": "Dr. Lu Daokuan",
    "license": "free",
}


def test_a_map_gives_their_fields_and_values_our_names(write, tmp_path):
    (tmp_path / "map.toml").write_text(MAP, encoding="utf-8")
    assert "2 created" in load(write(THEIRS, THEIRS | {"nr": 8, "person": {"sex": "?"}}), map=tmp_path / "map.toml")
    first, second = Question.objects.public().order_by("pk")
    assert (first.source_id, first.title, first.body) == ("7", "Spots", "Since May I have had spots.")
    assert (first.age_from, first.age_to, first.sex, first.specialty.name) == (30, 39, "female", "Dermatology")
    assert {topic.name for topic in first.topics.all()} == {"Skin", "Leg"}
    assert first.replies.get().doctor.name == "Lu Daokuan"
    assert (second.age_from, second.sex) == (None, "unstated")


def test_a_map_in_json_reads_a_list_of_answers_and_makes_ids_of_lines_without(write, tmp_path):
    tables = {
        "fields": {"id": "@hash", "title": "q", "body": "q"},
        "reply": {"each": "answers", "body": "text", "doctor": "by.name"},
        "defaults": {"source": "theirs", "specialty": "Dermatology"},
    }
    (tmp_path / "map.json").write_text(json.dumps(tables), encoding="utf-8")
    answers = [{"text": "A rash.", "by": {"name": "Lu Daokuan"}}, {"text": "", "by": None}]
    path = write({"q": "Spots?", "answers": answers}, {"q": "Itching?", "answers": answers})
    assert "2 created" in load(path, map=tmp_path / "map.json")
    assert Reply.objects.public().count() == 2
    assert "2 unchanged" in load(path, map=tmp_path / "map.json")


@pytest.mark.parametrize("odd", ["A rash.", 7, None, ["A rash."]])
def test_a_reply_that_is_no_object_is_refused_with_its_line(write, tmp_path, odd):
    tables = {
        "fields": {"source": "source", "id": "nr", "title": "summary", "body": "text", "specialty": "specialty"},
        "reply": {"each": "answers", "body": "text", "doctor": "by"},
    }
    (tmp_path / "map.json").write_text(json.dumps(tables), encoding="utf-8")
    theirs = THEIRS | {"specialty": "Dermatology", "answers": [{"text": "A rash.", "by": "Lu Daokuan"}]}
    path = write(theirs, theirs | {"nr": 8, "answers": [odd, *theirs["answers"]]})
    said = refusal(path, map=tmp_path / "map.json").splitlines()
    assert said == ["line 2: “replies” must hold objects, each a reply."]


@pytest.mark.parametrize(
    ("theirs", "ours"), [(True, "male"), (False, "female"), (1, "other"), (1.5, "unstated"), ("true", "male")]
)
def test_values_are_named_in_a_map_as_json_writes_them(theirs, ours):
    known = '[values.sex]\ntrue = "male"\nfalse = "female"\n1 = "other"\n"1.5" = "unstated"'
    mapping = read_map(f'[fields]\nsex = "person"\n{known}'.encode())
    assert mapping.apply({"person": theirs}, b"") == {"sex": ours}


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[fields", "This is not TOML in UTF-8"),
        ("[colours]", "“colours” is not one of the tables fields, reply,"),
        ("fields = 1", "“fields” must be a table."),
        ("", "“fields” is missing"),
        ('[fields]\ncolour = "a"', "[fields] “colour” is not one of our fields"),
        ("[fields]\ntitle = 1", "[fields] title: must be the name of a field of theirs"),
        ('[fields]\ntitle = "a"\n[values.colour]', "[values.colour] must be a table named like one of our fields."),
        ('[fields]\ntitle = "a"\n[values.sex]\nF = []', "[values.sex] must hold texts."),
        ('[fields]\ntitle = "a"\n[defaults]\nreplies = []', "[defaults] “replies” must be one of our fields"),
        ('[fields]\ntitle = "a"\n[split]\ntopics = ""', "[split] “topics” must be one of topics, parts, coverage"),
    ],
)
def test_a_wrong_map_is_refused_with_a_sentence(text, sentence):
    with pytest.raises(DocumentError) as refusal:
        read_map(text.encode())
    assert sentence in str(refusal.value)
