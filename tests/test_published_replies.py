"""What becomes of a published reply: a second one beside it, a review, reaffirmed, superseded, withdrawn."""

import datetime

import pytest
from django.urls import reverse
from django.utils import timezone

from qa.errors import InvalidTransition
from qa.models import EventKind, Flag, Question, QuestionEvent, QuestionStatus, Reply, ReplyStatus
from tests import replying
from tests.factories import make_answered_question, make_reply, make_specialty
from tests.replying import at, sent

pytestmark = pytest.mark.django_db
desk = replying.desk


def test_a_second_reply_is_added_to_an_answered_question(desk, doctor):
    question = make_answered_question()
    desk.post(at("open", question.pk))
    draft = question.replies.drafts().get()
    desk.post(at("question", question.pk), sent(draft, publish="1"))
    assert question.replies.published().count() == 2
    assert question.events.to_notify().count() == 1


def test_a_colleague_reviews_a_reply_in_public_and_nobody_the_own(desk, doctor, other_doctor):
    question = make_answered_question(other_doctor)
    reply = question.replies.get()
    url = at("review", question.pk, reply.pk)
    assert "Say what you see differently." in desk.post(url, {"verdict": "disagrees"}, follow=True).text
    desk.post(url, {"verdict": "disagrees", "note": "I would take a swab first."})
    assert "I would take a swab first." in desk.get(question.get_absolute_url()).text
    desk.post(url, {"verdict": "agrees", "note": ""})
    assert reply.reviews.get().verdict == "agrees"
    own = make_answered_question(doctor).replies.get()
    assert desk.post(at("review", own.question_id, own.pk), {"verdict": "agrees"}).status_code == 404
    with pytest.raises(InvalidTransition, match="your own"):
        own.review(doctor, "agrees")


def test_an_own_review_is_changed_wherever_it_can_be_read(desk, doctor, other_doctor, moderator):
    question, other = make_answered_question(other_doctor, title="Reviewed before"), make_answered_question()
    reply = question.replies.get()
    reply.review(doctor, "disagrees", "I would take a swab first.")
    for moved in (question, other):
        Question.objects.filter(pk=moved.pk).update(specialty=make_specialty("Urology"))
    assert "Reviewed before" in desk.get(at("queue")).text
    page = desk.get(at("question", question.pk)).text
    assert "Change your review" in page
    assert "I would take a swab first." in page
    desk.post(at("review", question.pk, reply.pk), {"verdict": "agrees", "note": ""})
    assert reply.reviews.get().verdict == "agrees"
    assert desk.get(at("question", other.pk)).status_code == 404
    question.remove(moderator, "It names somebody.")
    assert desk.get(at("question", question.pk)).status_code == 404
    assert "Reviewed before" not in desk.get(at("queue")).text


def test_an_old_reply_is_reaffirmed(desk, doctor):
    question = make_answered_question(doctor)
    reply = question.replies.get()
    Reply.objects.update(review_by=datetime.date(2020, 1, 1))
    desk.post(at("reaffirm", question.pk, reply.pk))
    reply.refresh_from_db()
    assert reply.reaffirmed_on == timezone.localdate()
    assert not reply.is_past_review
    assert question.events.get().kind == EventKind.REAFFIRMED


def test_an_old_reply_is_superseded_in_one_step(desk, doctor):
    question = make_answered_question(doctor)
    old = question.replies.get()
    desk.post(at("supersede", question.pk, old.pk))
    draft = question.replies.drafts().get()
    assert draft.body == old.body
    assert "takes the place of your reply" in desk.get(at("question", question.pk)).text
    desk.post(at("question", question.pk), sent(draft, publish="1"))
    old.refresh_from_db()
    assert (old.status, old.superseded_by) == (ReplyStatus.WITHDRAWN, draft)
    question.refresh_from_db()
    assert question.status == QuestionStatus.ANSWERED
    assert [e.kind for e in question.events.all()] == [EventKind.REPLIED, EventKind.REPLY_WITHDRAWN]
    assert "A newer reply" in old.withdrawn_because
    assert [e.kind for e in QuestionEvent.objects.to_notify()] == [EventKind.REPLIED]  # one e-mail is enough


def test_an_own_reply_is_withdrawn_with_a_reason_and_a_colleagues_is_not(desk, doctor, other_doctor):
    question = make_answered_question(doctor)
    reply = question.replies.get()
    desk.post(at("withdraw", question.pk, reply.pk), {"note": "It was about somebody else."})
    question.refresh_from_db()
    reply.refresh_from_db()
    assert question.status == QuestionStatus.OPEN
    assert reply.withdrawn_because == question.events.get().note == "It was about somebody else."
    theirs = make_answered_question(other_doctor).replies.get()
    for name in ("withdraw", "reaffirm", "supersede"):
        assert desk.post(at(name, theirs.question_id, theirs.pk), {"note": "x"}).status_code == 404


@pytest.mark.parametrize("note", ["", "Too long. " * 40])
def test_a_refused_withdrawal_says_why_in_the_open_form_and_keeps_what_was_typed(desk, doctor, note):
    question = make_answered_question(doctor)
    reply = question.replies.get()
    assert "<details open>" not in desk.get(at("question", question.pk)).text
    text = desk.post(at("withdraw", question.pk, reply.pk), {"note": note}).text
    form = text.partition("<summary>Withdraw it</summary>")[2]
    assert "<details open>" in text
    assert ("Say why: some have acted on your reply." if not note else "at most 300 characters") in form
    assert note.strip() in form
    reply.refresh_from_db()
    assert reply.is_published


def test_what_a_withdrawal_does_is_said_beside_its_button(desk, doctor, other_doctor, moderator, client):
    question = make_answered_question(doctor)
    flag = Flag.objects.create(reply=question.replies.get(), reason="wrong")
    taken_off = "the question&#x27;s page is taken off the portal until another reply comes"

    def said():
        client.force_login(moderator)
        to_moderator = client.get(reverse("admin:qa_flag_change", args=[flag.pk])).text
        client.force_login(doctor.user)
        return [taken_off in text.replace("question's", "question&#x27;s") for text in (page(), to_moderator)]

    def page():
        return desk.get(at("question", question.pk)).text

    assert said() == [True, True]
    make_reply(question, other_doctor, ReplyStatus.PUBLISHED)
    assert said() == [False, False]
    assert "The question stays on the portal." in page()
