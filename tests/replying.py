"""Replying as a doctor does at the desk: the addresses there, what the form sends, and a draft to begin with."""

import pytest
from django.urls import reverse

from qa import answering
from qa.models import QuestionStatus
from tests.factories import make_question

BODY = "Small flat spots that fade under a glass are mostly harmless. Keep the skin dry. They go in two weeks."
LINES = {
    "may_be_about": "It can be a rash or small bleedings.",
    "urgent_if": "Fever, or spots that do not fade.",
    "whom_to_see": "Your family doctor, with a list of your tablets.",
}
REFUSAL = "It cannot be diagnosed online. Please see a doctor."


def at(name, *args):
    return reverse(f"admin:answer_{name}", args=args)


def content(**fields):
    return {"body": BODY, "next_step": "routine"} | fields


def sent(reply, **fields):
    """What the form of this reply posts."""
    return {"reply": str(reply.key), "window": "one"} | content(**fields)


@pytest.fixture
def question(db):
    return make_question(QuestionStatus.OPEN)


@pytest.fixture
def draft(question, doctor):
    return answering.begin(question, doctor)


@pytest.fixture
def desk(client, doctor):
    client.force_login(doctor.user)
    return client
