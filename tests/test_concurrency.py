"""Several people at once, on real connections: what only one may do, one does, and the others are told."""

import threading

import pytest
from django.db import connection

from qa.errors import InvalidTransition
from qa.models import EventKind, Question, QuestionStatus, RejectReason, Reply, ReplyStatus
from tests.factories import make_doctor, make_question, make_reply, make_user

pytestmark = pytest.mark.django_db(transaction=True)

PEOPLE = 6


def all_at_once(*actions):
    """Runs each action in a thread of its own; returns what each raised, or None."""
    barrier, outcomes = threading.Barrier(len(actions)), [None] * len(actions)

    def run(number, action):
        try:
            barrier.wait(10)
            action()
        except InvalidTransition as error:
            outcomes[number] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(actions)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return outcomes


def test_of_many_moderators_one_decides():
    question, moderator = make_question(), make_user()
    copies = [Question.objects.get(pk=question.pk) for _ in range(PEOPLE)]
    accepting = [lambda q=q: q.accept(moderator) for q in copies[::2]]
    rejecting = [lambda q=q: q.reject(moderator, RejectReason.SPAM) for q in copies[1::2]]
    outcomes = all_at_once(*accepting, *rejecting)
    assert outcomes.count(None) == 1
    assert question.events.count() == 1
    question.refresh_from_db()
    assert question.status in (QuestionStatus.OPEN, QuestionStatus.REJECTED)


def test_a_reply_published_many_times_at_once_is_published_once():
    reply = make_reply()
    copies = [Reply.objects.get(pk=reply.pk) for _ in range(PEOPLE)]
    outcomes = all_at_once(*[lambda r=r: r.publish(r.doctor.user) for r in copies])
    assert outcomes.count(None) == 1
    assert [event.kind for event in reply.question.events.all()] == [EventKind.REPLIED]


def test_different_replies_published_at_once_are_all_published():
    question = make_question(QuestionStatus.OPEN)
    replies = [make_reply(question, make_doctor()) for _ in range(PEOPLE)]
    outcomes = all_at_once(*[lambda r=r: r.publish(r.doctor.user) for r in replies])
    assert outcomes == [None] * PEOPLE
    question.refresh_from_db()
    assert question.status == QuestionStatus.ANSWERED
    assert question.replies.published().count() == PEOPLE


def test_when_all_replies_are_withdrawn_at_once_the_question_is_open_again():
    question = make_question(QuestionStatus.ANSWERED)
    replies = [make_reply(question, make_doctor(), ReplyStatus.PUBLISHED) for _ in range(PEOPLE)]
    outcomes = all_at_once(*[lambda r=r: r.withdraw(r.doctor.user) for r in replies])
    assert outcomes == [None] * PEOPLE
    question.refresh_from_db()
    assert question.status == QuestionStatus.OPEN


def test_of_many_doctors_one_claims():
    question = make_question(QuestionStatus.OPEN)
    doctors = [make_doctor() for _ in range(PEOPLE)]
    outcomes = all_at_once(*[lambda d=d: Question.objects.get(pk=question.pk).claim(d) for d in doctors])
    assert outcomes.count(None) == 1
    assert question.events.count() == 1


def test_a_question_restored_while_its_reply_is_withdrawn_is_never_public_without_one():
    question = make_question(QuestionStatus.REMOVED)
    reply = make_reply(question, status=ReplyStatus.PUBLISHED)
    all_at_once(lambda: question.restore(None), lambda: reply.withdraw(reply.doctor.user))
    question = Question.objects.get()
    assert question.status != QuestionStatus.ANSWERED or question.replies.published().exists()
