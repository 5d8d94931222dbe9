"""Languages and what is spoken: a screen reader says what matters, once, and speaks it rightly."""

import pytest

from tests.asking import post

pytestmark = pytest.mark.django_db


def test_only_what_is_urgent_interrupts_whoever_writes(client):
    beside = post(client, "ask_autosave", {"title": "Pain", "body": "I have crushing chest pain right now."}).text
    assert beside.count('role="alert"') == beside.count('id="urgent-') == 1
