"""The demo: the people and questions that `make run` shows, and the command behind it."""

import datetime
import signal
import subprocess
import urllib.request

import pytest
from django.contrib.auth import authenticate
from django.core.management import CommandError, call_command
from django.db.models import F
from django.urls import reverse
from django.utils import timezone

from accounts.models import Doctor, User
from portal.management.commands import demo
from qa.models import (
    Article,
    Flag,
    NextStep,
    Question,
    QuestionEvent,
    QuestionStatus,
    Reply,
    ReplyReview,
    ReplyStatus,
    Verdict,
)
from qa.notifications import send_waiting
from tests.processes import command, environment, free_port

ROLES = {
    "admin@example.org": set(),
    "doctor@example.org": {"Doctors"},
    "doctor2@example.org": {"Doctors"},
    "moderator@example.org": {"Moderators"},
    "editor@example.org": {"Editors"},
    "patient@example.org": set(),
}


@pytest.fixture
def loaded(db):
    call_command("loaddata", *demo.FIXTURES, verbosity=0)


@pytest.mark.usefixtures("loaded")
class TestFixture:
    def test_questions_in_every_status(self):
        asked = Question.objects.asked_here()
        assert set(asked.values_list("status", flat=True)) == set(QuestionStatus)
        assert asked.pending().filter(is_urgent=True).exists()
        assert asked.filter(specialty=None).exists()
        assert all(len(question.secret_key) >= 22 for question in asked)

    def test_replies_in_every_status_with_reviews_and_three_lines(self):
        replies = Reply.objects.filter(question__in=Question.objects.asked_here())
        assert set(replies.values_list("status", flat=True)) == set(ReplyStatus)
        public = Reply.objects.public().filter(pk__in=replies)
        calm_to_pressing = set(NextStep.values) - {NextStep.EMERGENCY}
        assert set(public.order_by().values_list("next_step", flat=True)) == calm_to_pressing
        assert public.exclude(cannot_assess="").get().may_be_about
        assert set(ReplyReview.objects.values_list("verdict", flat=True)) == {Verdict.AGREES, Verdict.DISAGREES}
        assert not ReplyReview.objects.filter(doctor=F("reply__doctor")).exists()

    def test_an_editor_has_a_draft_and_an_article_that_a_doctor_reviewed(self):
        draft, published = Article.objects.filter(author__email="editor@example.org").order_by("status")
        assert published.is_public
        assert published.reviewer.is_verified
        assert published.sources
        assert not draft.is_public

    def test_one_flag_is_decided_and_one_waits(self):
        assert (Flag.objects.undecided().count(), Flag.objects.count()) == (1, 2)

    def test_everybody_signs_in_with_the_password_that_is_printed(self, settings):
        settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.ScryptPasswordHasher"]
        for email, groups in ROLES.items():
            user = authenticate(username=email, password=demo.PASSWORD)
            assert set(user.groups.values_list("name", flat=True)) == groups
            assert user.is_superuser == (email == "admin@example.org")
            assert user.is_staff == (email != demo.PATIENT)

    def test_the_command_prints_everybody(self):
        assert {email for _role, email in demo.STAFF} | {demo.PATIENT} == set(ROLES)

    def test_doctors_may_publish_for_years(self):
        doctors = Doctor.objects.filter(user__isnull=False)
        assert doctors.count() == 2
        for doctor in doctors:
            assert doctor.may_publish()
            assert doctor.licence_expires_on > datetime.date(2030, 1, 1)
            assert doctor.credential_on(timezone.localdate())

    def test_the_worker_finds_nothing_to_send(self):
        assert not QuestionEvent.objects.to_notify().exists()
        assert send_waiting() == 0

    def test_events_tell_the_status_of_each_question(self):
        last = {"replied": "answered", "followed_up": "answered", "asked": "pending", "accepted": "open"}
        last |= {"reopened": "open", "transferred": "open", "info_requested": "needs_info"}
        for question in Question.objects.asked_here():
            kinds = [event.kind for event in question.events.all()]
            assert kinds[0] == "asked"
            assert last.get(kinds[-1], kinds[-1]) == question.status
            assert question.events.first().created_at == question.asked_at
            published = question.replies.published().first()
            assert question.answered_at == (published and published.published_at)

    def test_the_printed_private_page_is_there(self, client):
        assert client.get(reverse("my_question", args=[demo.PATIENT_KEY])).status_code == 200
        assert Question.objects.get(secret_key=demo.PATIENT_KEY).patient.user.email == demo.PATIENT


@pytest.mark.django_db
def test_a_second_start_keeps_the_data(settings, capsys):
    settings.DEBUG = True
    call_command("demo", "--no-serve")
    Question.objects.filter(secret_key=demo.PATIENT_KEY).update(title="Changed since")
    number = Question.objects.count()
    call_command("demo", "--no-serve")
    said = capsys.readouterr().out
    assert f"Loaded the archive and the demo: {number} questions." in said
    assert f"holds {number} questions already" in said
    assert Question.objects.get(secret_key=demo.PATIENT_KEY).title == "Changed since"


@pytest.mark.django_db
def test_known_passwords_never_reach_a_production(settings):
    settings.DEBUG = False
    with pytest.raises(CommandError, match="DEBUG is on"):
        call_command("demo", "--no-serve")
    assert not User.objects.exists()


@pytest.mark.parametrize("port", ["0", "65536", "-1", "http", "80a", "²"])
def test_a_port_must_be_a_number(port, settings):
    settings.DEBUG = True
    with pytest.raises(CommandError, match="must be a number from 1 to 65535"):
        call_command("demo", f"--port={port}")


def test_a_port_that_is_taken_is_said(live_server, settings):
    settings.DEBUG = True
    with pytest.raises(CommandError, match="is taken by another program"):
        call_command("demo", f"--port={live_server.thread.port}")


def answers(address):
    try:
        with urllib.request.urlopen(address, timeout=5) as response:
            return response.status
    except OSError:
        return None


def test_the_demo_serves_and_ends_with_nothing_left_behind(tmp_path):
    serve_and_end(tmp_path, signal.SIGTERM)
    assert "already: it is kept as it is" in serve_and_end(tmp_path, signal.SIGINT)


def serve_and_end(data_dir, number):
    """Start the demo, look at it, and end it by a signal; what it said on the way."""
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    variables = environment(data_dir, DEBUG="1", PORT=str(port))
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(command("demo"), env=variables, **pipes) as process:
        said = ""
        while "private page" not in said:
            line = process.stdout.readline()
            assert line, process.stderr.read()
            said += line
        assert f"{address}/ " in said
        assert all(email in said for email in ROLES)
        assert answers(f"{address}/healthz") == 200
        assert f"{address}/demo/mailbox/\n" in said
        assert answers(f"{address}/demo/mailbox/") == 200
        heard = ""
        while "The worker has started." not in heard:
            line = process.stderr.readline()
            assert line, heard
            heard += line
        process.send_signal(number)
        assert process.wait(timeout=15) == 0
        rest = process.stderr.read()  # ends only when server and worker have closed it too
    assert "The worker has ended." in rest
    assert answers(f"{address}/healthz") is None
    return said
