"""What keeps readers safe is said on the page: age, doubt, contradiction, emergencies, and who is verified."""

import datetime
import re

import pytest
from django.utils import timezone

from tests.asking import ask
from tests.factories import (
    make_answered_question,
    make_article,
)
from tests.pages import PageReader

pytestmark = pytest.mark.django_db


def page_of(client, question):
    return PageReader(client.get(question.get_absolute_url()).text).text


def test_an_old_reply_says_how_old_it_is_until_a_colleague_has_looked_at_it(client, doctor, other_doctor):
    years_ago = timezone.now() - datetime.timedelta(days=7 * 365)
    question = make_answered_question(doctor, answered_at=years_ago)
    assert "This reply is 7 years old." in page_of(client, question)
    assert "no doctor has reviewed it since" in page_of(client, question)
    question.replies.get().reviews.create(doctor=other_doctor, verdict="disagrees", note="We do it otherwise now.")
    text = page_of(client, question)
    assert "no doctor has reviewed it since" not in text
    assert "Dr. Ben Example disagrees" in text
    assert "We do it otherwise now." in text


def test_a_reply_past_its_review_date_says_so(client):
    question = make_answered_question()
    question.replies.update(review_by=datetime.date(2020, 5, 1))
    assert "looked at again by 1 May 2020" in page_of(client, question)


def test_an_emergency_shows_the_number_to_call(client, settings):
    question = make_answered_question()
    question.replies.update(next_step="emergency")
    assert f"Call {settings.EMERGENCY_NUMBER} now" in page_of(client, question)


@pytest.mark.parametrize("address", ["/", "/search/?q=xyzzyq", "/ask/", "/ask/sent/", "private page"])
def test_every_number_to_call_can_be_tapped(client, settings, address):
    question = ask(client, about={"body": "I have a crushing pressure on my chest. What can I do about it?"})
    html = client.get(address.replace("private page", f"/my/{question.secret_key}/")).text
    assert f"all {settings.EMERGENCY_NUMBER}" in PageReader(html).text
    html = re.sub(r'<a href="tel:\d+">\d+</a>', "", html)
    assert not re.search(
        rf"[Cc]all ({settings.EMERGENCY_NUMBER}|{settings.CRISIS_LINE})|or {settings.CRISIS_LINE}", html
    )


def test_what_cannot_be_assessed_shows_its_three_lines(client):
    question = make_answered_question()
    lines = {"may_be_about": "Mostly harmless.", "urgent_if": "It bleeds.", "whom_to_see": "A dermatologist."}
    question.replies.update(cannot_assess="needs_examination", **lines)
    text = page_of(client, question)
    assert all(line in text for line in lines.values())


@pytest.mark.parametrize(
    ("stance", "said"), [("disagrees", "does not agree with the doctor's reply"), ("extends", "goes further"), ("", "")]
)
def test_an_article_says_how_it_stands_to_the_reply(client, stance, said):
    question = make_answered_question()
    make_article(question=question, stance=stance)
    text = page_of(client, question)
    assert said in text
    assert ("Careful" in text) == (stance == "disagrees")


def test_an_expired_licence_takes_the_verified_mark_away(client, doctor):
    question = make_answered_question(doctor)
    assert "Verified" in page_of(client, question)
    doctor.licence_expires_on = timezone.localdate() - datetime.timedelta(days=1)
    doctor.save()
    assert "Verified" not in page_of(client, question)


def test_a_search_that_finds_nothing_shows_whom_to_call(client, settings):
    text = PageReader(client.get("/search/?q=kill+myself").text).text
    assert f"If you think of harming yourself, call {settings.CRISIS_LINE}." in text
