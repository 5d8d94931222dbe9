"""Every status with every verb, as full matrices: what the tables do not allow is refused and changes nothing."""

import datetime

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from qa.errors import InvalidTransition, QuestionClaimed
from qa.models import (
    ArticleStatus,
    EventKind,
    Question,
    QuestionEvent,
    QuestionStatus,
    RejectReason,
    Reply,
    ReplyStatus,
)
from tests.factories import make_article, make_doctor, make_question, make_reply, make_specialty

pytestmark = pytest.mark.django_db
S = QuestionStatus

# verb: (what it does, the statuses it is allowed in with what they become, the event it writes)
QUESTION_VERBS = {
    "accept": (lambda q, by: q.accept(by), {S.PENDING: S.OPEN}, EventKind.ACCEPTED),
    "reject": (lambda q, by: q.reject(by, RejectReason.SPAM), {S.PENDING: S.REJECTED}, EventKind.REJECTED),
    "ask_patient": (
        lambda q, by: q.ask_patient(by, "Since when?"),
        {S.PENDING: S.NEEDS_INFO, S.OPEN: S.NEEDS_INFO},
        EventKind.INFO_REQUESTED,
    ),
    "receive_info": (
        lambda q, by: q.receive_info(by, "Two weeks."),
        {S.NEEDS_INFO: S.PENDING},
        EventKind.INFO_RECEIVED,
    ),
    "mark_answered": (lambda q, by: q.mark_answered(by, timezone.now()), {S.OPEN: S.ANSWERED}, EventKind.REPLIED),
    "reopen": (lambda q, by: q.reopen(by), {S.ANSWERED: S.OPEN}, EventKind.REOPENED),
    "remove": (lambda q, by: q.remove(by, "Reported."), {S.ANSWERED: S.REMOVED}, EventKind.REMOVED),
    "restore": (lambda q, by: q.restore(by), {S.REMOVED: S.ANSWERED}, EventKind.RESTORED),
    "withdraw": (
        lambda q, by: q.withdraw(by),
        {status: S.WITHDRAWN for status in S if status != S.WITHDRAWN},
        EventKind.WITHDRAWN,
    ),
    "transfer": (
        lambda q, by: q.transfer(by, make_specialty("Urology"), "Better there."),
        {S.OPEN: S.OPEN, S.ANSWERED: S.ANSWERED},
        EventKind.TRANSFERRED,
    ),
}


@pytest.mark.parametrize("status", S)
@pytest.mark.parametrize("verb", QUESTION_VERBS)
def test_a_question_changes_only_as_the_table_allows(verb, status, moderator):
    change, allowed, kind = QUESTION_VERBS[verb]
    question = make_question(status)
    make_reply(question, status=ReplyStatus.PUBLISHED)
    if status in allowed:
        change(question, moderator)
        question.refresh_from_db()
        assert question.status == allowed[status]
        assert allowed[status] in Question.TRANSITIONS[status]
        assert [(e.kind, e.actor) for e in question.events.all()] == [(kind, moderator)]
    else:
        with pytest.raises(InvalidTransition, match=r"\.$"):
            change(question, moderator)
        question.refresh_from_db()
        assert question.status == status
        assert not question.events.exists()


def test_every_pair_of_the_table_belongs_to_a_verb():
    reached = {(old, new) for _change, allowed, _kind in QUESTION_VERBS.values() for old, new in allowed.items()}
    reached.add((S.NEEDS_INFO, S.OPEN))  # receive_info, where the question had been accepted
    assert reached == {(old, new) for old, news in Question.TRANSITIONS.items() for new in news}


def test_of_two_moderators_the_second_is_told(moderator):
    question = make_question()
    same_question = Question.objects.get(pk=question.pk)
    question.accept(moderator)
    with pytest.raises(InvalidTransition, match="Somebody else"):
        same_question.reject(moderator, RejectReason.SPAM)
    assert question.events.count() == 1


def test_an_answer_to_a_request_goes_back_to_the_doctors_once_the_question_was_accepted(moderator):
    question = make_question()
    question.accept(moderator)
    question.ask_patient(moderator, "Since when?")
    question.receive_info(None, "For two weeks.")
    assert question.status == S.OPEN
    assert [f.body for f in question.follow_ups.all()] == ["For two weeks."]


