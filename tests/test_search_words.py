"""Search by words: what was typed is taken apart, and found though it was written otherwise or with errors."""

import datetime

import pytest

from qa.search import catch_up, search, synonyms
from qa.search.corrections import distance
from qa.search.engine import engine
from qa.search.query import parse
from tests.factories import make_answered_question, make_article, make_doctor, make_specialty, make_topic
from tests.pages import PageReader
from tests.searching import found

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("fresh_counters")]

# What was typed, taken apart


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("red spots", {"words": (("red",), ("spot",))}),
        ('itchy "red spots', {"words": (("itchi",),), "phrases": (("red", "spot"),)}),
        ("“red spots”", {"phrases": (("red", "spot"),)}),
        ("rash -baby", {"words": (("rash",),), "excluded": (("babi",),)}),
        ('rash -"red spots"', {"words": (("rash",),), "excluded": (("red", "spot"),)}),
        ("x-ray itching/burning", {"words": (("x", "ray"), ("itch",), ("burn",))}),
        ("specialty:Dermatology year:2004", {"specialty": "Dermatology", "years": (2004, 2004)}),
        ('topic:"Red Spots" YEAR:2019-2015', {"topic": "Red Spots", "years": (2015, 2019)}),
        ("year:soon rash specialty:", {"words": (("soon",), ("rash",), ("specialti",))}),
        (
            "specialty: cardiology year： 2019 knee",
            {"words": (("knee",),), "specialty": "cardiology", "years": (2019, 2019)},
        ),
        ("topic：“Red Spots” year:  2015-2019", {"topic": "Red Spots", "years": (2015, 2019)}),
        ("皮膚 痒", {"words": (("皮肤",), ("痒",))}),
        ("NEAR(a b) AND OR NOT & | ! * ^ <-> :A ''", {"words": (("near",), ("b",))}),
        ("My son Can’t  sleep", {"words": (("son",),), "sayings": ((("troubl", "sleep"), ("sleep",)),)}),
        ("cannot get it up", {"sayings": ((("impot",), ()),)}),
        ('"can\'t sleep"', {"phrases": (("sleep",),)}),
        ("topic:can't sleep", {"words": (("sleep",),), "topic": "can't"}),
        ("rash -passed out", {"words": (("rash",),), "excluded": (("pass",),)}),
    ],
)
def test_a_search_is_taken_apart(text, expected):
    typed = parse(text)
    empty = {"words": (), "sayings": (), "phrases": (), "excluded": (), "specialty": "", "topic": "", "years": None}
    assert vars(typed) == empty | expected


def test_an_article_beside_a_question_is_found_in_its_specialty():
    question = make_answered_question()
    make_article(question=question, body="Quagmire")
    for specialty in (question.specialty, make_specialty("Urology")):
        question.specialty = specialty
        question.save()
        catch_up()
        assert len(search(f'quagmire specialty:"{specialty.name}"').hits) == 1
    assert search("quagmire specialty:dermatology").hits == []


def test_phrases_exclusions_and_filters_find_what_they_say():
    urology, red = make_specialty("Urology"), make_topic("Redness")
    one = make_answered_question(title="Red spots on a leg", body="Itching.", reply_body="Wait.")
    two = make_answered_question(title="Spots, red, on a leg", body="Burning.", reply_body="Wait.", specialty=urology)
    two.topics.add(red)
    assert set(found("red spots")) == {one.pk, two.pk}
    assert found('"red spots"') == found("red spots -burning") == found("spots specialty:dermatology") == [one.pk]
    assert (
        found("spots", specialty="urology") == found('spots topic:"redness"') == found("", topic="redness") == [two.pk]
    )
    assert found(f"spots year:{one.answered_on.year}", photo="1") == []
    assert found(f"leg year:{one.answered_on.year}-{two.answered_on.year}") != []
    assert found("leg year:1999") == []
    assert found("leg specialty:nonsense") == []
    assert set(found("leg", specialty="nonsense")) == {one.pk, two.pk}


