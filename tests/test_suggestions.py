"""What is suggested while somebody types."""

import json
from urllib.parse import urlencode

import pytest
from django.urls import reverse

from qa.search import catch_up, suggest
from qa.search.engine import engine
from tests.factories import make_answered_question, make_article, make_doctor, make_question, make_topic

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("fresh_counters")]


def texts(typed):
    while catch_up():
        pass
    return [suggestion.text for suggestion in suggest(typed)]


def test_names_and_headings_are_suggested_while_somebody_types():
    topic = make_topic("Sweat Blisters", original_name="汗皰疹")
    topic.synonyms.create(name="Pompholyx")
    make_doctor("Wu Yuxin")
    make_answered_question(title="Itchy finger blisters every summer")
    make_question(title="Itchy secret")
    assert texts("dermat") == ["Dermatology"]
    assert texts("blis") == ["Sweat Blisters", "Itchy finger blisters every summer"]
    assert texts("pomph") == texts("汗皰") == ["Sweat Blisters"]
    assert texts("dr. wu") == texts("yux") == ["Dr. Wu Yuxin"]
    assert texts("itchy fing") == texts("itchy finger ") == texts("ITCHY") == ["Itchy finger blisters every summer"]
    assert texts("i") == texts("") == texts("itchy sec") == texts("%%") == texts("__") == []


def test_what_begins_with_what_was_typed_comes_first_then_whole_words_then_beginnings(monkeypatch):
    for title in ("Knee clicks", "Kneecap", "My knee hurts", "Both kneecaps", *["A knees-up, my knee"] * 3):
        make_answered_question(title=title)
    make_topic("Jumper's Knee")
    assert texts("knee")[:2] == ["Knee clicks", "Kneecap"]
    assert set(texts("knee")[2:5]) <= {"Jumper's Knee", "My knee hurts", "A knees-up, my knee"}
    assert texts("my knee")[:4] == ["My knee hurts", *["A knees-up, my knee"] * 3]


def test_a_heading_of_a_rare_word_that_begins_so_is_not_lost_among_later_ones(monkeypatch):
    monkeypatch.setattr("qa.search.suggestions.COMPARED", 8)
    make_answered_question(title="Always tired and cold")
    for _ in range(20):
        make_answered_question(title="A question of time")
    assert texts("always ti")[0] == "Always tired and cold"


def test_little_words_and_apostrophes_count_where_a_heading_begins_with_them():
    for title in ("Sleep apnea", "I can't sleep", "Can't sleep at all", "Burning soles", "Burns when I pee"):
        make_answered_question(title=title)
    assert (
        texts("can't sl")
        == texts("cant sl")
        == texts("Can’t sl")
        == ["Can't sleep at all", "I can't sleep", "Sleep apnea"]
    )
    assert texts("burns when i") == ["Burns when I pee", "Burning soles"]


def test_what_is_called_otherwise_is_suggested_last():
    make_topic("Hemorrhoids")
    make_topic("Insomnia")
    piles = make_answered_question(title="It bleeds", body="When I wipe.", reply_body="Hemorrhoids, I think.")
    assert texts("pile") == ["Hemorrhoids", piles.title]
    assert texts("can't sle") == ["Insomnia"]
    make_answered_question(title="Piles of paper")
    assert texts("pile")[:2] == ["Piles of paper", "Hemorrhoids"]
    assert texts("can't") == []
    assert texts("pi") == ["Piles of paper"]


def test_who_types_doctor_is_shown_some():
    make_doctor("Wu Yuxin")
    make_topic("Dry Mouth")
    make_answered_question(title="Lumps")
    assert {"Dr. Wu Yuxin", "Dry Mouth"} <= set(texts("dr"))
    make_doctor("Liao Wenyu")
    assert texts("dr. l") == ["Dr. Liao Wenyu"]