def test_a_question_without_a_specialty_cannot_be_accepted(moderator):
    question = make_question(specialty=None)
    with pytest.raises(InvalidTransition, match="specialty"):
        question.accept(moderator)
    question.accept(moderator, make_specialty())
    assert question.status == S.OPEN


def test_a_question_cannot_be_transferred_to_where_it_is(moderator):
    question = make_question(S.OPEN)
    with pytest.raises(InvalidTransition, match="already"):
        question.transfer(moderator, question.specialty, "")


def test_a_question_without_a_published_reply_is_not_restored(moderator):
    question = make_question(S.REMOVED)
    with pytest.raises(InvalidTransition, match="published reply"):
        question.restore(moderator)


REPLY_VERBS = {
    "publish": (lambda r, by: r.publish(by), {ReplyStatus.DRAFT: ReplyStatus.PUBLISHED}),
    "withdraw": (lambda r, by: r.withdraw(by), {ReplyStatus.PUBLISHED: ReplyStatus.WITHDRAWN}),
}


@pytest.mark.parametrize("status", ReplyStatus)
@pytest.mark.parametrize("verb", REPLY_VERBS)
def test_a_reply_changes_only_as_the_table_allows(verb, status, doctor):
    change, allowed = REPLY_VERBS[verb]
    answered = status == ReplyStatus.PUBLISHED
    reply = make_reply(make_question(S.ANSWERED if answered else S.OPEN), doctor, status)
    if status in allowed:
        change(reply, doctor.user)
        assert reply.status == allowed[status]
        assert allowed[status] in Reply.TRANSITIONS[status]
        assert reply.question.events.count() == 1
    else:
        with pytest.raises(InvalidTransition, match=r"\.$"):
            change(reply, doctor.user)
        assert Reply.objects.get(pk=reply.pk).status == status
        assert not QuestionEvent.objects.exists()


@pytest.mark.parametrize("status", S)
def test_a_reply_is_published_only_under_an_open_or_answered_question(status, doctor):
    reply = make_reply(make_question(status), doctor)
    if status in (S.OPEN, S.ANSWERED):
        reply.publish(doctor.user)
        assert reply.question.status == S.ANSWERED
        assert reply.question.answered_at
    else:
        with pytest.raises(InvalidTransition):
            reply.publish(doctor.user)
        assert Reply.objects.get().status == ReplyStatus.DRAFT


def test_publishing_twice_makes_one_reply_and_one_event(doctor):
    reply = make_reply(doctor=doctor)
    same_reply = Reply.objects.get(pk=reply.pk)
    reply.publish(doctor.user)
    with pytest.raises(InvalidTransition):
        same_reply.publish(doctor.user)
    assert reply.question.events.count() == 1


def test_a_reply_keeps_the_credential_of_its_day(doctor):
    today = timezone.localdate()
    day = datetime.timedelta(days=1)
    doctor.credentials.create(title="Resident", affiliation="Old Hospital", since=today - 900 * day, until=today - day)
    doctor.credentials.create(title="Director", affiliation="New Hospital", since=today)
    reply = make_reply(doctor=doctor)
    reply.publish(doctor.user)
    doctor.credentials.all().delete()
    assert Reply.objects.get().credential == "Director, New Hospital"
    assert reply.review_by > today


@pytest.mark.parametrize(
    "lapse",
    [
        {"licence_expires_on": datetime.date(2020, 1, 1)},
        {"verified_at": None},
        {"user": None},
    ],
)
def test_a_doctor_without_a_licence_in_force_cannot_publish(lapse):
    reply = make_reply(doctor=make_doctor(**lapse))
    with pytest.raises(InvalidTransition, match="licence"):
        reply.publish(None)
    assert Reply.objects.get().status == ReplyStatus.DRAFT


def test_the_last_withdrawn_reply_opens_the_question_again(doctor, other_doctor):
    question = make_question(S.OPEN)
    first, second = make_reply(question, doctor), make_reply(question, other_doctor)
    first.publish(doctor.user)
    second.publish(other_doctor.user)
    first.withdraw(doctor.user)
    question.refresh_from_db()
    assert question.status == S.ANSWERED
    second.withdraw(other_doctor.user)
    question.refresh_from_db()
    assert (question.status, question.answered_at) == (S.OPEN, None)