def test_what_is_chosen_narrows_what_was_typed():
    asked = {
        year: make_answered_question(title="Knee", answered_at=datetime.datetime(year, 5, 1, tzinfo=datetime.UTC))
        for year in (2009, 2012, 2020)
    }
    assert found("knee year:2010-2020") == [asked[2020].pk, asked[2012].pk]
    assert found("knee year:2010-2020", year="2020") == [asked[2020].pk]
    assert found("knee year:2010-2020", year="2009") == []
    urology = make_specialty("Urology")
    doctor = make_doctor("Wu Knee")
    doctor.specialties.set([urology, make_specialty()])
    make_doctor("Lin Knee").specialties.set([make_specialty()])
    catch_up()
    chosen = {"specialty": "urology"}
    assert [hit.heading.count("Wu") for hit in search("knee specialty:dermatology", chosen=chosen).hits] == [1]
    assert search("knee specialty:dermatology", chosen=chosen).filters.specialty.name == "Urology"


@pytest.fixture
def only_one_is_wanted(monkeypatch):
    """So that an engine may look among the latest entries only."""
    monkeypatch.setattr("qa.search.results.RANKED", 1)
    monkeypatch.setattr(engine(), "FEW", 0, raising=False)


def test_what_is_old_is_found_by_its_year_also_under_the_commonest_word(only_one_is_wanted):
    old = make_answered_question(title="Rash", answered_at=datetime.datetime(2004, 5, 1, tzinfo=datetime.UTC))
    assert found("rash year:2004") == [old.pk]
    for _ in range(9):
        make_answered_question(title="Rash")
    assert found("rash year:2004") == found("", year="2004") == [old.pk]


def test_where_little_holds_all_words_what_holds_some_is_found_as_well_and_says_so(client):
    filling = "Nothing of interest is written in this long sentence. " * 20
    both = make_answered_question(title="It hurts", body=f"{filling} A toe. {filling}", reply_body=f"{filling} Gout.")
    some = make_answered_question(title="Gout", body="Gout hurts.", reply_body="Gout.")
    for _ in range(9):
        make_answered_question(title="Rash", body="It hurts.", reply_body="Ice.")
    assert found("gout toe") == [both.pk]
    hits = search("gout toe").hits
    assert {(hit.question.pk, hit.holds_all) for hit in hits} == {(both.pk, True), (some.pk, False)}
    text = PageReader(client.get("/search/?q=gout+toe").text).text
    assert "Few results have all of these words" in text
    assert text.count("some of the words") == 1
    text = PageReader(client.get("/search/?q=gout+moonlight+toes").text).text
    assert "No result has all of these words. These have some of them" in text
    assert "some of the words" not in text
    assert "have some of them" not in client.get("/search/?q=gout").text


def test_what_holds_some_of_the_words_is_left_out_beside_a_good_result_that_holds_all():
    both = make_answered_question(title="Clicking knee", body="It hurts.", reply_body="Rest.")
    for title in (*["Knee"] * 3, *["Rash"] * 9):
        make_answered_question(title=title, body="Here.", reply_body="Wait.")
    catch_up()
    assert [hit.question.pk for hit in search("knee clicks").hits] == [both.pk]


def test_a_topic_comes_first_only_where_its_name_was_typed():
    fever = make_topic("Typhoid Fever")
    fever.synonyms.create(name="Enteric Fever")
    make_answered_question(title="Fever in a child", body="A fever.", reply_body="Wait.")
    make_answered_question(title="Typhoid fever", body="Typhoid fever.", reply_body="Typhoid fever.")
    for number in range(9):
        make_answered_question(title=f"Rash {number}", body="Here.", reply_body="Wait.")
    catch_up()
    assert [hit.kind for hit in search("fever").hits][:2] == ["question", "question"]
    for typed in ("typhoid fever", "enteric fever", "Fever, typhoid"):
        assert search(typed).hits[0].kind == "topic", typed


def test_the_very_words_come_before_what_means_the_same():
    words = make_answered_question(title="Always tired", body="Here.", reply_body="Wait.")
    make_answered_question(title="Always a fatigue", body="Here.", reply_body="Wait.")
    catch_up()
    assert search("why am i so tired all the time").hits[0].question.pk == words.pk


def test_words_that_mean_something_together_say_little_where_they_stand_far_apart():
    filling = "Nothing of interest is written in this long sentence. " * 20
    far = make_answered_question(title="A risk", body=f"A heavy smoker. {filling} A heavy man. {filling} A period.")
    near = make_answered_question(title="Fibroids", body=f"Periods are heavy. {filling}")
    catch_up()
    assert [hit.question.pk for hit in search("heavy periods").hits] == [near.pk, far.pk]


