"""The typical reply time: of the portal's own questions, and of those that still wait."""

import datetime

import pytest
from django.urls import reverse
from django.utils import timezone

from qa.models import UNDATED
from qa.statistics import in_words, typical_reply_time
from tests.factories import make_answered_question, make_question, make_specialty

pytestmark = pytest.mark.django_db


def test_the_typical_reply_time_is_the_median_of_portal_questions_only(client):
    for hours in (1, 2, 5, 90, 91):
        asked = timezone.now() - datetime.timedelta(days=30)
        make_answered_question(asked_at=asked, answered_at=asked + datetime.timedelta(hours=hours))
    for _ in range(9):
        make_answered_question(source="archive", asked_at=UNDATED)
    assert "within 5 hours" in client.get(reverse("specialty_detail", args=["dermatology"])).text


@pytest.mark.parametrize(
    ("waiting", "said"),
    [
        ({}, "within 4 hours"),
        ({"open": [9 * 24]}, "within 5 hours"),
        ({"open": [9 * 24, 9 * 24], "pending": [9 * 24]}, "within 4 days"),
        ({"open": [9 * 24] * 4, "pending": [9 * 24] * 4}, ""),
        ({"open": [1] * 40}, "within 4 hours"),
        ({"needs_info": [9 * 24] * 9, "withdrawn": [9 * 24] * 9}, "within 4 hours"),
    ],
)
def test_the_typical_reply_time_counts_what_still_waits_as_long_as_it_has_waited(waiting, said):
    now = timezone.now()
    for hours in (2, 3, 4, 5, 90):
        asked = now - datetime.timedelta(days=30)
        make_answered_question(asked_at=asked, answered_at=asked + datetime.timedelta(hours=hours))
    for status, ages in waiting.items():
        for hours in ages:
            make_question(status, asked_at=now - datetime.timedelta(hours=hours))
    make_question("open", asked_at=now - datetime.timedelta(days=99), source="archive")
    assert in_words(typical_reply_time(make_specialty())) == said