@pytest.mark.parametrize("status", ArticleStatus)
def test_an_article_is_published_and_withdrawn_in_turn(status):
    article = make_article(status=status)
    change, refused = (article.publish, article.withdraw)[:: 1 if status == ArticleStatus.DRAFT else -1]
    with pytest.raises(InvalidTransition):
        refused()
    change()
    article.refresh_from_db()
    assert article.status != status


def test_an_article_that_comes_back_keeps_the_day_on_which_it_was_published_first(client):
    long_ago = timezone.now() - datetime.timedelta(days=400)
    article = make_article("Chilblains", published_at=long_ago)
    address, lists = article.get_absolute_url(), reverse("article_list")
    article.withdraw()
    versions = {client.get(lists)["ETag"]}
    article.publish()
    article.refresh_from_db()
    assert article.published_at == long_ago
    assert client.get(address).status_code == 200
    versions.add(client.get(lists)["ETag"])
    assert len(versions) == 2  # whoever keeps the list learns of it
    new = make_article(status=ArticleStatus.DRAFT)
    new.publish()
    assert timezone.now() - new.published_at < datetime.timedelta(minutes=1)


def test_a_claim_keeps_others_away_until_it_ends(doctor, other_doctor):
    question = make_question(S.OPEN)
    question.claim(doctor)
    question.claim(doctor)  # renewed, without a second event
    with pytest.raises(QuestionClaimed, match="Ada Example"):
        Question.objects.get().claim(other_doctor)
    Question.objects.update(claimed_until=timezone.now() - datetime.timedelta(seconds=1))
    question = Question.objects.get()
    question.claim(other_doctor)
    assert [e.kind for e in question.events.all()] == [EventKind.CLAIMED, EventKind.CLAIMED]


def test_a_release_gives_up_only_the_own_claim(doctor, other_doctor):
    question = make_question(S.OPEN)
    question.claim(doctor)
    question.release(other_doctor)
    assert Question.objects.get().claimed_by == doctor
    question.release(doctor)
    assert Question.objects.get().claimed_by is None


@pytest.mark.parametrize("status", [s for s in S if s != S.OPEN])
def test_only_an_open_question_can_be_claimed(status, doctor):
    with pytest.raises(InvalidTransition, match="open"):
        make_question(status).claim(doctor)


@pytest.mark.parametrize(
    "broken",
    [
        {"status": "approved"},
        {"status": "answered", "answered_at": None},
        {"status": "rejected", "reject_reason": ""},
        {"status": "open", "specialty": None},
        {"sex": "?"},
        {"age_from": 30, "age_to": 20},
        {"age_from": 30, "age_to": None},
        {"claimed_until": timezone.now()},
        {"on_behalf_of": "dog"},
    ],
)
def test_the_database_refuses_a_question_that_cannot_be(broken):
    question = make_question()
    with pytest.raises(IntegrityError), transaction.atomic():
        Question.objects.filter(pk=question.pk).update(**broken)


@pytest.mark.parametrize(
    "broken",
    [
        {"status": "sent"},
        {"status": "published", "published_at": None},
        {"next_step": "pray"},
        {"status": "published", "published_at": timezone.now(), "cannot_assess": "needs_tests", "urgent_if": ""},
    ],
)
def test_the_database_refuses_a_reply_that_cannot_be(broken):
    reply = make_reply()
    with pytest.raises(IntegrityError), transaction.atomic():
        Reply.objects.filter(pk=reply.pk).update(**broken)


@pytest.mark.parametrize(
    ("lacking", "said"),
    [
        ({"body": " "}, "Write a reply"),
        ({"next_step": ""}, "do next"),
        ({"cannot_assess": "needs_tests", "may_be_about": "Many things", "urgent_if": " "}, "urgent"),
    ],
)
def test_a_reply_that_lacks_what_a_patient_needs_cannot_be_published(doctor, lacking, said):
    reply = make_reply(doctor=doctor, **lacking)
    with pytest.raises(InvalidTransition, match=said):
        reply.publish(doctor.user)
    assert Reply.objects.get().status == ReplyStatus.DRAFT


def test_a_rejection_needs_one_of_the_reasons(moderator):
    question = make_question()
    with pytest.raises(InvalidTransition, match="reason"):
        question.reject(moderator, "")
    assert not question.events.exists()