def test_a_heading_with_most_of_the_words_comes_before_a_long_text_that_happens_to_hold_all():
    filling = "Nothing of interest is written in this long sentence. " * 40
    scattered = make_answered_question(
        title="Clinic hours", body="At night.", reply_body=f"The back door. {filling} No pain. {filling}"
    )
    about = make_answered_question(title="Back pain", body="My back hurts.", reply_body="Keep moving.")
    for _ in range(9):
        make_answered_question(title="Rash", body="It hurts.", reply_body="Ice.")
    assert found("night back pain") == [scattered.pk]
    assert [hit.question.pk for hit in search("night back pain").hits] == [about.pk, scattered.pk]


def test_words_that_mean_something_together_are_found_apart_too_where_nothing_holds_both():
    lump = make_answered_question(title="A lump", body="Under the arm.", reply_body="Wait.")
    breast = make_answered_question(title="Breast feeding", body="It hurts.", reply_body="Wait.")
    assert ("breast", "lump") in synonyms.known()[1]
    assert found("breast lump") == found("lump breast") == []
    for typed in ("breast lump", "lump breast"):
        assert {hit.question.pk for hit in search(typed).hits} == {lump.pk, breast.pk}


def test_what_a_common_word_stands_in_is_found_though_much_came_after_it(only_one_is_wanted):
    old = [make_answered_question(title="Gout", body="Here.").pk for _ in range(8)]
    for _ in range(32):
        make_answered_question(title="Rash", body="Here.")
    (one,) = found("gout")
    assert one in old


def test_where_even_the_rarest_word_is_in_too_many_the_latest_that_hold_it_follow(monkeypatch):
    for title, number in (("Itching", 3), ("Burning", 4)):
        for _ in range(number):
            make_answered_question(title=title)
    catch_up()
    monkeypatch.setattr(engine(), "MOST_COMPARED", 2)
    hits = search("itching burning moonlight").hits
    assert [(hit.question.title, hit.holds_all) for hit in hits] == [("Itching", False)] * 3
    monkeypatch.setattr(engine(), "MOST_COMPARED", 7)
    assert len(search("itching burning moonlight").hits) == 7


# Words written together and apart


@pytest.mark.parametrize(
    ("typed", "written"),
    [("heart burn", "Heartburn"), ("nose bleed daily", "A daily nosebleed"), ("xylo phone", "Xylophone")],
)
def test_words_that_are_one_find_it(typed, written):
    question = make_answered_question(title=written, body="Here.", reply_body="Wait.")
    assert found(typed) == [question.pk]


@pytest.mark.parametrize("typed", ["s o", "iv e", "vitamin s o"])
def test_letters_that_together_say_nothing_stay_by_themselves(typed):
    question = make_answered_question(title=f"{typed}, a saying", body="Here.", reply_body="Wait.")
    assert found(typed) == [question.pk]


def test_words_that_are_one_mean_what_it_means():
    question = make_answered_question(title="GERD", body="Here.", reply_body="Wait.")
    assert found("heart burn") == [question.pk]


@pytest.mark.parametrize(
    ("typed", "written", "right"),
    [
        ("hayfever", "Allergic rhinitis", "hay fever"),
        ("headrash", "A rash on the head", "head rash"),
        ("hayrash", "A rash on the head", None),
        ("headache", "A head. An ache", None),
    ],
)
def test_a_word_that_nothing_holds_is_taken_for_the_two_that_it_is_made_of(typed, written, right):
    question = make_answered_question(title=written, body="Here.", reply_body="Wait.")
    assert found(typed) == ([question.pk] if right else [])
    assert search(typed).mended == ({typed: right} if right else {})


# Typing errors


@pytest.mark.parametrize(
    ("typed", "meant"), [("vascultis", "vasculitis"), ("vasculitsi", "vasculitis"), ("exczzma", None), ("gaut", None)]
)
def test_a_typing_error_is_mended_and_said(client, typed, meant):
    question = make_answered_question(title="Vasculitis", body="Or eczema, or gout?", reply_body="Wait.")
    assert found(typed) == ([question.pk] if meant else [])
    assert search(typed).mended == ({typed: meant} if meant else {})
    text = PageReader(client.get("/search/", {"q": typed}).text).text
    assert (f"No results for “{typed}”. These are for {meant}." in text) == bool(meant)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        *[("rahs", "rash"), ("moel", "mole"), ("skni", "skin"), ("acen", "acne"), ("itcy", "itchy")],
        *[("ranh", None), ("rasj", None), ("wash", None), ("tchy", None), ("rsa", None)],
    ],
)
def test_in_a_word_of_four_letters_only_an_exchanged_pair_or_a_missing_letter_is_mended(typed, meant):
    question = make_answered_question(title="Rash, mole, acne, itchy skin", body="What is it?", reply_body="Wait.")
    assert found(typed) == ([question.pk] if meant else [])
    assert search(typed).mended == ({typed: meant} if meant else {})


