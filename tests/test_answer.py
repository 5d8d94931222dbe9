"""Answering: who may be at the doctors' desk, and what its page of a question shows and does."""

import datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from qa import answering, moderating
from qa.models import EventKind, QuestionStatus, Reply, ReplyTemplate
from tests import replying
from tests.factories import (
    in_step,
    make_answered_question,
    make_doctor,
    make_question,
    make_reply,
    make_specialty,
    make_user,
)
from tests.replying import BODY, at, sent

pytestmark = pytest.mark.django_db
desk, draft, question = replying.desk, replying.draft, replying.question


# Who may be here


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"verified_at": None}, "has not been checked yet"),
        ({"licence_expires_on": datetime.date(2020, 1, 31)}, "ended on 31 January 2020"),
    ],
)
def test_a_doctor_who_may_not_reply_is_told_why(client, question, fields, sentence):
    doctor = make_doctor(**fields)
    client.force_login(doctor.user)
    for response in (client.get(at("queue")), client.post(at("open", question.pk))):
        assert response.status_code == 403
        assert sentence in response.text
    assert not Reply.objects.exists()


def test_somebody_of_the_group_who_is_no_doctor_is_told(client):
    client.force_login(make_user(role="Doctors", is_staff=True))
    assert "does not belong to one" in client.get(at("queue")).text


def test_moderators_editors_and_visitors_do_not_reach_the_desk(client, question, moderator, editor):
    for user in (moderator, editor):
        client.force_login(user)
        assert client.get(at("queue")).status_code == 403
        assert client.post(at("open", question.pk)).status_code == 403
    client.logout()
    assert client.get(at("queue")).status_code == 302


def test_questions_of_another_specialty_and_drafts_of_another_doctor_do_not_exist(desk, doctor, other_doctor):
    elsewhere = make_question(QuestionStatus.OPEN, specialty=make_specialty("Urology"))
    assert desk.get(reverse("admin:qa_question_change", args=[elsewhere.pk])).status_code == 404
    for status in (QuestionStatus.PENDING, QuestionStatus.REJECTED, QuestionStatus.REMOVED, QuestionStatus.WITHDRAWN):
        assert desk.get(at("question", make_question(status).pk)).status_code == 404
    assert desk.get(at("question", elsewhere.pk)).status_code == 404
    for name in ("open", "leave", "ask_patient", "transfer"):
        assert desk.post(at(name, elsewhere.pk)).status_code == 404
    theirs = make_reply(doctor=other_doctor)
    assert desk.get(at("versions", theirs.question_id, theirs.key)).status_code == 404
    assert desk.post(at("autosave", theirs.question_id), sent(theirs)).status_code == 404
    assert desk.post(at("autosave", theirs.question_id), {"reply": "nonsense"}).status_code == 404
    assert desk.get(reverse("admin:qa_reply_change", args=[theirs.pk])).status_code == 404
    own_template = ReplyTemplate.objects.create(doctor=other_doctor, title="Theirs", body="Theirs")
    assert desk.get(reverse("admin:qa_replytemplate_change", args=[own_template.pk])).status_code == 404
    desk.post(at("discard", theirs.question_id, theirs.key))
    assert Reply.objects.filter(pk=theirs.pk).exists()


# The page


def test_the_page_shows_all_that_helps_to_answer_and_nothing_that_tells_who_the_patient_is(desk, doctor):
    similar = make_answered_question(title="Red spots on shins", body="Small red spots on both shins for weeks.")
    question = make_question(
        QuestionStatus.OPEN, medicines="Warfarin", allergies="Penicillin", contact_email="who@example.org"
    )
    question.parts.create(position=1, text="Is it dangerous?")
    question.follow_ups.create(body="It itches now.")
    question.seen_questions.create(seen=similar, choice="close", note="mine do not itch")
    answering.begin(question, doctor)
    in_step()
    text = desk.get(at("question", question.pk)).text
    for expected in ("20–29", "Female", "Warfarin", "Penicillin", "Is it dangerous?", "It itches now.", "Close, but…"):
        assert expected in text
    assert "mine do not itch" in text
    assert f"http://testserver/questions/{similar.pk}/" in text
    for private in ("who@example.org", question.secret_key):
        assert private not in text


