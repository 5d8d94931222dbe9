"""Records again: what is loaded twice changes nothing, what was changed here stays, what is exported comes back."""

import json
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO, TextIOWrapper

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from qa.importing.record_files import BATCH
from qa.models import RELOADED, EventKind, LoadedRecord, Question, Reply, ReplyStatus
from qa.retention import erase
from tests import records
from tests.factories import make_answered_question, make_doctor, make_reply, make_topic
from tests.processes import command, environment
from tests.records import REPLY, export, load, record
from tests.test_import import everything

pytestmark = pytest.mark.django_db
write = records.write


@pytest.fixture
def loaded(write):
    """A question that came with a file of records."""
    load(write(record()))
    return Question.objects.get()


# Again


def test_the_same_records_again_change_no_row(write, loaded):
    before = everything()
    assert "0 created, 0 updated, 1 unchanged, 0 kept" in load(write(record()))
    assert everything() == before


def test_the_same_content_in_other_words_of_json_changes_no_row(write, loaded):
    before = everything()
    other = dict(reversed(record(topics=["Red Spots", "Skin"], asked="2016/6/1", language="EN").items()))
    other["replies"] = [REPLY | {"doctor": "Dr. Dr.  Lu Daokuan", "next_step": "", "coverage": []}]
    assert "1 unchanged" in load(write(other))
    assert everything() == before


def test_changed_records_are_written_over_what_was_loaded(write, loaded):
    load(write(record(replies=[REPLY | {"coverage": ["partly"]}, REPLY | {"body": "I agree."}])))
    first = Reply.objects.published().first()
    changed = record(
        title="Red spots on both shins",
        parts=["What is it?", "Will it go?"],
        topics=["Skin", "Shin"],
        replies=[REPLY | {"body": "A rash.", "next_step": "soon", "coverage": ["", "answered"]}],
    )
    assert "0 created, 1 updated, 0 unchanged, 0 kept" in load(write(changed))
    question = Question.objects.public().get()
    assert question.pk == loaded.pk
    assert question.title == "Red spots on both shins"
    assert {topic.name for topic in question.topics.all()} == {"Skin", "Shin"}
    assert [part.coverage for part in question.parts.with_coverage()] == [None, "answered"]
    reply = question.replies.get()
    assert (reply.pk, reply.key, reply.body, reply.next_step) == (first.pk, first.key, "A rash.", "soon")
    assert {event.note for event in question.events.filter(kind=EventKind.EDITED)} == {RELOADED}
    assert "1 unchanged" in load(write(changed))
    assert "1 updated" in load(write(record()))


def test_an_open_question_that_has_changed_is_screened_again(write):
    def urgent_after(**fields):
        assert "1 updated" in load(write(record(**{"replies": []} | fields)), open_unanswered=True)
        return Question.objects.urgent().exists()

    load(write(record(replies=[])), open_unanswered=True)
    assert not Question.objects.urgent().exists()
    assert urgent_after(body="I have crushing chest pain right now.")
    assert Question.objects.get().events.filter(kind=EventKind.ADVICE_PASSED, note__startswith="emergency: ").exists()
    assert urgent_after(body="I have crushing chest pain right now.", title="Red spots, and now this")
    assert not urgent_after(body="The spots itch.")
    assert urgent_after(body="I have crushing chest pain right now.")
    assert not urgent_after(body="I have crushing chest pain right now.", replies=[REPLY])
    assert Question.objects.public().exists()


def test_what_a_moderator_found_not_to_be_urgent_stays_so(write, moderator):
    chest_pain = record(body="I have crushing chest pain right now.", replies=[])
    load(write(chest_pain), open_unanswered=True)
    Question.objects.get().calm(moderator, "He is in hospital.")
    assert "1 unchanged" in load(write(chest_pain), open_unanswered=True)
    assert "1 kept" in load(write(chest_pain | {"title": "Another title"}), open_unanswered=True)
    assert not Question.objects.urgent().exists()


def edit_headline(question, moderator):
    Question.objects.filter(pk=question.pk).update(headline="Written by an editor")


def edit_reply(question, moderator):
    question.replies.update(body="Changed by a moderator")


def remove(question, moderator):
    question.remove(moderator, "Too private.")


def remove_and_restore(question, moderator):
    question.remove(moderator, "Too private.")
    question.restore(moderator)


def withdraw(question, moderator):
    question.withdraw()


def withdraw_reply(question, moderator):
    question.replies.get().withdraw(moderator, "Wrong.")


def add_reply(question, moderator):
    make_reply(question, make_doctor(), ReplyStatus.PUBLISHED, body="A reply of today.")


def begin_reply(question, moderator):
    make_reply(question, make_doctor())


