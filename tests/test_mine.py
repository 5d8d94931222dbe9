"""The private page of a question: only by its secret link, and always with the reasons of what was decided."""

from urllib.parse import quote

import pytest
from django.urls import reverse
from django.utils import timezone

from qa.models import PORTAL, EventKind, Flag, FlagDecision, QuestionStatus, RejectReason, ReplyStatus
from qa.notifications import HAPPENED
from qa.views.mine import STATES
from tests.factories import make_question, make_reply

pytestmark = pytest.mark.django_db
KEY = "a-key-of-the-private-page"


def read(client, key=KEY):
    response = client.get(reverse("my_question", args=[key]))
    assert response.status_code == 200
    return response.text


@pytest.mark.parametrize("status", QuestionStatus)
def test_in_every_status_the_patient_reads_state_and_own_words(client, status):
    question = make_question(status, secret_key=KEY, title="My rash", body="It itches.\nIt burns.")
    question.parts.create(position=1, text="What is it?")
    question.follow_ups.create(body="It is better now.")
    text = read(client)
    for words in (str(STATES[status]), "My rash", "<p>It itches.</p>", "What is it?", "It is better now."):
        assert words in text


def test_every_decision_is_there_with_its_reason_and_claims_are_not(client, doctor, moderator):
    question = make_question(secret_key=KEY)
    question.ask_patient(moderator, "Since when, <please>?")
    question.receive_info(None, "Two weeks.")
    question.accept(moderator)
    question.claim(doctor)
    text = read(client)
    assert "Since when, &lt;please&gt;?" in text
    assert "Two weeks." in text
    for kind in (EventKind.INFO_REQUESTED, EventKind.INFO_RECEIVED, EventKind.ACCEPTED):
        assert str(HAPPENED[kind]) in text
    assert EventKind.CLAIMED not in HAPPENED
    assert moderator.email not in text


def test_a_rejection_says_why(client, moderator):
    question = make_question(secret_key=KEY)
    question.reject(moderator, RejectReason.IDENTIFYING, "Please leave out the names.")
    text = read(client)
    assert str(RejectReason.IDENTIFYING.label) in text
    assert "Please leave out the names." in text


def test_replies_are_shown_while_they_are_published(client, doctor):
    question = make_question(QuestionStatus.OPEN, secret_key=KEY)
    reply = make_reply(question, doctor, body="Keep it dry.")
    assert "Keep it dry." not in read(client)
    reply.publish(doctor.user)
    assert "Keep it dry." in read(client)
    reply.withdraw(doctor.user, "I was wrong.")
    text = read(client)
    assert "Keep it dry." not in text
    assert "I was wrong." in text


def test_of_a_withdrawn_reply_stands_there_what_everybody_reads_and_who_decided(
    client, doctor, other_doctor, moderator
):
    question = make_question(QuestionStatus.OPEN, secret_key=KEY)
    own, removed = make_reply(question, doctor), make_reply(question, other_doctor)
    for reply in (own, removed):
        reply.publish(None)
    own.withdraw(doctor.user, "It was about somebody else.", "It was about somebody else.")
    public = client.get(question.get_absolute_url()).text
    flag = Flag.objects.create(reply=removed, reason="wrong")
    flag.decide(moderator, FlagDecision.REMOVED, "Ten times too much.", "The dose was wrong.")
    assert client.get(question.get_absolute_url()).status_code == 404
    page = " ".join(read(client).split())
    for said in ("A reply of Dr. Ada Example of", "The reason: It was about somebody else.", "do not rely on it"):
        assert said in " ".join(public.split())
        assert said in page
    assert f"was withdrawn on {timezone.localdate():%-d %B %Y}. The doctor decided so." in page
    assert "A moderator decided so. The reason: The dose was wrong." in page
    assert "Ten times too much." in page
    assert "decided so" not in public


def test_the_page_is_kept_by_nobody_and_says_its_address_to_nobody(client):
    make_question(secret_key=KEY)
    response = client.get(reverse("my_question", args=[KEY]))
    assert set(response["Cache-Control"].split(", ")) == {"private", "no-store"}
    assert response["Referrer-Policy"] == "no-referrer"
    assert response["X-Robots-Tag"] == "noindex"


@pytest.mark.parametrize(
    "key", ["another-key-of-a-page", "None", "nul\x00nul-nul-nul", "x" * 300, KEY.upper(), "ключ-ключ-ключ"]
)
def test_any_other_key_is_not_found(client, key):
    make_question(secret_key=KEY)
    make_question(secret_key=None)
    assert client.get(f"/my/{quote(key)}/").status_code == 404


def test_what_came_from_the_archive_has_no_private_page(client):
    make_question(QuestionStatus.ANSWERED, secret_key=KEY, source="archive")
    assert client.get(reverse("my_question", args=[KEY])).status_code == 404


def test_the_page_costs_the_same_however_much_happened(client, doctor, django_assert_max_num_queries):
    question = make_question(QuestionStatus.ANSWERED, secret_key=KEY, source=PORTAL)
    for number in range(5):
        question.parts.create(position=number + 1, text="What is it?")
        question.events.create(kind=EventKind.FOLLOWED_UP)
        make_reply(question, doctor, ReplyStatus.PUBLISHED, body="Keep it dry.")
    with django_assert_max_num_queries(9):
        text = read(client)
    assert text.count("What is it?") == 5
    assert text.count("Keep it dry.") == 5