def test_the_doctor_is_shown_what_the_checks_find_in_title_and_medicines_too(desk):
    question = make_question(
        QuestionStatus.OPEN, title="I feel a crushing weight on my chest", medicines="Pimecrolimus 0.1% at night"
    )
    text = desk.get(at("question", question.pk)).text
    assert "<q>Pimecrolimus 0.1%</q> 0.1 % is not a strength" in text
    assert "<q>crushing weight" in text
    assert 'class="desk-finding urgent"' in text


def test_without_javascript_a_template_and_a_citation_are_added_and_a_finding_is_mended(desk, doctor, draft, question):
    cited = make_answered_question(title="Red spots on shins")
    template = ReplyTemplate.objects.create(doctor=doctor, title="Dry skin", body="Use a cream [how often].")
    desk.post(at("question", question.pk), sent(draft, template=template.pk))
    desk.post(at("question", question.pk), sent(draft, body=Reply.objects.drafts().get().body, cite=cited.pk))
    body = Reply.objects.drafts().get().body
    assert body.startswith(BODY + "\n\nUse a cream [how often].")
    assert f"http://testserver/questions/{cited.pk}/" in body
    assert [item.place for item in answering.advice_on({"body": body})] == []
    linked = "Look at https://elsewhere.example/page. " + BODY
    desk.post(at("question", question.pk), sent(draft, body=linked, mend="body/web-link"))
    assert Reply.objects.drafts().get().body == "Look at (link removed). " + BODY


def test_templates_of_other_doctors_are_not_offered_and_a_new_one_is_the_writers_own(desk, doctor, other_doctor):
    ReplyTemplate.objects.create(title="Shared", body="For all")
    ReplyTemplate.objects.create(doctor=other_doctor, title="Theirs", body="Not yours")
    desk.post(reverse("admin:qa_replytemplate_add"), {"title": "Mine", "body": "For me", "doctor": other_doctor.pk})
    assert [t.title for t in ReplyTemplate.objects.usable_by(doctor)] == ["Mine", "Shared"]
    shared = ReplyTemplate.objects.get(title="Shared")
    changing = desk.post(reverse("admin:qa_replytemplate_change", args=[shared.pk]), {"title": "X", "body": "Y"})
    assert changing.status_code == 403


def test_the_question_page_costs_a_constant_number_of_queries(desk, doctor, draft, question):
    def cost():
        with CaptureQueriesContext(connection) as queries:
            assert desk.get(at("question", question.pk)).status_code == 200
        return len(queries)

    few = cost()
    for number in range(1, 4):
        question.parts.create(position=number, text=f"Part {number}")
        question.follow_ups.create(body=f"Later {number}")
        question.events.create(kind=EventKind.FOLLOWED_UP, note="x", actor=make_user())
        make_answered_question(title=f"Red spots on shins {number}")
        ReplyTemplate.objects.create(title=f"Template {number}", body="x")
    assert cost() <= few + 2


def test_why_a_moderator_changed_the_words_is_not_told_to_doctors(desk, question, moderator):
    texts = moderating.Texts(title="Spots", body="Red ones on my shins.", parts="", pseudonym="Blue Heron")
    moderating.edit(question, moderator, texts, "Took out the name Liu Wei")
    question.events.create(kind=EventKind.TRANSFERRED, actor=moderator, note="It is about the skin")
    page = desk.get(at("question", question.pk)).text
    assert "It is about the skin" in page
    assert "Liu Wei" not in page


def test_questions_that_resemble_it_are_proposed_where_there_are_any(desk, question):
    address, heading = at("question", question.pk), "Similar answered questions"
    assert heading not in desk.get(address).text
    similar = make_answered_question(title=question.title, body=question.body)
    in_step()
    assert similar.get_absolute_url() in desk.get(address).text.partition(heading)[2]


def test_what_the_patient_had_read_is_shown_while_it_is_public(desk, question, moderator):
    seen = make_answered_question(title="Secret rash")
    question.seen_questions.create(seen=seen)
    assert "Secret rash" in desk.get(at("question", question.pk)).text.partition("had read before")[2]
    seen.remove(moderator, "It names somebody")
    assert "Secret rash" not in desk.get(at("question", question.pk)).text
