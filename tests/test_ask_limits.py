"""Ask, too often: what costs much is limited, and nothing that was typed is lost nor any danger left unsaid."""

import pytest
from django.core.cache import cache
from django.urls import reverse

from qa import limits
from qa.errors import TooMany
from qa.limits import HOUR, count_reading
from tests.asking import ABOUT, draft_of, post
from tests.factories import in_step
from tests.resembling import ECZEMA

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("fresh_counters")]

LIKE_OTHERS = dict(zip(("title", "body"), ECZEMA[0], strict=True))
DANGER = "I have crushing chest pain and my left arm is numb right now."


@pytest.fixture
def answered(eczema):
    """Questions that resemble what is asked, as search knows them."""
    in_step()
    return eczema


@pytest.fixture
def none_is_left(client, monkeypatch):
    """Whoever is on this network has asked for what resembles a question as often as may be."""

    def use_up():
        monkeypatch.setitem(limits.READING_LIMITS, "similar", (0, 60))

    return use_up


def test_what_is_typed_is_kept_and_danger_said_though_nothing_is_compared_any_longer(client, answered, none_is_left):
    assert "Already answered?" in post(client, "ask_autosave", LIKE_OTHERS).text
    none_is_left()
    response = post(client, "ask_autosave", LIKE_OTHERS | {"body": f"{LIKE_OTHERS['body']} {DANGER}"})
    assert response.status_code == 200
    assert "Already answered?" not in response.text
    assert 'id="urgent-' in response.text
    assert DANGER in draft_of(client).data["about"]["body"]


def test_whoever_meets_the_limit_goes_on_asking(client, answered, none_is_left):
    assert post(client, "ask_about", LIKE_OTHERS).url == reverse("ask_similar")
    none_is_left()
    assert post(client, "ask_about", LIKE_OTHERS).url == reverse("ask_parts")
    assert client.get(reverse("ask_parts")).status_code == 200
    assert post(client, "ask_parts", {"part_1": "What helps?", "specialty": ""}).url == reverse("ask_you")
    assert draft_of(client).data["parts"]["part_1"] == "What helps?"


def test_the_page_of_the_limit_gives_back_what_was_typed(client, answered, none_is_left):
    post(client, "ask_about", LIKE_OTHERS)
    none_is_left()
    response = post(client, "ask_similar", {f"q{answered[0].pk}-note": "Mine bleeds, <b>too</b>."})
    assert response.status_code == 429
    assert "Mine bleeds, &lt;b&gt;too&lt;/b&gt;." in response.text
    assert 0 < int(response["Retry-After"]) <= 60
    assert draft_of(client).data["about"]["body"] == LIKE_OTHERS["body"]


def test_a_first_text_that_no_draft_could_keep_is_given_back(client, monkeypatch):
    cache.clear()
    monkeypatch.setitem(limits.LIMITS, "draft", [(1, HOUR)])
    post(client, "ask_about", ABOUT)
    response = post(type(client)(), "ask_about", ABOUT)
    assert response.status_code == 429
    assert ABOUT["body"] in response.text
    cache.clear()


def test_twenty_patients_who_write_on_one_network_do_not_meet_the_limit(rf):
    for _save in range(20 * 15):
        count_reading("similar", rf.post("/"))
    with pytest.raises(TooMany):  # as there is one
        count_reading("similar", rf.post("/"))