def test_a_word_of_four_letters_is_not_taken_for_a_rare_one(monkeypatch):
    monkeypatch.setattr("qa.search.corrections.RARE", 3)
    make_answered_question(title="Xylo", body="Here.", reply_body="Wait.")
    assert found("xlyo") != []
    for _ in range(3):
        make_answered_question(title="Knee", body="Here.", reply_body="Wait.")
    assert found("xlyo") == []


def test_every_word_that_was_mended_is_said(client):
    make_answered_question(title="Itchy fingers", body="What is it?", reply_body="Wait.")
    catch_up()
    text = PageReader(client.get("/search/", {"q": "itcy fingres"}).text).text
    assert "No results for “itcy”. These are for itchy." in text
    assert "No results for “fingres”. These are for fingers." in text


def test_a_mended_word_means_what_it_means_with_the_others():
    hypertension = make_answered_question(title="Hypertension", body="Here.", reply_body="Wait.")
    make_answered_question(title="How do I prepare?", body="Here.", reply_body="Wait.")
    assert found("high blod presure") == [hypertension.pk]
    assert search("high blod presure").mended == {"blod": "blood", "presure": "pressure"}


def test_a_word_is_not_taken_for_a_farther_one_where_the_nearest_finds_nothing():
    make_answered_question(title="How do I prepare?", body="High up.", reply_body="Wait.")
    assert found("presure") == []
    results = search("high presure")
    assert results.mended == {}
    assert "pressure" not in [hit.heading for hit in results.hits]


def test_a_word_that_names_something_is_not_taken_for_another():
    make_answered_question(title="Hypertension", body="Here.", reply_body="Wait.")
    assert found("hypotension") == []
    assert search("hypotension").mended == {}


def test_of_words_as_near_the_one_that_names_a_topic_is_meant():
    topic = make_topic("Xylo Spots")
    topic.synonyms.create(name="Quagmire")
    named = make_answered_question(title="Xylo spots", body="Here.", reply_body="Wait.")
    make_answered_question(title="Quagmile", body="Here.", reply_body="Wait.")
    assert found("quagmixe") == [named.pk]
    assert search("quagmixe").mended == {"quagmixe": "quagmire"}


def test_a_word_that_few_hold_beside_one_that_many_do_is_asked_about(client, monkeypatch):
    monkeypatch.setattr("qa.search.corrections.OFTENER", 3)
    slip = make_answered_question(title="Quagmite", body="Here.")
    for _ in range(3):
        make_answered_question(title="Quagmire", body="Here.")
    assert found("Quagmite here") == [slip.pk]
    response = client.get("/search/", {"q": "Quagmite here"})
    assert response.context["found"].meant == "quagmire here"
    assert 'Did you mean <a href="?q=quagmire+here"><b>quagmire here</b></a>?' in response.text
    assert search("quagmire here").meant == ""
    monkeypatch.setattr("qa.search.corrections.SELDOM", 0)
    assert search("quagmite here").meant == ""
    monkeypatch.undo()
    assert search("quagmite here").meant == ""


def test_no_word_is_offered_that_is_no_longer_there():
    question = make_answered_question(title="Quagmire", body="A text.", reply_body="Wait.")
    assert found("quagmrie") == [question.pk]
    question.remove(None, "Why not")
    assert found("quagmrie") == []
    assert "quagmire" not in search("quagmrie").mended.values()


def test_no_word_is_offered_for_itself():
    make_answered_question(title="Swollen knee", body="Vasculitis.", reply_body="Wait.")
    for typed in ('"swollen vascultis" knee', "swollen-vascultis knee"):
        assert found(typed) == []
        assert search(typed).hits
        assert "swollen" not in search(typed).mended


@pytest.mark.parametrize(
    ("one", "other", "errors"),
    [("gout", "gout", 0), ("gout", "guot", 1), ("gout", "gouty", 1), ("gout", "gut", 1), ("a", "abcd", 3)],
)
def test_errors_are_counted(one, other, errors):
    assert distance(one, other) == distance(other, one) == errors
