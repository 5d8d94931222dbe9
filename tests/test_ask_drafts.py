"""Ask, before it is sent: what is typed is kept for a day, for its writer only, and thrown away for good."""

import datetime

import pytest
from django.urls import reverse
from django.utils import timezone

from qa.models import Draft
from tests.asking import ABOUT, PARTS, SEND, YOU, ask, draft_of, hidden, post, read, write

pytestmark = pytest.mark.django_db


def test_a_draft_expires_after_a_day_without_a_change(client):
    draft = write(client)
    Draft.objects.filter(pk=draft.pk).update(changed_at=timezone.now() - datetime.timedelta(hours=25))
    assert client.get(reverse("ask_send")).url == reverse("ask_about")
    assert ABOUT["body"] not in read(client, "ask_about")


def test_a_second_question_that_was_not_sent_shows_no_receipt_of_the_first(client):
    ask(client)
    write(client)
    Draft.objects.all().delete()
    assert post(client, "ask_send", SEND).url == reverse("ask_about")
    assert client.get(reverse("ask_sent")).url == reverse("ask_about")


def test_what_a_slow_line_brings_late_replaces_nothing_newer(client):
    post(client, "ask_autosave", ABOUT | {"title": "The newer words", "typed_at": "2000"})
    post(client, "ask_autosave", ABOUT | {"title": "The older words", "typed_at": "1000"})
    assert "The newer words" in read(client, "ask_about")


def test_autosave_brings_nothing_back_that_was_thrown_away(client):
    for _ in range(2):
        page = hidden(read(client, "ask_about"))
        assert post(client, "ask_autosave", ABOUT | page).status_code == 200
        post(client, "ask_discard", {})
        assert post(client, "ask_autosave", ABOUT | page).status_code == 204
        assert not Draft.objects.exists()


def test_autosave_of_a_sent_question_does_not_end_up_in_the_next_one(client):
    page = hidden(read(client, "ask_about"))
    ask(client)
    write(client, {"body": "My elbows itch at night. What can I do?"})
    assert post(client, "ask_autosave", ABOUT | page).status_code == 204
    assert "elbows" in draft_of(client).data["about"]["body"]


@pytest.mark.parametrize(("name", "answers"), [("ask_about", ABOUT), ("ask_parts", PARTS), ("ask_you", YOU)])
def test_every_step_says_up_to_when_the_page_has_what_was_typed(client, name, answers):
    write(client)
    said = f"data-{name.removeprefix('ask_')}="
    assert f'{said}"0"' in read(client, name)
    post(client, name, answers | {"typed_at": "2000"})
    assert f'{said}"2000"' in read(client, "ask_send")
    assert f'{said}"3000"' in post(client, name, {"typed_at": "3000"}).text


@pytest.mark.parametrize(
    ("step", "data", "field", "before"),
    [
        ("ask_parts", {"part_1": "Will it scar?"}, "part_1", "ask_about"),
        ("ask_you", {"medicines": "Aspirin", "contact_email": "half@"}, "medicines", "ask_parts"),
    ],
)
def test_going_back_keeps_what_was_typed_however_incomplete(client, step, data, field, before):
    write(client)
    response = post(client, step, data | {"back": "1"})
    assert response.url == reverse(before)
    assert draft_of(client).data[step.removeprefix("ask_")][field] == data[field]
    assert data[field] in read(client, step)


def test_a_guessed_part_is_forgotten_with_the_text_it_was_guessed_from(client):
    post(client, "ask_about", ABOUT)
    post(client, "ask_parts", PARTS)
    post(client, "ask_about", ABOUT | {"body": "I cannot fall asleep at night. What helps me with that?"})
    assert client.get(reverse("ask_send")).url == reverse("ask_parts")
    assert "What helps me with that?" in read(client, "ask_parts")


def test_an_expired_form_gives_back_what_was_typed(client):
    strict = type(client)(enforce_csrf_checks=True)
    response = strict.post(reverse("ask_about"), ABOUT | {"password": "secret"})
    assert response.status_code == 403
    assert ABOUT["body"] in response.text
    assert "secret" not in response.text


def test_a_draft_can_be_thrown_away(client):
    write(client)
    post(client, "ask_discard", {})
    assert not Draft.objects.exists()
    assert ABOUT["body"] not in read(client, "ask_about")


def test_nobody_else_sees_the_draft(client):
    write(client)
    assert ABOUT["body"] not in type(client)().get(reverse("ask_about")).text


def test_a_draft_of_an_older_form_leads_back_to_the_step_that_is_not_complete(client):
    draft = write(client)
    draft.data.pop("you")
    draft.save()
    assert client.get(reverse("ask_send")).url == reverse("ask_you")
    assert draft_of(client).data["parts"]
