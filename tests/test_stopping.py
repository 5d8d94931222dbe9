"""Who stops a command by Ctrl-C is told what became of it, in one sentence, and finds nothing half done."""

import os
import signal
import sqlite3
import subprocess
import time
from importlib import import_module
from io import StringIO

import pytest
from django.core.management import call_command

from qa.models import ImportRecord, LoadedRecord, Question, SearchEntry
from tests.documents import FILES
from tests.factories import make_answered_question
from tests.processes import command, environment, manage
from tests.records import CREATE, load, record, written

GO_ON = "start it again, and it goes on."


@pytest.fixture
def said_when_stopped(monkeypatch):
    """What a command says that is stopped while it does something, named as module and function, a second time."""

    def run(place, name, *args, **options):
        module, _, function = place.partition(":")
        *owners, function = function.split(".")
        owner = import_module(module)
        for attribute in owners:
            owner = getattr(owner, attribute)
        usual, calls = getattr(owner, function), []

        def stop(*args, **options):
            calls.append(args)
            if len(calls) == 2:
                raise KeyboardInterrupt
            return usual(*args, **options)

        with monkeypatch.context() as patched:
            patched.setattr(owner, function, stop)
            with pytest.raises(KeyboardInterrupt) as stopped:
                call_command(name, *args, stdout=StringIO(), stderr=StringIO(), **options)
        return str(stopped.value)

    return run


@pytest.mark.django_db
def test_questions_that_were_loaded_stay_and_the_others_follow(said_when_stopped, tmp_path, monkeypatch):
    monkeypatch.setattr("qa.importing.record_files.BATCH", 2)
    path = written(tmp_path / "four.jsonl", *(record(number) for number in range(4)))
    said = said_when_stopped("qa.importing.record_loading:Loader.write_topics", "import_questions", str(path), **CREATE)
    assert said == f"Stopped. What is loaded stays; {GO_ON}"
    assert (Question.objects.count(), LoadedRecord.objects.count()) == (2, 2)
    assert "2 created, 0 updated, 2 unchanged" in load(path)


@pytest.mark.django_db
def test_questions_that_are_only_checked_are_not_there_yet(said_when_stopped, tmp_path):
    path, bad = written(tmp_path / "two.jsonl", b"{", b"{"), tmp_path / "bad.jsonl"
    place = "qa.importing.record_files:parse"
    assert said_when_stopped(place, "import_questions", str(path)) == "Stopped. Nothing was imported; start it again."
    said = said_when_stopped(place, "import_questions", str(path), skip_bad=bad)
    assert said == f"Stopped. Nothing was imported, and {bad} is not complete; start it again."


@pytest.mark.django_db
def test_of_documents_none_is_there(said_when_stopped):
    place = "qa.management.commands.import_pages:load_document"
    assert said_when_stopped(place, "import_pages", *FILES) == "Stopped. Nothing was imported; start it again."
    assert (ImportRecord.objects.count(), Question.objects.count()) == (0, 0)


@pytest.mark.django_db
def test_an_export_takes_no_place_before_it_is_complete(said_when_stopped, tmp_path):
    for _ in range(2):
        make_answered_question(source="old-site")
    path = tmp_path / "out.jsonl"
    path.write_text("the last one")
    said = said_when_stopped("qa.management.commands.export_questions:as_line", "export_questions", str(path))
    assert said == "Stopped before all was written; start it again."
    assert [(file, file.read_text()) for file in tmp_path.iterdir()] == [(path, "the last one")]


@pytest.mark.django_db
def test_what_search_looks_into_is_written_on(said_when_stopped, archive):
    place = "qa.search.rebuilding:_write"
    assert said_when_stopped(place, "rebuild_search") == f"Stopped. What is written stays; {GO_ON}"
    assert SearchEntry.objects.exists()
    assert not SearchEntry.objects.filter(kind="question").exists()
    said = said_when_stopped(place, "rebuild_search", all=True)
    assert said == "Stopped. What is written stays; start it again without --all, and it goes on."
    call_command("rebuild_search", stdout=StringIO(), stderr=StringIO())
    assert SearchEntry.objects.filter(kind="question", version__gt=0).count() == Question.objects.public().count()


def test_all_processes_of_a_rebuild_end_without_a_word_but_one(tmp_path):
    begin = "from qa.related import start_rebuild; start_rebuild()"
    for arguments in (["migrate"], ["loaddata", "archive"], ["shell", "-c", begin]):
        status, said = manage(tmp_path, *arguments, DEBUG="1")
        assert status == 0, said
    rebuild = command("rebuild_related", "--processes", "2")
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, "start_new_session": True}
    other = sqlite3.connect(tmp_path / "portal.sqlite3", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")  # nobody can write, so nothing is done before it is stopped
    with subprocess.Popen(rebuild, env=environment(tmp_path, DEBUG="1"), **pipes) as process:
        assert "was not finished" in process.stdout.readline()
        time.sleep(2)
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does
        _said, errors = process.communicate(timeout=20)  # ends only when all processes have closed both
    other.close()
    assert process.returncode == 130
    assert errors.endswith(f"\nStopped. What is done stays; {GO_ON}\n")
    assert "Traceback" not in errors


def test_whatever_else_is_stopped_says_so(tmp_path):
    waiting = command("shell", "--verbosity", "0", "-c", "import time; print('waits'); time.sleep(60)")
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(waiting, env=environment(tmp_path, DEBUG="1"), **pipes) as process:
        assert process.stdout.readline() == "waits\n"
        process.send_signal(signal.SIGINT)
        _said, errors = process.communicate(timeout=20)
    assert (process.returncode, errors) == (130, "\nStopped.\n")
