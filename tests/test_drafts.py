"""Drafts: nothing that a doctor has typed is lost, whatever happens to the question, the window or the log-in."""

import pytest

from qa import answering
from qa.models import Question, QuestionStatus, Reply, ReplyStatus, ReplyVersion
from qa.retention import erase
from tests import replying
from tests.factories import make_doctor, make_question, make_reply, make_specialty
from tests.replying import BODY, at, content, sent

pytestmark = pytest.mark.django_db
desk, draft, question = replying.desk, replying.draft, replying.question


@pytest.mark.parametrize("name", ["question", "ask_patient", "transfer"])
def test_who_was_signed_out_meanwhile_gets_back_what_was_typed(client, draft, question, name):
    response = client.post(at(name, question.pk), sent(draft, note="看起來像癬", may_be_about="A rash, or ringworm."))
    assert response.status_code == 403
    for text in (BODY, "看起來像癬", "A rash, or ringworm."):
        assert text in response.text
    assert str(draft.key) not in response.text
    assert not draft.versions.exists()


def test_the_text_of_a_draft_is_kept_although_the_patient_withdraws_meanwhile(desk, draft, question):
    question.refresh_from_db()
    question.withdraw()
    response = desk.post(at("question", question.pk), sent(draft, save="1"))
    assert "Your text is kept" in response.text
    assert BODY in response.text
    assert Reply.objects.get().body == BODY


def test_versions_are_kept_and_one_can_be_put_back(desk, draft, question):
    for window, body in [("one", "First text of this reply."), ("two", "Second"), ("two", "Second and third")]:
        answering.save(draft, content(body=body), window)
    assert [version.body for version in draft.versions.all()] == ["Second and third", "First text of this reply."]
    answering.save(draft, content(body=""), "two")
    assert [version.body for version in draft.versions.all()][:2] == ["", "Second and third"]
    first = draft.versions.last()
    assert "First text of this reply." in desk.get(at("versions", question.pk, draft.key)).text
    desk.post(at("versions", question.pk, draft.key), {"version": first.pk})
    draft.refresh_from_db()
    assert draft.body == "First text of this reply."


def test_two_windows_lose_nothing_and_the_second_is_told(draft):
    answering.save(draft, content(body="Typed in one window"), "one")
    saved = answering.save(draft, content(body="Typed in the other"), "two")
    assert "another window" in saved.notices[0]
    assert {version.body for version in draft.versions.all()} == {"Typed in one window", "Typed in the other"}


def test_what_arrives_late_from_a_window_does_not_replace_what_it_sent_later(desk, draft, question):
    for sent_at, body in [("1000", "First"), ("3000", "First and last"), ("2000", "First and mid")]:
        desk.post(at("autosave", question.pk), sent(draft, body=body, sent=sent_at))
    assert Reply.objects.get().body == "First and last"


def test_a_text_that_is_too_long_is_kept_whole_but_for_what_only_does_harm(desk, draft, question):
    text = "Keep the skin dry. " * 1200
    for name in ("autosave", "question"):
        assert desk.post(at(name, question.pk), sent(draft, body=f"\x00{text}\r\n{name}")).status_code == 200
        draft.refresh_from_db()
        assert draft.body == f"{text}\n{name}"


def test_what_was_written_after_publishing_is_found_under_versions(desk, draft, question):
    desk.post(at("question", question.pk), sent(draft, publish="1"))
    desk.post(at("question", question.pk), sent(draft, body="Written in another window.", window="two", save="1"))
    address = at("versions", question.pk, draft.key)
    assert f'href="{address}"' in desk.get(at("question", question.pk)).text
    assert "Written in another window." in desk.get(address).text


@pytest.mark.parametrize("name", ["ask_patient", "transfer"])
def test_what_was_written_stays_on_the_page_where_a_request_says_too_little(desk, draft, question, name):
    answering.save(draft, content())
    text = desk.post(at(name, question.pk), {"note": ""}).text
    assert "Say w" in text
    assert BODY in text
    assert 'id="reply-form"' in text


def test_a_draft_is_thrown_away_on_request_only(desk, draft, question):
    assert desk.get(at("discard", question.pk, draft.key)).status_code == 405
    desk.post(at("discard", question.pk, draft.key))
    assert not Reply.objects.exists()
    question.refresh_from_db()
    assert question.holder is None


def test_an_erased_question_keeps_its_reply_and_no_draft_or_version_that_might_quote_it(draft, other_doctor, question):
    answering.publish(draft, content())
    answering.save(answering.begin(question, other_doctor), content(body="You wrote: small red spots"))
    erase(question, keep_replies=True, tell=False)
    assert Reply.objects.get().body == BODY
    assert not ReplyVersion.objects.exists()


def test_what_a_doctor_wrote_to_a_question_that_is_gone_is_given_back(desk, question, draft):
    address, data = at("question", question.pk), sent(draft, urgent_if="Fever above 39.")
    question.delete()
    response = desk.post(address, data)
    assert response.status_code == 404
    assert BODY in response.text
    assert "Fever above 39." in response.text


def test_a_note_to_a_question_that_was_passed_on_meanwhile_is_given_back(desk, question, moderator):
    question.transfer(moderator, make_specialty("Urology"), "Not the skin")
    response = desk.post(at("ask_patient", question.pk), {"note": "Since when does it itch?"})
    assert response.status_code == 404
    assert "Since when does it itch?" in response.text


@pytest.mark.parametrize("note", ["", "Since when does it itch?"])
def test_a_refused_request_to_the_patient_keeps_the_note_and_shows_the_draft(desk, question, draft, note):
    answering.save(draft, content())
    if note:
        question.claim(make_doctor(), take_over=True)
    response = desk.post(at("ask_patient", question.pk), {"note": note})
    assert response.status_code == 200
    assert note in response.text
    assert BODY in response.text
    assert Question.objects.get(pk=question.pk).status == QuestionStatus.OPEN


def test_a_refused_review_keeps_its_note(desk):
    reply = make_reply(make_question(QuestionStatus.ANSWERED), make_doctor(), ReplyStatus.PUBLISHED)
    response = desk.post(at("review", reply.question_id, reply.pk), {"note": "I would wait with the cream."})
    assert response.status_code == 200
    assert "I would wait with the cream." in response.text
    assert not reply.reviews.exists()


def test_what_one_window_sent_late_replaces_nothing_even_after_another_window_wrote(draft):
    answering.save(draft, content(body="Second of one"), "one", sent=2000)
    answering.save(draft, content(body="First of the other"), "other", sent=1500)
    answering.save(draft, content(body="First of one, come late"), "one", sent=1000)
    draft.refresh_from_db()
    assert draft.body == "First of the other"
