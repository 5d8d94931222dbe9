"""What the portal keeps of pages it has rendered: of nobody in particular, and no more than there is room for."""

from pathlib import Path

import pytest
from django.conf import settings as portal
from django.db import connection
from django.http import HttpResponse
from django.middleware.csrf import get_token
from django.test.utils import CaptureQueriesContext
from django.urls import path, reverse

from portal.urls import urlpatterns as of_portal
from qa.views import public
from tests.factories import make_answered_question, make_topic

pytestmark = pytest.mark.django_db


def test_a_page_is_rendered_once(client):
    address = make_answered_question().get_absolute_url()
    first = client.get(address)
    with CaptureQueriesContext(connection) as queries:
        again = client.get(address)
    assert len(queries) == 1
    assert (again.content, again.headers) == (first.content, first.headers)


@pytest.mark.parametrize("name", ["question_list", "topic_detail"])
def test_lists_are_rendered_once(client, name):
    topic = make_topic("濕疹 Eczema", slug="濕疹-eczema")
    make_answered_question().topics.add(topic)
    address = reverse(name, args=[topic.slug] if name == "topic_detail" else [])
    client.get(address)
    with CaptureQueriesContext(connection) as queries:
        assert client.get(address).status_code == 200
    assert len(queries) == 1


# Bounds

MADE_UP = {
    "with what no page reads": "/questions/?n=1",
    "with a question mark alone": "/questions/?&",
    "with an empty cursor": "/questions/?after=",
    "with a cursor of no row": "/questions/?after=7~2030-01-01T00:00:00%2B00:00",
    "with a cursor of any text": "/topics/?after=0~anything",
    "with a number written otherwise": "/sitemap-questions.xml?p=01",
    "with a key written otherwise": "/questions/00{question.pk}-{question.slug}/",
    "of a question with a parameter": "/questions/{question.pk}-{question.slug}/?utm_source=somewhere",
}


def is_kept(client, address, **headers):
    assert client.get(address, **headers).templates
    return not client.get(address, **headers).templates


@pytest.mark.parametrize("made_up", MADE_UP)
def test_an_address_that_somebody_has_made_up_fills_no_memory(client, made_up):
    address = MADE_UP[made_up].format(question=make_answered_question())
    assert not is_kept(client, address)


def test_a_host_that_somebody_has_made_up_fills_no_memory(client):
    assert is_kept(client, "/questions/")
    assert not is_kept(client, "/questions/", headers={"host": "testserver:81"})
    assert not is_kept(client, "/questions/", headers={"host": "localhost"})


def test_what_a_process_keeps_of_pages_is_bounded(client, monkeypatch):
    assert portal.CACHES["rendered"]["OPTIONS"]["MAX_ENTRIES"] * public.LARGEST <= 20_000_000  # bytes
    address = make_answered_question(body="Purple rash. " * 300).get_absolute_url()
    monkeypatch.setattr(public, "LARGEST", 3000)
    assert not is_kept(client, address)


# What is of one person


def reads_the_session(request):
    return HttpResponse(request.session.get("name", "Nobody"))


def sets_a_cookie(request):
    response = HttpResponse()
    response.set_cookie("name", "Somebody")
    return response


def makes_a_token(request):
    return HttpResponse(get_token(request))


def is_for_everybody(request):
    return HttpResponse("The same.")


OF_ONE_PERSON = [reads_the_session, sets_a_cookie, makes_a_token]
rendered = []


def noted(view):
    def wrapped(request):
        rendered.append(view)
        return view(request)

    return public.public(wrapped)


tiny = [path(f"{view.__name__}/", noted(view), name=view.__name__) for view in [*OF_ONE_PERSON, is_for_everybody]]
urlpatterns = [*of_portal, *tiny]


@pytest.mark.urls(__name__)
@pytest.mark.parametrize("view", OF_ONE_PERSON, ids=lambda view: view.__name__)
def test_what_turns_out_to_be_of_one_person_is_kept_by_nobody(client, view):
    rendered.clear()
    for _ in range(2):
        response = client.get(reverse(view.__name__))
        assert set(response["Cache-Control"].split(", ")) == {"private", "no-store"}
        assert "ETag" not in response
    assert rendered == [view] * 2


@pytest.mark.urls(__name__)
def test_what_turns_out_to_be_of_nobody_is_kept(client):
    rendered.clear()
    for _ in range(2):
        assert "public" in client.get(reverse("is_for_everybody"))["Cache-Control"]
    assert rendered == [is_for_everybody]


# Releases


@pytest.fixture
def next_process():
    """What a process has found out about its release is forgotten, as when the next one starts."""
    yield public._release.cache_clear
    public._release.cache_clear()


@pytest.mark.parametrize("other", [{"EMERGENCY_NUMBER": "112"}, {"BASE_DIR": Path(__file__).parent}])
def test_another_release_renders_pages_anew_and_says_so(client, settings, next_process, other):
    next_process()
    before = client.get("/questions/")["ETag"]
    for name, value in other.items():
        setattr(settings, name, value)
    next_process()
    response = client.get("/questions/", headers={"if-none-match": before})
    assert (response.status_code, response["ETag"] == before) == (200, False)
