"""Deciding as a moderator does: the page of a question, and what its forms send."""

import pytest
from django.urls import reverse

from qa.forms.moderate import DECISIONS
from tests.factories import make_user


@pytest.fixture
def desk(client, moderator):
    """A browser in which the moderator is signed in."""
    client.force_login(moderator)
    return client


@pytest.fixture
def other_moderator(db):
    return make_user("other@example.org", role="Moderators", is_staff=True, name="Otto Other")


def page_of(question):
    return reverse("admin:qa_question_moderate", args=[question.pk])


def sent(question, decision, **fields):
    """What the form of a decision sends, as the page shows it now."""
    form = next(form for form in DECISIONS if form.name == decision)(question=question)
    values = {field.html_name: field.value() for field in form if field.value() not in (None, "")}
    return {"decision": decision, **values, **{f"{decision}-{name}": value for name, value in fields.items()}}


def decide(desk, question, decision, **fields):
    return desk.post(page_of(question), sent(question, decision, **fields), follow=True)
