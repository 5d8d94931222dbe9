"""Tell: each thing a patient is to know becomes one e-mail, without a word of health text."""

import datetime
import logging
import re
import signal
import subprocess
from smtplib import SMTPRecipientsRefused

import pytest
from django.conf import settings as portal
from django.contrib.sessions.models import Session
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.core.management import call_command
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from qa.models import Draft, EventKind, Flag, Question, QuestionEvent, QuestionStatus, RejectReason, ReplyStatus
from qa.models.event import MAX_ATTEMPTS, NOTIFIED_KINDS
from qa.notifications import send_waiting, tell_erased, thank_reporters
from qa.retention import erase
from tests.asking import ABOUT, post
from tests.factories import make_doctor, make_question, make_reply
from tests.processes import command, environment, free_port

pytestmark = pytest.mark.django_db
KEY = "a-key-of-the-private-page"
ADDRESS = "somebody@example.org"
HEALTH_TEXT = {
    "headline": "Purple headline",
    "title": "Purple title",
    "body": "Purple body",
    "pseudonym": "Purple Heron",
    "medicines": "Purple pills",
    "allergies": "Purple pollen",
}


def make_event(kind=EventKind.ACCEPTED, **fields):
    question = make_question(
        QuestionStatus.OPEN, **HEALTH_TEXT | {"contact_email": ADDRESS, "secret_key": KEY} | fields
    )
    return question.events.create(kind=kind, note="Purple note")


