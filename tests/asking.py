"""Asking as a patient does, step by step, with the answers most tests do not care about."""

import datetime
import re

from django.urls import reverse

from qa.models import Draft, Question

ABOUT = {
    "title": "Red spots on my legs",
    "body": "For two weeks I have had small red spots on both shins. What are they? Should I see somebody?",
}
PARTS = {"part_1": "What are they?", "part_2": "Should I see somebody?", "specialty": ""}
YOU = {"on_behalf_of": "self", "age_band": "30-39", "sex": "female", "pseudonym": "Blue Heron"}
SEND = {"agreed": "on"}


def read(client, name):
    return client.get(reverse(name)).text


def hidden(text):
    """What a page's form says of its window, its draft and of what was read."""
    return dict(re.findall(r'type="hidden" name="(window|opened|draft|state)" value="(\w*[\w ]*)"', text))


def post(client, name, data, **extra):
    return client.post(reverse(name), data, **extra)


def write(client, about=None, parts=None, you=None):
    """The first three steps, up to "Read and send"; the draft."""
    post(client, "ask_about", ABOUT | (about or {}))
    post(client, "ask_parts", PARTS | (parts or {}))
    post(client, "ask_you", YOU | (you or {}))
    return draft_of(client)


def draft_of(client):
    draft = Draft.objects.get(key=client.session["draft"])
    Draft.objects.filter(pk=draft.pk).update(created_at=draft.created_at - datetime.timedelta(minutes=2))
    return draft


def ask(client, about=None, parts=None, you=None, send=None):
    """All four steps; the question."""
    draft = write(client, about, parts, you)
    response = post(client, "ask_send", SEND | (send or {}))
    assert response.url == reverse("ask_sent"), response.text
    return Question.objects.get(source_id=draft.key)
