"""The personas of the tests, and the archive as a visitor finds it."""

import pytest
from django.core.cache import caches
from django.core.management import call_command
from django.db import connection

from qa.models import RelatedChange, SearchChange
from tests.factories import make_answered_question, make_doctor, make_patient, make_user
from tests.resembling import ECZEMA


def pytest_collection_modifyitems(config, items):
    """What only one database does is no test of the other."""
    others = {
        item
        for item in items
        if (marker := item.get_closest_marker("only_on")) and connection.vendor not in marker.args
    }
    config.hook.pytest_deselected(items=list(others))
    items[:] = [item for item in items if item not in others]


@pytest.fixture(autouse=True)
def no_page_is_kept_from_another_test():
    """A test's transaction is undone, and with it the version of what was public in it."""
    caches["rendered"].clear()


@pytest.fixture(autouse=True)
def no_change_is_left_from_another_test(request):
    """Emptying the tables after a test that commits is a change of every row, which triggers note."""
    if request.node.get_closest_marker("django_db"):
        request.getfixturevalue("db")
        SearchChange.objects.all().delete()
        RelatedChange.objects.all().delete()


@pytest.fixture
def patient(db):
    return make_patient()


@pytest.fixture
def other_patient(db):
    return make_patient("Grey Goose")


@pytest.fixture
def doctor(db):
    return make_doctor("Ada Example")


@pytest.fixture
def other_doctor(db):
    return make_doctor("Ben Example")


@pytest.fixture
def moderator(db):
    return make_user("moderator@example.org", role="Moderators", is_staff=True)


@pytest.fixture
def editor(db):
    return make_user("editor@example.org", role="Editors", is_staff=True)


@pytest.fixture
def archive(db):
    """The archive, as `make run` loads it."""
    call_command("loaddata", "archive", verbosity=0)


@pytest.fixture
def fresh_counters():
    """Nobody has searched yet."""
    caches["memory"].clear()


@pytest.fixture
def eczema(db):
    """Questions that resemble each other."""
    return [make_answered_question(title=title, body=body) for title, body in ECZEMA]