def use_closed_mail_server(settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", free_port()


def refuse(monkeypatch, address):
    """The mail server takes no mail for this address."""
    send = EmailBackend.send_messages

    def send_or_refuse(backend, messages):
        if address in messages[0].to:
            raise SMTPRecipientsRefused({address: (550, b"No such user")})
        return send(backend, messages)

    monkeypatch.setattr(EmailBackend, "send_messages", send_or_refuse)


def end_wait():
    QuestionEvent.objects.update(sending_until=timezone.now() - datetime.timedelta(seconds=1))


@pytest.mark.parametrize("kind", NOTIFIED_KINDS)
def test_each_kind_is_one_mail_with_the_link_and_no_health_text(kind, doctor):
    event = make_event(kind, reject_reason=RejectReason.UNCLEAR)
    event.question.parts.create(position=1, text="Purple part")
    event.question.follow_ups.create(body="Purple follow-up")
    make_reply(event.question, doctor, ReplyStatus.PUBLISHED, body="Purple reply")
    assert (send_waiting(), send_waiting()) == (1, 0)
    [message] = mail.outbox
    assert message.to == [ADDRESS]
    assert f"{portal.SITE_URL}/my/{KEY}/" in message.body.splitlines()
    assert "&#" not in message.body
    [(html, kind_of_text)] = message.alternatives
    assert kind_of_text == "text/html"
    assert f'href="{portal.SITE_URL}/my/{KEY}/"' in html
    assert set(re.findall(r'(?:src|href|url)\W+"?(\w+://[^/"]+)', html)) == {portal.SITE_URL}
    assert "<img" not in html
    assert "purple" not in str(message.message()).lower()
    assert "purple" not in f"{message.subject}{message.body}".lower()
    assert event.question.specialty.name not in message.subject + message.body + html


def test_every_kind_that_is_notified_says_something_of_its_own():
    for kind in NOTIFIED_KINDS:
        make_event(kind, secret_key=f"a-key-of-the-page-{kind}", contact_email=f"{kind}@example.org")
    assert send_waiting() == len(NOTIFIED_KINDS)
    assert len({message.subject for message in mail.outbox}) == len(NOTIFIED_KINDS)
    assert len({message.body.splitlines()[0] for message in mail.outbox}) == len(NOTIFIED_KINDS)


@pytest.mark.parametrize("kind", [kind for kind in EventKind if kind not in NOTIFIED_KINDS])
def test_other_kinds_are_not_told(kind):
    make_event(kind)
    assert send_waiting() == 0
    assert mail.outbox == []


def test_the_transitions_of_a_question_are_told_in_their_order(moderator, doctor):
    question = make_question(contact_email=ADDRESS)
    question.accept(moderator)
    make_reply(question, doctor).publish(doctor.user)
    assert send_waiting() == 2
    assert [message.subject.partition(" – ")[0] for message in mail.outbox] == [
        "Your question is with the doctors",
        "A doctor has replied",
    ]


def test_a_signed_in_patient_is_told_at_the_address_of_the_account(patient):
    make_event(contact_email="", patient=patient)
    send_waiting()
    assert [message.to for message in mail.outbox] == [[patient.user.email]]


@pytest.mark.parametrize("of_account", [False, True])
def test_one_click_in_the_mail_program_stops_the_news(patient, of_account):
    make_event(**({"contact_email": "", "patient": patient} if of_account else {}))
    send_waiting()
    [message] = mail.outbox
    stop = message.extra_headers["List-Unsubscribe"].strip("<>").removeprefix(portal.SITE_URL)
    field, _equals, value = message.extra_headers["List-Unsubscribe-Post"].partition("=")
    assert f"{portal.SITE_URL}{stop}" in message.body.splitlines()
    stranger = Client(enforce_csrf_checks=True)
    response = stranger.get(stop)
    assert (response.status_code, response.cookies) == (200, {})
    assert response["Referrer-Policy"] == "no-referrer"
    question = Question.objects.get(secret_key=KEY)
    assert question.wants_news
    for _twice in range(2):
        response = stranger.post(stop, {field: value})
        assert "no more e-mails" in response.text
    question.refresh_from_db()
    assert question.contact_email == ""
    question.events.create(kind=EventKind.REPLIED)
    assert send_waiting() == 0
    assert stranger.get(reverse("my_question", args=[KEY])).status_code == 200


def test_a_wrong_key_stops_nothing(client):
    make_event()
    assert client.post(reverse("my_question_stop", args=["another-key"])).status_code == 404
    assert send_waiting() == 1


@pytest.mark.django_db(transaction=True)
def test_who_erases_a_question_is_told_once_it_is_gone():
    question = make_event().question
    with transaction.atomic():
        tell_erased(question)
        question.delete()
        assert mail.outbox == []
    [message] = mail.outbox
    assert message.to == [ADDRESS]
    assert message.subject.startswith("Your question is erased")
    assert "/my/" not in str(message.message())
    assert "purple" not in str(message.message()).lower()
    assert "List-Unsubscribe" not in message.extra_headers


@pytest.mark.django_db(transaction=True)
def test_erasing_does_not_need_a_mail_server_or_an_address(settings, caplog):
    use_closed_mail_server(settings)
    for fields in ({}, {"contact_email": "", "secret_key": "another-key-of-the-page"}):
        question = make_event(**fields).question
        with transaction.atomic():
            tell_erased(question)
            question.delete()
    assert not Question.objects.exists()
    assert caplog.text.count("is erased") == 1
    assert ADDRESS not in caplog.text


@pytest.mark.django_db(transaction=True)
def test_nobody_is_told_of_an_erasing_that_failed():
    question = make_event().question
    with transaction.atomic():
        tell_erased(question)
        transaction.set_rollback(True)
    assert mail.outbox == []


@pytest.mark.parametrize("fields", [{"contact_email": ""}, {"contact_email": "", "secret_key": None, "source": "old"}])
def test_where_nobody_is_to_be_told_the_event_is_done_without_a_mail(fields):
    event = make_event(**fields)
    assert send_waiting() == 0
    event.refresh_from_db()
    assert event.notified_at is not None
    assert mail.outbox == []


def test_two_workers_at_the_same_moment_send_one_mail():
    make_event()
    assert send_waiting(is_ending=lambda: send_waiting() > 1) == 0  # the second one takes the event before the first
    assert len(mail.outbox) == 1


def test_an_event_that_another_worker_is_sending_is_left_to_it():
    event = make_event()
    assert event.claim()
    assert send_waiting() == 0


def test_what_a_dead_worker_had_claimed_is_sent_later():
    event = make_event()
    event.claim()
    end_wait()
    assert send_waiting() == 1


def test_without_a_mail_server_the_event_is_given_back_and_sent_later(settings, caplog):
    event = make_event()
    use_closed_mail_server(settings)
    with caplog.at_level(logging.INFO):
        assert send_waiting() == 0
        assert send_waiting() == 0  # too early for another attempt
    event.refresh_from_db()
    assert event.notified_at is None
    assert event.attempts == 1
    assert event.sending_until > timezone.now()
    assert f"event {event.pk}" in caplog.text
    assert KEY not in caplog.text
    assert ADDRESS not in caplog.text
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    end_wait()
    assert send_waiting() == 1
    assert send_waiting() == 0


def test_attempts_wait_longer_up_to_an_hour_and_end_after_three_days_with_an_error(settings, caplog):
    event = make_event()
    use_closed_mail_server(settings)
    waits = []
    for _attempt in range(MAX_ATTEMPTS):
        assert not [record for record in caplog.records if record.levelno == logging.ERROR]
        send_waiting()
        event.refresh_from_db()
        waits.append(round((event.sending_until - timezone.now()).total_seconds() / 60))
        end_wait()
    assert waits[:8] == [1, 2, 4, 8, 16, 32, 60, 60]
    assert max(waits) == 60
    assert 3 * 24 * 60 <= sum(waits[:-1]) < 3 * 24 * 60 + 60
    [said] = [record.getMessage() for record in caplog.records if record.levelno == logging.ERROR]
    assert (
        said == f"Gave up on event {event.pk} of question {event.question_id} after {MAX_ATTEMPTS} attempts to send it"
    )
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    assert send_waiting() == 0


def test_a_round_ends_with_the_first_mail_that_finds_no_server_and_the_next_one_begins_with_another(settings):
    for key in "abc":
        make_event(secret_key=f"{key}-key-of-the-private-page")
    use_closed_mail_server(settings)
    for tried in (1, 2, 3, 3):
        assert send_waiting() == 0
        assert list(QuestionEvent.objects.order_by("pk").values_list("attempts", flat=True)).count(1) == tried
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    end_wait()
    assert send_waiting() == 3


def test_an_address_that_the_server_refuses_does_not_hold_up_the_others(monkeypatch, moderator):
    refuse(monkeypatch, "gone@example.org")
    for name in ("gone", "there"):
        event = make_event(contact_email=f"{name}@example.org", secret_key=f"{name}-key-of-the-page")
        flag = event.question.flags.create(reason="other", contact_email=f"{name}@example.org")
        flag.decide(moderator, "kept", "It is right as it stands.")
    assert [send_waiting(), thank_reporters()] == [1, 1]
    assert [message.to for message in mail.outbox] == [["there@example.org"]] * 2
    assert not Flag.objects.to_thank().exists()


def test_one_address_that_no_mail_can_have_does_not_hold_up_the_others():
    make_event(contact_email="a@example.org\nBcc: b@example.org", secret_key="another-key-of-the-page")
    make_event()
    assert send_waiting() == 1
    assert [message.to for message in mail.outbox] == [[ADDRESS]]


@pytest.mark.parametrize("undo", [Question.stop_news, lambda question: erase(question, keep_replies=True, tell=False)])
def test_who_wants_no_more_news_while_a_round_is_under_way_gets_none(undo):
    make_event(EventKind.ACCEPTED)
    question = make_question(QuestionStatus.ANSWERED, contact_email="other@example.org")
    question.events.create(kind=EventKind.REPLIED)

    def before_each_mail():
        if mail.outbox:
            undo(Question.objects.get(pk=question.pk))
        return False

    assert send_waiting(before_each_mail) == 1
    assert [message.to for message in mail.outbox] == [[ADDRESS]]


def test_a_worker_that_is_told_to_end_leaves_the_rest(capsys):
    make_event()
    assert send_waiting(is_ending=lambda: True) == 0
    call_command("worker", "--once")
    call_command("worker", "--once")
    assert capsys.readouterr().out.splitlines() == ["1 e-mail sent.", "0 e-mails sent."]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_worker_ends_cleanly_when_told_to(number, tmp_path):
    variables = environment(tmp_path, DEBUG="1")
    with subprocess.Popen(command("worker"), env=variables, stderr=subprocess.PIPE, text=True) as worker:
        assert "started" in worker.stderr.readline()
        worker.send_signal(number)
        assert worker.wait(timeout=10) == 0
        assert "ended" in worker.stderr.read()


def test_the_worker_forgets_old_drafts_and_sessions(client):
    post(client, "ask_about", ABOUT)
    old = timezone.now() - datetime.timedelta(days=2)
    Draft.objects.update(changed_at=old)
    Session.objects.update(expire_date=old)
    call_command("worker", "--once")
    assert not Draft.objects.exists()
    assert not Session.objects.exists()


def test_who_reported_is_thanked_once_after_the_decision_and_the_address_forgotten(moderator):
    flag = make_question(QuestionStatus.ANSWERED).flags.create(
        reason="other", note="Purple note", contact_email=ADDRESS
    )
    assert thank_reporters() == 0
    flag.decide(moderator, "kept", "It is right as it stands.")
    assert [thank_reporters(), thank_reporters()] == [1, 0]
    [message] = mail.outbox
    assert message.to == [ADDRESS]
    assert "Purple" not in message.body
    flag.refresh_from_db()
    assert flag.contact_email == ""


def test_thanks_that_could_not_be_sent_are_tried_again(moderator, settings):
    flag = make_question(QuestionStatus.ANSWERED).flags.create(reason="other", contact_email=ADDRESS)
    flag.decide(moderator, "kept", "It is right as it stands.")
    use_closed_mail_server(settings)
    assert thank_reporters() == 0
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    assert thank_reporters() == 1


@pytest.mark.parametrize("others", [0, 1])
def test_the_doctor_of_a_removed_reply_is_told_once_where_to_read_why(client, moderator, doctor, others):
    question = make_question(QuestionStatus.ANSWERED, **HEALTH_TEXT)
    replies = [make_reply(question, by, ReplyStatus.PUBLISHED, body="Purple dose") for by in [doctor] + [None] * others]
    flag = Flag.objects.create(reply=replies[0], reason="dangerous", note="Purple report")
    flag.decide(moderator, "removed", "The dose was Purple.", "Purple line")
    assert send_waiting() == 1
    assert send_waiting() == 0
    [message] = mail.outbox
    link = reverse("admin:answer_question", args=[question.pk])
    assert message.to == [doctor.user.email]
    assert portal.SITE_URL + link in message.body.splitlines()
    assert "removed" in message.subject
    assert "Purple" not in message.subject + message.body + message.alternatives[0].content
    assert "List-Unsubscribe" not in message.extra_headers
    client.force_login(doctor.user)
    assert "The dose was Purple." in client.get(link).text


def test_nobody_is_told_of_a_reply_that_its_doctor_withdraws_or_of_one_from_the_archive(moderator, doctor):
    make_reply(make_question(QuestionStatus.ANSWERED), doctor, ReplyStatus.PUBLISHED).withdraw(doctor.user, "Wrong")
    reply = make_reply(make_question(QuestionStatus.ANSWERED), make_doctor(user=None), ReplyStatus.PUBLISHED)
    Flag.objects.create(reply=reply, reason="wrong").decide(moderator, "removed", "Old", "Out of date")
    assert send_waiting() == 0
    assert mail.outbox == []