@pytest.mark.parametrize(
    ("typed", "kind", "leads_to"),
    [
        ("suicid", "Crisis line", "suicid"),
        ("suici", "Crisis line", "suicide"),
        ("i want to kill mys", "Crisis line", "i want to kill myself"),
        ("heart at", "Emergency", "heart attack"),
        ("chest pai", "Emergency", "chest pain"),
        ("I can't breat", "Emergency", "i cant breathe"),
        ("Husband  HEART ATT", "Emergency", "husband heart attack"),
        ("心肌梗塞", "Emergency", "心肌梗塞"),
        ("My husband has crushing chest pain and his left arm is numb", "Emergency", None),
    ],
)
def test_whom_to_call_is_suggested_first_while_an_emergency_is_typed(client, typed, kind, leads_to):
    first = client.get(reverse("search_suggestions"), {"q": typed}).json()["suggestions"][0]
    assert (first["kind"], first["is_urgent"]) == (kind, True)
    assert first["url"] == "/search/?" + urlencode({"q": leads_to or typed})
    assert client.get(first["url"]).context["urgent"][0].title == first["text"]


@pytest.mark.parametrize("typed", ["heart", "heart a", "want to", "i dont want to", "over", "blood", "ti", "stro", ""])
def test_nobody_is_alarmed_by_the_beginning_of_anything(client, typed):
    rows = client.get(reverse("search_suggestions"), {"q": typed}).json()["suggestions"]
    assert not [row for row in rows if row.get("is_urgent")]


def test_public_articles_are_suggested_by_the_words_of_their_titles(client):
    make_article("Milia Syndrome", slug="milia")
    make_article("Milia at the desk", status="draft")
    make_article("Milia of a secret question", question=make_question())
    assert texts("milia") == texts("syndr") == ["Milia Syndrome"]
    (row,) = client.get(reverse("search_suggestions"), {"q": "mili"}).json()["suggestions"]
    assert (row["kind"], row["url"]) == ("Article", "/articles/milia/")


def test_where_nothing_begins_as_typed_names_one_error_away_are_suggested():
    make_topic("Scleroderma")
    make_article("Localized Morphoea")
    make_doctor("Wu Yuxin")
    assert texts("scelro") == texts("sclerodrema") == texts("scleoderm") == ["Scleroderma"]
    assert texts("mropho") == texts("localised m") == ["Localized Morphoea"]
    assert texts("dr. wu yxui") == ["Dr. Wu Yuxin"]
    assert texts("scel") == texts("scelor") == texts("%%%%%") == []
    make_answered_question(title="Scelro is a name as well")
    assert texts("scelro") == ["Scelro is a name as well"]


@pytest.mark.parametrize(
    ("typed", "suggested"),
    [
        ("red sp", ["Red spots, itchy, a rash"]),
        ("rash", ["Red spots, itchy, a rash"]),
        ("scelro", ["Scleroderma"]),
        ("milai", []),
        ("itchy sec", []),
        ("pile", []),
        ("can't sl", []),
    ],
)
def test_suggestions_take_five_queries_at_most(typed, suggested, django_assert_max_num_queries):
    make_answered_question(title="Red spots, itchy, a rash")
    make_topic("Scleroderma")
    catch_up()
    with django_assert_max_num_queries(5):
        found = suggest(typed)
    assert [suggestion.text for suggestion in found] == suggested
    with django_assert_max_num_queries(5):
        assert suggest("dr")[0].kind == "doctor"


def test_old_headings_are_suggested_though_much_came_after_them(monkeypatch):
    monkeypatch.setattr("qa.search.suggestions.MOST", 1)
    monkeypatch.setattr(engine(), "FEW", 0, raising=False)
    for title in (*["Quagmire"] * 8, *["Rash"] * 32):
        make_answered_question(title=title)
    while catch_up():
        pass
    assert [suggestion.text for suggestion in suggest("quagm")] == ["Quagmire"]


def test_what_is_gone_is_not_suggested_from_the_moment_of_the_change():
    question = make_answered_question(title="Quagmire")
    assert texts("quag") == ["Quagmire"]
    question.remove(None, "Why not")
    assert [row.text for row in suggest("quag")] == []


def test_suggestions_are_plain_data_that_holds_nothing_personal(client):
    make_answered_question(title="Quagmire </script>")
    catch_up()
    response = client.get(reverse("search_suggestions"), {"q": "quag"})
    (row,) = json.loads(response.content)["suggestions"]
    assert row["kind"] == "Question"
    assert row["text"] == "Quagmire </script>"
    assert row["url"].startswith("/questions/")
    assert response["Content-Type"] == "application/json"
    assert not response.cookies
