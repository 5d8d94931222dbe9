"""Limits: of many at once as many come through as may, each network for itself, and who is stopped reads until when."""

import datetime
import io
import threading
import time

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.cache import cache
from django.core.management import call_command
from django.db import connection
from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils import timezone

from qa import limits
from qa.errors import TooMany
from qa.limits import HOUR, check, count, network
from qa.views.limited import limited, limited_guesses

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def few(db, monkeypatch):
    cache.clear()
    monkeypatch.setitem(limits.LIMITS, "ask", [(3, HOUR), (5, 24 * HOUR)])
    monkeypatch.setitem(limits.LIMITS, "key", [(3, HOUR)])


@pytest.fixture
def post(rf):
    return lambda address="192.0.2.1", **headers: from_network(rf.post("/", REMOTE_ADDR=address, **headers))


@pytest.fixture
def get(rf):
    return lambda path="/", address="192.0.2.1": from_network(rf.get(path, REMOTE_ADDR=address))


def from_network(request):
    request.user = AnonymousUser()
    return request


def cache_keys():
    with connection.cursor() as cursor:
        cursor.execute("SELECT cache_key FROM portal_cache")
        return [key for (key,) in cursor.fetchall()]


@limited("ask")
def ask(request):
    return HttpResponse("Thank you")


@limited_guesses("key")
def private_page(request):
    if request.path != "/right/":
        raise Http404
    return HttpResponse("Your question")


def guess(request):
    try:
        return private_page(request).status_code
    except Http404:
        return 404


def test_who_asks_too_often_reads_when_to_come_back(post, get):
    assert [ask(post()).status_code for _time in range(4)] == [200, 200, 200, 429]
    response = ask(post())
    assert 3500 < int(response["Retry-After"]) <= HOUR
    assert "in 60 minutes" in response.content.decode()
    assert "in the time of this site" in response.content.decode()
    assert ask(post("192.0.2.2")).status_code == 200
    assert ask(get()).status_code == 200  # reading is free


def test_a_slot_is_free_again_after_its_time(post, monkeypatch):
    monkeypatch.setitem(limits.LIMITS, "ask", [(2, 2)])
    assert [ask(post()).status_code for _time in range(3)] == [200, 200, 429]
    time.sleep(2.05)
    assert ask(post()).status_code == 200


def test_the_longer_limit_counts_as_well_and_what_is_refused_counts_nothing(post, monkeypatch):
    monkeypatch.setitem(limits.LIMITS, "ask", [(9, HOUR), (2, 24 * HOUR)])
    assert [ask(post()).status_code for _time in range(9)] == [200, 200] + [429] * 7
    assert "in 24 hours" in ask(post()).content.decode()
    monkeypatch.setitem(limits.LIMITS, "ask", [(9, HOUR)])
    assert [ask(post()).status_code for _time in range(8)] == [200] * 7 + [429]


def test_only_wrong_keys_count_and_a_right_one_always_comes(get):
    assert [guess(get("/right/")) for _time in range(9)] == [200] * 9
    assert [guess(get("/wrong/")) for _time in range(5)] == [404, 404, 404, 429, 429]
    assert guess(get("/right/")) == 200
    assert guess(get("/right/", "192.0.2.2")) == 200


def test_check_counts_nothing(post):
    for _time in range(9):
        check("ask", post())
    for _time in range(3):
        count("ask", post())
    with pytest.raises(TooMany, match=r"too often\. Please"):
        check("ask", post())


@pytest.mark.django_db(transaction=True)
def test_of_twenty_at_once_as_many_come_through_as_may(post, monkeypatch):
    monkeypatch.setitem(limits.LIMITS, "ask", [(7, HOUR), (9, 24 * HOUR)])
    requests, said, barrier = [post() for _number in range(20)], [], threading.Barrier(20)

    def run(request):
        barrier.wait(20)
        said.append(ask(request).status_code)
        connection.close()

    threads = [threading.Thread(target=run, args=[request]) for request in requests]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    cache.clear()
    assert sorted(said) == [200] * 7 + [429] * 13


def test_the_cache_is_shared_by_all_processes_and_holds_no_address(post):
    ask(post("203.0.113.77"))
    keys = cache_keys()
    assert len(keys) == 2
    assert not [key for key in keys if "203.0.113.77" in key]


def test_the_worker_forgets_from_which_network_somebody_tried_to_sign_in(client):
    client.post(reverse("account_login"), {"email": "heron@example.org"}, REMOTE_ADDR="203.0.113.77")
    cache.set("still-in-force", 1, 600)
    assert [key for key in cache_keys() if "203.0.113.77" in key]
    call_command("worker", once=True, stdout=io.StringIO())
    assert [key for key in cache_keys() if "203.0.113.77" in key]  # it counts still
    with connection.cursor() as cursor:
        past = connection.ops.adapt_datetimefield_value(timezone.now() - datetime.timedelta(seconds=1))
        cursor.execute("UPDATE portal_cache SET expires = %s WHERE cache_key LIKE %s", [past, "%203.0.113.77%"])
    call_command("worker", once=True, stdout=io.StringIO())
    assert not [key for key in cache_keys() if "203.0.113.77" in key]
    assert cache.get("still-in-force") == 1


@pytest.mark.parametrize(
    ("address", "found"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("", "unknown"),
        ("2001:db8::1%eth0", "2001:db8::/64"),
    ],
)
def test_the_network_of_an_address(post, address, found):
    assert network(post(address)) == found


def test_behind_a_proxy_only_what_the_proxy_saw_counts(post, settings):
    request = post("10.0.0.1", HTTP_X_FORWARDED_FOR="198.51.100.1, 192.0.2.7")
    assert network(request) == "10.0.0.1"
    settings.BEHIND_PROXY = True
    assert network(request) == "192.0.2.7"
    assert network(post("10.0.0.1")) == "10.0.0.1"
    assert network(post("10.0.0.1", HTTP_X_FORWARDED_FOR="rubbish")) == "unknown"
