"""Claims: who opens a question holds it for a while; it is taken over openly, given back, or passed on."""

import datetime

import pytest
from django.utils import timezone

from qa import answering
from qa.errors import QuestionClaimed
from qa.models import EventKind, Question, QuestionStatus, Reply, ReplyStatus
from tests import replying
from tests.factories import make_question, make_specialty
from tests.replying import BODY, at, content, sent

pytestmark = pytest.mark.django_db
desk, draft, question = replying.desk, replying.draft, replying.question


def test_looking_at_a_question_writes_nothing_and_opening_it_claims_it_for_ten_minutes(desk, doctor, question):
    assert desk.get(at("question", question.pk)).status_code == 200
    assert not Reply.objects.exists()
    assert not question.events.exists()
    assert desk.get(at("open", question.pk)).status_code == 405
    response = desk.post(at("open", question.pk))
    assert response.url == at("question", question.pk)
    question.refresh_from_db()
    assert question.holder == doctor
    assert 590 < (question.claimed_until - timezone.now()).total_seconds() <= 600
    assert question.replies.get().doctor == doctor


def test_saving_renews_the_claim(desk, draft, question):
    Question.objects.update(claimed_until=timezone.now() + datetime.timedelta(seconds=5))
    assert "Saved at" in desk.post(at("autosave", question.pk), sent(draft)).text
    question.refresh_from_db()
    assert question.claimed_until > timezone.now() + datetime.timedelta(minutes=9)


def test_a_takeover_is_explicit_keeps_the_other_draft_and_tells_the_other_on_the_next_save(
    client, doctor, other_doctor, question
):
    first = answering.begin(question, doctor)
    answering.save(first, content(body="Half a sentence"))
    client.force_login(other_doctor.user)
    page = client.post(at("open", question.pk), follow=True).text
    assert "Dr. Ada Example is working on this question" in page
    assert not question.replies.filter(doctor=other_doctor).exists()
    client.post(at("open", question.pk), {"take_over": "1"})
    question.refresh_from_db()
    assert question.holder == other_doctor
    assert question.events.filter(kind=EventKind.TAKEN_OVER, actor=other_doctor.user).exists()
    client.force_login(doctor.user)
    answer = client.post(at("autosave", question.pk), sent(first, body="Half a sentence, and more")).text
    assert "Dr. Ben Example has taken over this question. Your text is kept." in answer
    refused = client.post(at("question", question.pk), sent(first, publish="1"), follow=True).text
    assert "is working on this question. Your text is kept." in refused
    first.refresh_from_db()
    assert (first.status, first.body) == (ReplyStatus.DRAFT, BODY)


def test_leaving_gives_the_question_back_and_keeps_what_was_written(desk, doctor, draft, question):
    answering.save(draft, content())
    desk.post(at("leave", question.pk))
    question.refresh_from_db()
    assert question.holder is None
    assert Reply.objects.get().body == BODY
    other = make_question(QuestionStatus.OPEN)
    answering.begin(other, doctor)
    desk.post(at("leave", other.pk))
    assert not other.replies.exists()


def test_the_patient_is_asked_and_the_question_leaves_the_queue(desk, draft, question):
    assert "Say what you need to know." in desk.post(at("ask_patient", question.pk), {"note": ""}).text
    desk.post(at("ask_patient", question.pk), {"note": "Since when?"})
    question.refresh_from_db()
    assert question.status == QuestionStatus.NEEDS_INFO
    assert question.holder is None
    assert question.events.to_notify().get().note == "Since when?"


def test_a_question_is_passed_on_with_a_reason(desk, draft, question):
    urology = make_specialty("Urology")
    assert "Say why" in desk.post(at("transfer", question.pk), {"specialty": urology.pk, "note": ""}).text
    desk.post(at("transfer", question.pk), {"specialty": urology.pk, "note": "It is about the bladder."})
    question.refresh_from_db()
    assert (question.specialty, question.holder) == (urology, None)
    assert question.events.to_notify().get().note == "It is about the bladder."
    assert desk.get(at("question", question.pk)).status_code == 404


def test_nobody_passes_on_what_a_colleague_holds(question, draft, other_doctor):
    for action in (
        lambda: answering.transfer(question, other_doctor, make_specialty("Urology"), "x"),
        lambda: answering.ask_patient(question, other_doctor, "x"),
    ):
        with pytest.raises(QuestionClaimed):
            action()
