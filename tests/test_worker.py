"""The worker: each chore fails by itself, and says no more of it than a log may hold."""

import datetime
import logging
import re

import pytest
from django.core import mail
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.db import OperationalError, transaction
from django.utils import timezone

from qa import planning
from qa.management.commands import worker
from qa.models import EventKind, Question, QuestionStatus
from tests.factories import make_doctor, make_question
from tests.processes import free_port, manage

pytestmark = pytest.mark.django_db


def break_constraint():
    """An error of the database, whose message PostgreSQL ends with the failing row."""
    with transaction.atomic():
        Question.objects.update(status="purple")


def run_once():
    with pytest.raises(CommandError) as said:
        call_command("worker", "--once")
    return str(said.value)


@pytest.fixture
def question(db):
    question = make_question(title="Purple rash", contact_email="heron@example.org", secret_key="x" * 22)
    question.events.create(kind=EventKind.ASKED)
    return question


def test_a_chore_that_fails_keeps_no_other_from_being_done(question, monkeypatch):
    done = []
    monkeypatch.setattr(worker, "catch_up", break_constraint)
    monkeypatch.setattr(worker, "keep_counted", lambda: 1 / 0)
    monkeypatch.setattr(worker, "sweep_photos", lambda: done.append("photos"))
    assert run_once().startswith("Not done: keep search in step, count what pages show.")
    assert done == ["photos"]
    assert len(mail.outbox) == 1


def test_the_log_says_where_a_chore_failed_and_nothing_of_the_row(question, monkeypatch, caplog):
    monkeypatch.setattr(worker, "catch_up", break_constraint)
    monkeypatch.setattr("qa.tallies.recount", lambda: 1 / 0)
    run_once()
    said = [record.getMessage() for record in caplog.records if record.levelno == logging.ERROR]
    assert len(said) == 2
    assert said[0].startswith("Could not do “keep search in step”: IntegrityError at qa/management/commands/worker.py:")
    assert re.search(r", by [\w/]+\.py:\d+$", said[0])
    assert said[1].startswith("Could not do “count what pages show”: ZeroDivisionError at qa/tallies.py:")
    for word in ("Purple", "purple", "heron", "Failing row"):
        assert word not in caplog.text


def test_what_failed_is_tried_again_by_the_next_round_and_no_mail_is_sent_twice(question, monkeypatch):
    rounds = worker.Command()
    rounds.due, rounds.sent, tried = {}, 0, []

    def fail_once():
        tried.append(True)
        if len(tried) == 1:
            raise OSError("The folder is away.")

    monkeypatch.setattr(worker, "forget_expired_drafts", fail_once)
    assert rounds.work() == ["forget drafts"]
    assert [rounds.work(), rounds.work()] == [[], []]
    assert len(tried) == 2  # and not again for the next ten minutes
    assert len(mail.outbox) == 1


@pytest.fixture
def word_waits_for_doctor_and_reporter(moderator):
    soon = timezone.localdate() + datetime.timedelta(days=3)
    for name in ("one", "two"):
        make_doctor(licence_expires_on=soon)
        flag = make_question(QuestionStatus.ANSWERED).flags.create(reason="other", contact_email=f"{name}@example.org")
        flag.decide(moderator, "kept", "It is right as it stands.")


@pytest.mark.parametrize("chore", ["tell_doctors", "thank"])
def test_before_each_mail_the_worker_gives_a_sign_of_life_and_looks_whether_it_is_to_end(
    word_waits_for_doctor_and_reporter, monkeypatch, chore
):
    rounds, beats = worker.Command(), []
    rounds.sent = 0
    monkeypatch.setattr(worker, "beat", lambda: beats.append(len(mail.outbox)))
    getattr(rounds, chore)()
    assert (rounds.sent, beats) == (2, [0, 1])


@pytest.mark.parametrize("chore", ["tell_doctors", "thank"])
def test_a_worker_that_is_to_end_leaves_what_it_would_tell(word_waits_for_doctor_and_reporter, chore):
    rounds = worker.Command()
    rounds.sent = 0
    rounds.end()
    getattr(rounds, chore)()
    assert mail.outbox == []


@pytest.mark.parametrize("chore", ["tell_doctors", "thank"])
def test_without_a_mail_server_only_the_first_is_tried(word_waits_for_doctor_and_reporter, settings, caplog, chore):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", free_port()
    rounds = worker.Command()
    rounds.sent = 0
    getattr(rounds, chore)()
    assert caplog.text.count("Could not send") == 1
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    getattr(rounds, chore)()
    assert rounds.sent == 2


@pytest.mark.django_db(transaction=True)
def test_an_error_that_is_one_chores_own_does_not_count_as_a_database_that_is_away(question, monkeypatch, caplog):
    def be_cancelled():
        raise OperationalError("canceling statement due to statement timeout")

    monkeypatch.setattr(worker, "catch_up", be_cancelled)
    assert run_once().startswith("Not done: keep search in step.")
    assert "The database does not answer" not in caplog.text
    assert len(mail.outbox) == 1


def test_a_database_that_is_away_is_one_warning_a_round(tmp_path):
    away = f"postgres://portal@127.0.0.1:{free_port()}/portal"
    status, said = manage(tmp_path, "worker", "--once", DEBUG="1", DATABASE_URL=away, DATABASE_POOL_SIZE="0")
    assert status == 1
    assert said.count("The database does not answer: OperationalError") == 1
    assert "Could not do" not in said
    assert "Traceback" not in said


@pytest.mark.only_on("sqlite")  # PostgreSQL analyzes by itself
def test_tables_that_could_not_be_analyzed_are_the_next_time(monkeypatch):
    cache.delete("planning_analyzed")
    done = []
    monkeypatch.setattr("qa.planning.analyze", lambda: done.append(1) or 1 / 0)
    for _time in range(2):
        with pytest.raises(ZeroDivisionError):
            planning.analyze_daily()
    assert len(done) == 2