def review(question, moderator):
    question.replies.get().review(make_doctor(), "agrees")


def erase_but_replies(question, moderator):
    erase(question, keep_replies=True)


def erase_all(question, moderator):
    erase(question)


WORK = [
    edit_headline, edit_reply, remove, remove_and_restore, withdraw, withdraw_reply, add_reply, begin_reply, review,
    erase_but_replies, erase_all,
]  # fmt: skip


@pytest.mark.parametrize("work", WORK, ids=lambda work: work.__name__)
@pytest.mark.parametrize("again", [record(), record(body="Written anew where it came from.")], ids=["same", "changed"])
def test_what_was_done_here_stays_whatever_the_file_says(write, loaded, moderator, work, again):
    work(loaded, moderator)
    before = everything()
    load(write(again))
    assert everything() == before


def test_what_was_kept_is_counted_and_named_in_the_report(write, loaded, moderator, tmp_path):
    remove(loaded, moderator)
    report = tmp_path / "report.json"
    assert "1 kept" in load(write(record(body="Written anew."), record(2)), report=report)
    assert json.loads(report.read_text())["kept"] == [
        {"line": 1, "source": "old-site", "id": "q1", "why": "Somebody changed it here since it was loaded."}
    ]


def test_topics_of_an_editor_stay_and_the_text_is_updated(write, loaded):
    loaded.topics.add(make_topic("Shin"))
    assert "1 updated" in load(write(record(body="Written anew.", topics=["Leg"])))
    loaded.refresh_from_db()
    assert loaded.body == "Written anew."
    assert {topic.name for topic in loaded.topics.all()} == {"Red Spots", "Skin", "Shin"}


def test_records_follow_a_topic_that_was_merged(write, loaded):
    loaded.topics.get(name="Skin").merge_into(make_topic("Whole Skin"))
    before = {name: rows for name, rows in everything().items() if name != "LoadedRecord"}
    assert "1 unchanged" in load(write(record()))
    assert {name: rows for name, rows in everything().items() if name != "LoadedRecord"} == before


def test_a_record_that_has_lost_its_reply_does_not_take_the_reply_away(write, loaded):
    before = everything()
    assert "1 kept" in load(write(record(replies=[])), open_unanswered=True)
    assert everything() == before


def test_what_came_by_another_way_is_not_written_over(write, archive, tmp_path):
    path = tmp_path / "archive.jsonl"
    lines = export(path).splitlines()
    before = everything()
    assert "15 unchanged" in load(path)
    other = json.loads(lines[0]) | {"body": "Another text."}
    assert "1 kept" in load(write(other))
    assert everything() == before


