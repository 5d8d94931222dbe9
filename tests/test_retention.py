"""Retention: what the worker forgets of questions, and when."""

import datetime

import pytest
from django.core import mail
from django.core.files.base import ContentFile
from django.core.management import call_command
from django.utils import timezone

from accounts.models import Patient
from qa import identifying
from qa.models import EventKind, Question, QuestionStatus
from qa.retention import forget_patient
from tests.factories import make_answered_question, make_question, make_user

pytestmark = pytest.mark.django_db


def decided(days_ago, status=QuestionStatus.REJECTED, **fields):
    question = make_question(status, contact_email="heron@example.org", **fields)
    decided_at = timezone.now() - datetime.timedelta(days=days_ago)
    Question.objects.filter(pk=question.pk).update(changed_at=decided_at)
    question.events.create(kind=EventKind.REJECTED, created_at=decided_at, notified_at=decided_at)
    return question


def test_a_rejected_question_is_forgotten_after_90_days_and_nobody_is_told(django_capture_on_commit_callbacks):
    old, young = decided(91), decided(89)
    photo = old.photos.create(position=1, file=ContentFile(b"a photo", name="photo.webp"))
    storage, name = photo.file.storage, photo.file.name
    with django_capture_on_commit_callbacks(execute=True):
        call_command("worker", "--once")
    assert list(Question.objects.all()) == [young]
    assert not storage.exists(name)
    assert mail.outbox == []


@pytest.mark.parametrize("status", [status for status in QuestionStatus if status != QuestionStatus.REJECTED])
def test_other_questions_stay_however_old_they_are(status):
    question = decided(1000, status)
    call_command("worker", "--once")
    assert Question.objects.filter(pk=question.pk).exists()


def test_what_was_imported_stays():
    question = decided(1000, source="elsewhere")
    call_command("worker", "--once")
    assert Question.objects.filter(pk=question.pk).exists()


def test_texts_that_are_kept_for_others_hold_nothing_that_others_do_not_read(moderator):
    user = make_user("heron@example.org")
    patient = Patient.objects.create(user=user, pseudonym="Blue Heron")
    public = make_answered_question(patient=patient, medicines="Warfarin", secret_key="one")
    public.follow_ups.create(body="It itches.")
    public.revisions.create(field="body", text="I am Chen Mei-Ling", reason="A name", editor=moderator)
    waiting = make_question(QuestionStatus.OPEN, patient=patient, medicines="Warfarin", secret_key="two")
    for status in QuestionStatus:
        if status not in (QuestionStatus.PENDING, QuestionStatus.OPEN, QuestionStatus.ANSWERED):
            make_question(status, patient=patient)
    forget_patient(user, keep_texts=True)
    assert set(Question.objects.values_list("pk", "medicines")) == {(public.pk, ""), (waiting.pk, "Warfarin")}
    assert not public.follow_ups.exists()
    assert not public.revisions.exists()
    waiting.refresh_from_db()
    waiting.events.create(kind=EventKind.ADVICE_PASSED, note="privacy: own-name")
    assert identifying.left_in(waiting) == []
