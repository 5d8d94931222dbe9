"""While the cache is away: patients ask, report and vote as before; what cannot do without it says so; no 500."""

import socket
import time
from importlib.util import find_spec

import pytest
from django.core.cache import cache, caches
from django.urls import reverse

from portal.cache import COUNTING_MAY_TAKE, LEFT_ALONE, CacheAway, ForgivingRedisCache
from qa.heartbeat import beat
from qa.models import Flag, Helpful, Question, ReplyStatus
from qa.notifications import send_waiting
from tests.asking import ask
from tests.away_cache import ForgivingCache
from tests.factories import make_answered_question, make_question, make_reply, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def away(settings):
    settings.CACHES = settings.CACHES | {"default": {"BACKEND": "tests.away_cache.AwayCache"}}
    with pytest.raises(CacheAway):
        cache.get("anything")


def test_a_patient_asks_all_the_same(client):
    assert ask(client) == Question.objects.get()


def test_a_visitor_reports_and_votes_all_the_same(client):
    reply = make_reply(make_answered_question(), status=ReplyStatus.PUBLISHED)
    address = reverse("question_helpful", args=[reply.question_id], query={"reply": reply.pk})
    assert client.post(address, {"helpful": "yes"}).status_code == 302
    assert client.post(reverse("question_report", args=[reply.question_id]), {"reason": "wrong"}).status_code == 200
    assert (Helpful.objects.count(), Flag.objects.count()) == (1, 1)


def test_a_wrong_address_of_a_private_page_is_still_not_found(client):
    assert client.get(reverse("my_question", args=["x" * 22])).status_code == 404


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("account_login", {"email": "heron@example.org"}),
        ("admin:login", {"username": "staff@example.org", "password": "a-long-secret"}),
    ],
)
def test_nobody_signs_in_uncounted_and_a_sentence_says_when_to_come_back(client, name, data):
    make_user("staff@example.org", is_staff=True)
    response = client.post(reverse(name), data)
    assert (response.status_code, response["Retry-After"]) == (503, "60")
    assert "does not answer" in response.text
    assert "sessionid" not in client.cookies


def test_readiness_says_what_is_wrong(client):
    response = client.get("/readyz")
    assert (response.status_code, response.text) == (503, "The cache does not answer.\n")


def test_the_worker_goes_on_sending_mails(mailoutbox):
    question = make_question(contact_email="heron@example.org")
    question.events.create(kind="asked")
    beat()
    assert send_waiting(is_ending=lambda: bool(beat())) == 1
    assert len(mailoutbox) == 1


def test_a_redis_server_that_does_not_answer_is_a_cache_that_is_away(settings):
    server = {"BACKEND": "portal.cache.RedisCache", "LOCATION": "redis://127.0.0.1:1/0"}
    settings.CACHES = settings.CACHES | {"default": server}
    error = CacheAway if find_spec("redis") else ImportError
    for verb in (lambda: cache.get("a"), lambda: cache.add("a", 1), lambda: cache.get_many(["a"])):
        with pytest.raises(error):
            verb()


def test_what_is_rendered_is_not_asked_for_again_and_again_where_nobody_answers(settings, monkeypatch):
    settings.CACHES = settings.CACHES | {"rendered": {"BACKEND": "tests.away_cache.ForgivingCache"}}
    monkeypatch.setattr(ForgivingCache, "left_alone_until", 0)
    monkeypatch.setattr(ForgivingCache, "is_away", True)
    monkeypatch.setattr(ForgivingCache, "asked", 0)
    rendered, began = caches["rendered"], time.monotonic()
    for _request in range(12):
        assert rendered.get_or_set("a", "new") == "new"
        assert rendered.set("a", "new") is None
    assert ForgivingCache.asked == 1
    monkeypatch.setattr("time.monotonic", lambda: began + 2 * LEFT_ALONE)
    assert (rendered.get("a"), rendered.get("a")) == (None, None)
    assert ForgivingCache.asked == 2
    monkeypatch.setattr(ForgivingCache, "is_away", False)
    assert (rendered.get("a"), ForgivingCache.asked) == (None, 2)
    monkeypatch.setattr("time.monotonic", lambda: began + 4 * LEFT_ALONE)
    assert (rendered.get("a"), rendered.get("a")) == ("kept", "kept")


def test_no_page_waits_long_for_a_redis_server_that_hangs(client, settings, monkeypatch):
    question = make_answered_question()
    monkeypatch.setattr(ForgivingRedisCache, "left_alone_until", 0)
    with socket.create_server(("127.0.0.1", 0)) as hanging:
        server = f"redis://127.0.0.1:{hanging.getsockname()[1]}/0"
        rendered = {"BACKEND": "portal.cache.ForgivingRedisCache", "LOCATION": server}
        settings.CACHES = settings.CACHES | {"rendered": rendered}
        if not find_spec("redis"):
            with pytest.raises(ImportError):
                client.get(question.get_absolute_url())
            return
        began = time.monotonic()
        for _request in range(12):
            assert client.get(question.get_absolute_url()).status_code == 200
        assert time.monotonic() - began < 2 * COUNTING_MAY_TAKE  # all of them, in what it would take to ask twice
