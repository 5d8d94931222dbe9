"""What a question page asks the database: little, however much there is to show, and nothing private."""

import datetime
import sqlite3

import pytest
from django.db import NotSupportedError, connection, transaction
from django.utils import timezone

from qa.models import Helpful, Question, RelatedOrigin, Reply, ReplyReview, prepared, written_once
from qa.models.reply import PAGE_FIELDS as NAMES
from qa.views.browse import shown_replies
from tests.factories import make_answered_question, make_article, make_doctor, make_reply, make_specialty
from tests.pages import PageReader

pytestmark = pytest.mark.django_db

PRIVATE = ["contact_email", "secret_key", "patient_id", "wants_news", "claimed_by_id"]
PRIVATE += ["licence_number", "evidence_note", "withdrawal_reason", "verified_by"]


def full_page(doctor, **fields):
    """A question with everything that its page may show."""
    question = make_answered_question(doctor, title="An itch that stays", **fields)
    replies = [question.replies.get(), make_reply(question, make_doctor("Ben Example"), status="published")]
    for number, name in enumerate(["Cara Example", "Dan Example"]):
        replies[number].reviews.create(doctor=make_doctor(name), verdict="agrees", note=f"Agreed {number}.")
    for position in (1, 2):
        part = question.parts.create(position=position, text=f"Part {position}")
        replies[0].coverages.create(part=part, coverage="answered")
        similar = make_answered_question(title=f"Similar {position}")
        question.related_questions.create(related=similar, position=position, origin=RelatedOrigin.ARCHIVE)
        similar.related_questions.create(related=question, position=1, origin=RelatedOrigin.ARCHIVE)
    make_article("All about itching", question=question, reviewer=doctor, reviewed_on=timezone.localdate())
    return question


@pytest.mark.parametrize("is_excerpt", [False, True])
def test_a_page_takes_one_query_and_its_article_another(client, doctor, django_assert_num_queries, is_excerpt):
    question = full_page(doctor, is_excerpt=is_excerpt)
    client.get(question.get_absolute_url())  # what is written only once is
    with django_assert_num_queries(2):
        text = PageReader(client.get(question.get_absolute_url() + "?again").text).text
    for shown in ("Agreed 0.", "Agreed 1.", "Dr. Ben Example", "Similar 2", "Moisturise twice", "reviewed by Dr. Ada"):
        assert shown in text
    assert ("Part 2" in text) is not is_excerpt
    assert ("It is quoted on the page of Similar 1" in text) is is_excerpt


@pytest.mark.parametrize(
    "read",
    [
        Question.objects.public().for_page(),
        Question.objects.public().for_cards(),
        Reply.objects.published().for_page(),
        ReplyReview.objects.for_page(),
    ],
)
def test_public_pages_do_not_even_read_what_is_private(read):
    assert not [name for name in PRIVATE if name in str(read.query)]


def test_replies_that_come_with_their_question_are_those_that_are_read_alone(doctor):
    question = full_page(doctor)
    replies = question.replies.order_by("pk")
    replies[1].withdraw(None, because="A mistake.")
    make_reply(
        question, replies[1].doctor, status="published", supersedes=replies[1], see_specialty=make_specialty("Eyes")
    )
    Helpful.objects.create(reply=replies[0], visitor="somebody", is_helpful=True)

    def said(reply):
        own = {name: getattr(reply, name) for name in NAMES if "__" not in name}
        beside = [reply.doctor, reply.doctor_id, reply.specialty, reply.see_specialty, reply.doctor.is_verified]
        votes = [reply.vote_count, reply.helpful_count]
        reviews = [
            (r.doctor, r.verdict, r.note, r.signed_at, r.specialty_name, r.reply_id) for r in reply.signed_reviews
        ]
        return own, beside, votes, reviews, getattr(reply, "superseded_by", None)

    (shown,) = Question.objects.public().for_page().filter(pk=question.pk)
    alone = question.replies.once_published().for_page()
    assert [said(reply) for reply in shown_replies(shown)] == [said(reply) for reply in alone]
    assert len(alone) == 3


def test_a_card_and_a_page_read_nothing_later(doctor, django_assert_num_queries):
    question = make_answered_question(doctor, asked_at=timezone.now() - datetime.timedelta(days=1))
    (card,) = Question.objects.public().for_cards()
    (shown,) = Question.objects.public().for_page()
    with django_assert_num_queries(0):
        assert card.get_absolute_url() == shown.get_absolute_url() == question.get_absolute_url()
        assert (card.answered_on, shown.asked_on) == (question.answered_on, question.asked_on)
        assert (shown.age_band, shown.get_sex_display()) == (question.age_band, question.get_sex_display())


@pytest.mark.django_db(transaction=True)
def test_what_the_database_has_planned_is_planned_anew_for_another_connection(django_assert_num_queries, monkeypatch):
    if connection.vendor == "postgresql":  # where plans are kept, though the tests have no pool
        monkeypatch.setattr(written_once, "_keeps_plans", lambda _connection: True)
    question = make_answered_question()
    ask = prepared(lambda pk: Question.objects.public().filter(pk=pk))
    for _connection in range(2):
        assert ask(question.pk) == [question]
        with django_assert_num_queries(1):
            assert ask(question.pk) == [question]
        connection.close()


@pytest.mark.only_on("sqlite")
@pytest.mark.django_db
def test_sqlite_plans_nothing_anew_for_another_question(client):
    questions = [make_answered_question(title=f"Question {n}") for n in range(3)]
    planned = []
    connection.connection.set_authorizer(lambda *words: planned.append(words) or sqlite3.SQLITE_OK)
    try:
        for question in questions:
            planned.clear()  # the first time all is planned
            assert client.get(question.get_absolute_url()).status_code == 200
    finally:
        connection.connection.set_authorizer(None)
    assert not planned


@pytest.fixture
def pseudonyms_get_longer():
    """As a migration does under a running process; afterwards they are as they were."""

    def change_to(length):
        with connection.cursor() as cursor:
            cursor.execute(f"ALTER TABLE qa_question ALTER COLUMN pseudonym TYPE varchar({length})")

    length = Question._meta.get_field("pseudonym").max_length
    yield lambda: change_to(length + 1)
    change_to(length)


@pytest.mark.only_on("postgresql")  # SQLite keeps no plans
@pytest.mark.django_db(transaction=True)
def test_what_the_database_has_planned_is_planned_anew_once_its_tables_have_changed(monkeypatch, pseudonyms_get_longer):
    monkeypatch.setattr(written_once, "_keeps_plans", lambda _connection: True)
    question = make_answered_question()
    asking = [prepared(lambda pk: Question.objects.public().filter(pk=pk)) for _time in range(2)]
    assert [ask(question.pk) for ask in asking] == [[question], [question]]
    pseudonyms_get_longer()
    assert asking[0](question.pk) == [question]
    with pytest.raises(NotSupportedError), transaction.atomic():
        asking[1](question.pk)
    assert asking[1](question.pk) == [question]


def test_what_is_written_once_takes_no_further_word():
    question = make_answered_question()
    with pytest.raises(AttributeError):
        prepared(lambda pk: Question.objects.filter(pk=pk))(question.pk).public()
