"""Editing as an editor does: who is signed in, and the pages of an article or a topic."""

import pytest
from django.urls import reverse


@pytest.fixture
def as_editor(client, editor):
    client.force_login(editor)
    return client


def page_of(row, name="change"):
    return reverse(f"admin:qa_{row._meta.model_name}_{name}", args=[row.pk])
