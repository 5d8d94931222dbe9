"""Ask, what is said on the way: an emergency first, what was answered before, who can be known; all of it is advice."""

import pytest
from django.urls import reverse

from qa.models import EventKind, Question
from qa.related import find_similar
from tests.asking import ABOUT, ask, post, read, write
from tests.factories import in_step, make_answered_question, make_question, make_specialty

pytestmark = pytest.mark.django_db
SIMILAR = {"title": "Red spots on both legs", "body": "I have had small red spots on my shins and legs for a month."}
DANGER = {"body": "I feel a crushing weight on my chest and my left arm is numb. What can it be? Is it the heart?"}


def test_words_of_every_question_resemble_nothing(client):
    make_answered_question(title="Does this hair grow again?", body="This is about that. Does it?")
    in_step()
    assert find_similar("My tooth hurts. Does this need a dentist? This is what I ask.") == []


def test_what_can_be_an_emergency_is_said_before_anything_else(client, settings):
    make_answered_question(**SIMILAR)
    assert post(client, "ask_about", ABOUT | DANGER).url == reverse("ask_urgent")
    text = read(client, "ask_urgent")
    assert "weight on my chest" in text
    assert settings.EMERGENCY_NUMBER in text


def test_whoever_has_read_the_emergency_notice_may_go_on_and_the_question_is_urgent(client):
    post(client, "ask_about", ABOUT | DANGER)
    assert post(client, "ask_urgent", {}).url == reverse("ask_parts")
    assert post(client, "ask_about", ABOUT | DANGER).url == reverse("ask_parts")
    question = ask(client, about=DANGER)
    assert question.is_urgent
    notes = question.events.filter(kind=EventKind.ADVICE_PASSED).values_list("note", flat=True)
    assert any(note.startswith("emergency: ") for note in notes)


def test_a_question_without_danger_is_not_urgent(client):
    question = ask(client)
    assert not question.is_urgent
    assert not question.events.filter(kind=EventKind.ADVICE_PASSED).exists()


def test_similar_answered_questions_are_shown_once_before_the_parts(client):
    similar = make_answered_question(**SIMILAR)
    make_question(**SIMILAR | {"title": "Red spots on unseen legs"})
    in_step()
    assert post(client, "ask_about", ABOUT).url == reverse("ask_similar")
    text = read(client, "ask_similar")
    assert similar.title in text
    assert "unseen" not in text
    chosen = {f"q{similar.pk}-choice": "close", f"q{similar.pk}-note": "Mine itch."}
    assert post(client, "ask_similar", chosen).url == reverse("ask_parts")
    assert post(client, "ask_about", ABOUT).url == reverse("ask_parts")
    seen = ask(client).seen_questions.get()
    assert (seen.seen, seen.choice, seen.note) == (similar, "close", "Mine itch.")


def test_this_answers_me_ends_there_and_is_counted_once(client):
    similar = make_answered_question(**SIMILAR)
    in_step()
    post(client, "ask_about", ABOUT)
    for _click in range(2):
        assert post(client, "ask_similar", {"answers_me": similar.pk}).url == reverse("ask_answered")
    assert similar.events.filter(kind=EventKind.HELPED).count() == 1
    assert similar.title in read(client, "ask_answered")
    assert Question.objects.count() == 1


def test_what_is_typed_is_saved_and_compared_while_it_is_typed(client):
    similar = make_answered_question(**SIMILAR)
    in_step()
    response = post(client, "ask_autosave", ABOUT)
    assert similar.title in response.text
    assert ABOUT["body"] in read(client, "ask_about")
    assert "no-store" in response["Cache-Control"]


def test_the_specialty_is_suggested_by_what_similar_questions_were_filed_under(client):
    make_specialty("Urology")
    make_answered_question(**SIMILAR, specialty=make_specialty("Dermatology"))
    in_step()
    post(client, "ask_about", ABOUT)
    text = read(client, "ask_parts")
    assert '<option value="dermatology" selected>' in text
    assert ask(client, parts={"specialty": ""}).specialty is None


def test_a_link_is_mended_with_one_click(client):
    draft = write(client, about={"body": ABOUT["body"] + " See https://imgur.com/a/H7au7"})
    text = read(client, "ask_send")
    assert "<mark>https://imgur.com/a/H7au7</mark>" in text
    post(client, "ask_send", {"mend": "body/photo-link"})
    draft.refresh_from_db()
    assert draft.data["about"]["body"] == ABOUT["body"] + " See (link to a photo, removed)"
    assert "<mark>" not in read(client, "ask_send")
    assert not Question.objects.exists()


@pytest.mark.parametrize(
    ("pseudonym", "said"),
    [
        ("Maria Lopez", "I am Maria Lopez."),
        ("maria lopez", "i am maria lopez"),
        ("Maria Lopez", "My neighbour calls Maria Lopez a saint."),
        ("Delia", "My name is Delia."),
        ("delia", "Thank you, Delia"),
    ],
)
def test_a_name_to_appear_under_that_the_question_tells_gets_a_hint_until_another_is_chosen(client, pseudonym, said):
    draft = write(client, about={"body": f"{ABOUT['body']} {said}"}, you={"pseudonym": pseudonym})
    hint = 'value="pseudonym/own-name-as-pseudonym"'
    assert hint in read(client, "ask_send")
    post(client, "ask_send", {"mend": "body/introduced-name"})
    assert hint in read(client, "ask_send")
    post(client, "ask_send", {"mend": "pseudonym/own-name-as-pseudonym"})
    draft.refresh_from_db()
    assert draft.data["you"]["pseudonym"] == ""
    assert hint not in read(client, "ask_send")


@pytest.mark.parametrize(
    ("pseudonym", "said"),
    [
        ("Blue Heron", "I saw a blue heron."),
        ("Worried Mother", "I am a worried mother."),
        ("Tired", "I am tired."),
        ("", "I am Maria Lopez."),
        ("Legs", "Red spots"),
    ],
)
def test_any_other_name_to_appear_under_gets_no_hint(client, pseudonym, said):
    write(client, about={"body": f"{ABOUT['body']} {said}"}, you={"pseudonym": pseudonym})
    assert "own-name-as-pseudonym" not in read(client, "ask_send")


def test_who_keeps_the_own_name_may_send_and_that_is_an_event(client):
    question = ask(client, about={"body": ABOUT["body"] + " My name is Delia."}, you={"pseudonym": "Delia"})
    notes = [event.note for event in question.events.filter(kind=EventKind.ADVICE_PASSED)]
    assert (question.pseudonym, "privacy: own-name-as-pseudonym" in notes) == ("Delia", True)


def test_advice_may_be_passed_and_that_is_an_event(client):
    question = ask(client, about={"body": ABOUT["body"] + " See https://imgur.com/a/H7au7"})
    assert [e.note for e in question.events.filter(kind=EventKind.ADVICE_PASSED)] == ["links: photo-link"]