def test_an_import_ended_in_between_goes_on_after_what_it_has_written(transactional_db, write, tmp_path):
    number = 3 * BATCH
    path = write(*(record(n) for n in range(number)))
    address = (
        "{vendor}://{USER}:{PASSWORD}@{HOST}:{PORT}/{NAME}" if connection.vendor == "postgresql" else "sqlite:///{NAME}"
    )
    address = address.format(vendor="postgres", **connection.settings_dict)
    arguments = command("import_questions", str(path), "--specialties=create", "--topics=create")
    variables = environment(tmp_path, DEBUG="1", DATABASE_URL=address)
    process = subprocess.Popen(arguments, env=variables, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    limit = time.monotonic() + 60
    while not LoadedRecord.objects.exists() and time.monotonic() < limit:
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    written_before = Question.objects.count()
    assert 0 < written_before < number
    assert written_before % BATCH == 0
    assert Reply.objects.count() == written_before
    assert f"{number - written_before} created, 0 updated, {written_before} unchanged" in load(path)
    assert Question.objects.public().count() == Reply.objects.public().count() == number


@pytest.mark.only_on("postgresql")  # SQLite finds the records of a batch by their keys, whatever it knows
def test_the_database_learns_during_a_large_import_how_full_its_tables_are(monkeypatch, write):
    monkeypatch.setattr("qa.importing.record_files.BATCH", 10)
    monkeypatch.setattr("qa.importing.record_loading.BULK", 20)
    load(write(*(record(n) for n in range(20))))  # after which alone it would not look
    with connection.cursor() as cursor:
        cursor.execute("SELECT DISTINCT reltuples FROM pg_class WHERE relname IN ('qa_question', 'qa_loadedrecord')")
        assert cursor.fetchall() == [(20,)]


# Export


def test_the_archive_exported_and_imported_into_an_empty_database_is_exported_byte_by_byte(archive, tmp_path):
    first = export(tmp_path / "first.jsonl")
    assert first.count(b"\n") == 15
    call_command("flush", interactive=False, verbosity=0)
    load(tmp_path / "first.jsonl")
    assert Question.objects.public().count() == 15
    assert export(tmp_path / "second.jsonl") == first


def test_only_what_everybody_can_read_is_exported(write, loaded, moderator, tmp_path):
    load(write(*(record(n) for n in range(1, 5))))
    removed, reopened, kept = Question.objects.exclude(pk=loaded.pk).order_by("pk")
    removed.remove(moderator, "Too private.")
    reopened.replies.get().withdraw(moderator)
    make_reply(kept, make_doctor(), body="A draft.")
    lines = export(tmp_path / "out.jsonl").decode().splitlines()
    assert [json.loads(line)["id"] for line in lines] == ["q1", kept.source_id]
    assert "A draft." not in lines[1]


SECRETS = {
    "contact_email": "blue.heron@example.org",
    "medicines": "Warfarin each day",
    "allergies": "Penicillin always",
    "secret_key": "the-secret-key-of-a-page",
    "source_id": "the-key-of-the-draft",
}


def test_what_was_asked_here_is_exported_only_when_said_and_never_what_is_private(tmp_path, patient):
    question = make_answered_question(**SECRETS, patient=patient, title="Asked here")
    question.follow_ups.create(body="A message of the patient.")
    assert export(tmp_path / "out.jsonl") == b""
    text = export(tmp_path / "out.jsonl", asked_here_as="our-site").decode()
    line = json.loads(text)
    assert (line["source"], line["id"], line["title"]) == ("our-site", str(question.pk), "Asked here")
    assert len(line["asked"]) == len(line["replies"][0]["date"]) == len("2016-06-01")
    for secret in [*SECRETS.values(), patient.user.email, "A message of the patient."]:
        assert secret not in text
    with pytest.raises(CommandError, match="cannot be a source"):
        export(tmp_path / "out.jsonl", asked_here_as="portal")


def test_a_patients_erased_text_is_not_exported(tmp_path):
    erase(make_answered_question(), keep_replies=True)
    assert export(tmp_path / "out.jsonl", asked_here_as="our-site") == b""


def test_one_source_alone_is_exported_to_the_standard_output(write, archive, monkeypatch):
    load(write(record()))
    raw = BytesIO()
    monkeypatch.setattr(sys, "stdout", TextIOWrapper(raw, encoding="utf-8"))
    call_command("export_questions", source=["old-site"])
    sys.stdout.flush()
    assert [json.loads(line)["source"] for line in raw.getvalue().splitlines()] == ["old-site"]


def test_a_source_that_the_portal_does_not_have_is_named_and_what_was_exported_before_stays(loaded, tmp_path):
    before = export(tmp_path / "out.jsonl")
    with pytest.raises(CommandError, match="Nothing was written: there is no public question of the source “nope”"):
        export(tmp_path / "out.jsonl", source=["old-site", "nope"])
    assert (tmp_path / "out.jsonl").read_bytes() == before


def test_a_pipe_is_written_to_and_stays_one(loaded, tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with ThreadPoolExecutor(1) as pool:
        read = pool.submit(pipe.read_bytes)
        written_there = export(tmp_path / "out.jsonl")
        call_command("export_questions", str(pipe))
        assert read.result(10) == written_there
    assert pipe.is_fifo()


def test_a_folder_is_no_file_to_export_to(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in (".", str(tmp_path)):
        with pytest.raises(CommandError, match="It cannot be written: Is a directory"):
            call_command("export_questions", name)


def test_what_importing_would_refuse_is_exported_and_named(loaded, tmp_path):
    Question.objects.update(body="x" * 5000)
    errors = TextIOWrapper(BytesIO(), encoding="utf-8")
    call_command("export_questions", str(tmp_path / "out.jsonl"), stderr=errors, stdout=TextIOWrapper(BytesIO()))
    errors.seek(0)
    assert f"question {loaded.pk}: Importing would refuse it. “body” has 5000 characters" in errors.read()
    assert len(json.loads((tmp_path / "out.jsonl").read_text())["body"]) == 5000


# The privacy check


def test_the_report_counts_what_the_privacy_check_finds_and_quotes_nothing(write, tmp_path):
    path = write(record(body="My name is Anna Berger, call me: 0912 345 678."), record(2))
    said = load(path, report=tmp_path / "report.json")
    assert "privacy: findings in 1 of the questions" in said
    text = (tmp_path / "report.json").read_text()
    found = json.loads(text)["privacy"]
    assert found["questions_with_findings"] == 1
    assert all(rule["lines"] == [1] for rule in found["rules"].values())
    assert "Berger" not in text
    assert Question.objects.public().count() == 2
