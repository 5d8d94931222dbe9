"""Ask, in two browser windows: neither silently takes the place of the other, and what is read is what is sent."""

import pytest
from django.contrib.auth.models import AnonymousUser
from django.urls import reverse

from qa import asking
from qa.errors import WrittenElsewhere
from qa.forms.ask import DraftForms
from qa.models import Draft, Question
from tests.asking import ABOUT, PARTS, SEND, YOU, draft_of, hidden, post, write

pytestmark = pytest.mark.django_db
SAID = "something else here in another window"
STEPS = [
    ("ask_about", ABOUT, {"body": "In the other window I wrote of my itching elbows."}),
    ("ask_parts", PARTS, {"part_2": "And what about my elbows?"}),
    ("ask_you", YOU, {"medicines": "A cream for the elbows"}),
]


def open_window(client, name):
    return hidden(client.get(reverse(name)).text)


def kept(client, name):
    return Draft.objects.get(key=client.session["draft"]).data[name.removeprefix("ask_")]


@pytest.mark.parametrize(("name", "first", "change"), STEPS)
def test_the_second_window_is_told_and_shown_both_texts_and_then_decides(client, name, first, change):
    write(client)
    one, two = open_window(client, name), open_window(client, name)
    [(field, other_text)] = change.items()
    assert post(client, name, first | change | one).status_code == 302
    response = post(client, name, first | {field: "Mine, of this window"} | two)
    assert response.status_code == 200
    assert SAID in response.text
    assert "Mine, of this window" in response.text
    assert other_text in response.text
    assert kept(client, name)[field] == other_text
    assert post(client, name, first | {field: "Mine, of this window"} | hidden(response.text)).status_code == 302
    assert kept(client, name)[field] == "Mine, of this window"


def test_the_first_window_is_told_of_the_second_too(client):
    one, two = open_window(client, "ask_about"), open_window(client, "ask_about")
    post(client, "ask_autosave", ABOUT | one)
    answer = post(client, "ask_autosave", ABOUT | {"body": "Elbows, and nothing but my elbows."} | two)
    assert "something else in another window" in answer.text
    assert kept(client, "ask_about")["body"] == ABOUT["body"]
    answer = post(client, "ask_autosave", ABOUT | {"body": ABOUT["body"] + " They itch."} | one)
    assert "another window" not in answer.text
    assert kept(client, "ask_about")["body"] == ABOUT["body"] + " They itch."


def test_photos_that_are_only_added_do_not_hide_that_both_wrote(client):
    one, two = open_window(client, "ask_about"), open_window(client, "ask_about")
    post(client, "ask_about", ABOUT | one)
    response = post(client, "ask_about", {"title": "Elbows", "body": "My elbows itch so much.", "stay": "1"} | two)
    assert SAID in response.text
    assert "My elbows itch so much." in response.text


@pytest.mark.parametrize(("name", "first", "change"), STEPS)
def test_one_window_and_the_same_text_in_two_are_never_complained_of(client, name, first, change):
    write(client)
    one, two = open_window(client, name), open_window(client, name)
    assert post(client, name, first | change | one).status_code == 302
    assert post(client, name, first | change | one).status_code == 302  # a second click
    assert post(client, name, first | one).status_code == 302  # back in the same window, and changed
    assert post(client, name, first | two).status_code == 302


def test_a_question_changed_elsewhere_is_read_once_more_before_it_is_sent(client):
    write(client)
    read = open_window(client, "ask_send")
    post(client, "ask_you", YOU | {"medicines": "A cream"} | open_window(client, "ask_you"))
    response = client.post(reverse("ask_send"), SEND | read, follow=True)
    assert "changed your question in another window" in response.text
    assert "A cream" in response.text
    assert not Question.objects.exists()
    assert post(client, "ask_send", SEND | hidden(response.text)).url == reverse("ask_sent")
    assert Question.objects.get().medicines == "A cream"


def test_what_was_read_before_the_draft_was_locked_is_not_sent_where_it_has_changed(client):
    draft = write(client)
    forms = DraftForms(draft)
    assert forms.incomplete() is None
    asking.keep(Draft.objects.get(pk=draft.pk), "about", ABOUT | {"title": "Changed just now"})
    with pytest.raises(WrittenElsewhere):
        asking.send(draft.key, forms.content(), AnonymousUser())
    assert not Question.objects.exists()
    forms = DraftForms(draft_of(client))
    assert forms.incomplete() is None
    question, is_new = asking.send(draft.key, forms.content(), AnonymousUser())
    assert (question.title, is_new) == ("Changed just now", True)
