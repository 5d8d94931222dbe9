"""Retention: what the worker forgets of questions, and when."""

import datetime

import pytest
from django.core import mail
from django.core.files.base import ContentFile
from django.core.management import call_command
from django.utils import timezone

from qa.models import EventKind, Question, QuestionStatus
from tests.factories import make_question

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
