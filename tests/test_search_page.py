"""The page of search results: excerpts, tabs, choices, pages, and what is said above them."""

import datetime
import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import DoctorAlias
from qa.limits import READING_LIMITS
from qa.search import catch_up, search
from qa.search.excerpts import END, START, excerpt, mark
from qa.search.results import Count
from tests.factories import make_answered_question, make_article, make_doctor, make_specialty, make_topic
from tests.pages import PageReader

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("fresh_counters")]


def test_an_excerpt_is_cut_where_the_words_are_and_marks_them():
    text = "Nothing here. " * 60 + "At last my Eczema itches badly. " + "Nothing more. " * 60
    cut, number = excerpt(text, [("eczema",), ("itch",)])
    assert f"{START}Eczema{END} {START}itches{END}" in cut
    assert cut.startswith("… ")
    assert cut.endswith(" …")
    assert number == 2
    assert len(cut) < 300


@pytest.mark.parametrize(
    ("text", "wanted", "marked"),
    [
        (
            "Red, spots and red spots",
            ("red", "spot"),
            "Red, spots and [red spots]".replace("Red, spots", "[Red, spots]"),
        ),
        ("loss of hair", ("loss", "hair"), "[loss of hair]"),
        ("我有癲癇發作", ("癫痫",), "我有[癲癇]發作"),
        ("乳癌與肺癌", ("癌",), "乳[癌]與肺[癌]"),
        ("Sjögren’s", ("sjogren",), "[Sjögren]’s"),
        (f"{START}a{END} rash", ("rash",), "a [rash]"),
        ("", ("rash",), ""),
    ],
)
def test_words_are_marked_where_they_stand(text, wanted, marked):
    assert re.sub(r"\s+", " ", mark(text, [wanted]).replace(START, "[").replace(END, "]")).strip() == marked


def test_what_people_wrote_is_escaped_before_it_is_marked(client):
    make_answered_question(
        title="Rash <script>alert(1)</script>", body="<b>rash</b> & \ue000rash\ue001", reply_body="x"
    )
    catch_up()
    text = client.get("/search/", {"q": "rash <i>"}).text
    assert "<mark>Rash</mark> &lt;script&gt;" in text
    assert "&lt;b&gt;<mark>rash</mark>&lt;/b&gt; &amp;" in text
    assert "<script>alert" not in text
    assert "<i>" not in text


@pytest.mark.parametrize("typed", ["Dr. Wu", "Wu", "dr wu yuxin", "Doctor Wu"])
def test_a_doctor_is_found_by_name(client, typed):
    make_doctor("Wu Yuxin")
    make_doctor("Wu Hidden", verified_at=None)
    catch_up()
    page = PageReader(client.get("/search/", {"q": typed}).text)
    assert "/doctors/wu-yuxin/" in page.links
    assert "Dr. Wu Yuxin" in page.text
    assert "Hidden" not in page.text


def test_a_doctor_is_verified_as_long_as_the_licence_is_in_force(client, monkeypatch):
    today = timezone.localdate()
    make_doctor("Wu Yuxin", licence_expires_on=today)
    catch_up()
    shown = []
    for days in (0, 1):
        monkeypatch.setattr(timezone, "localdate", lambda *_, day=today + datetime.timedelta(days=days): day)
        text = PageReader(client.get("/search/?q=Yuxin").text).text
        shown.append(("Verified" in text, "licence not in force" in text))
    assert shown == [(True, False), (False, True)]


def test_a_topic_is_shown_with_its_whole_original_name_and_an_article_with_its_review(client, doctor):
    make_topic("Sweat Blisters", original_name="汗皰疹/汗疱疹")
    make_article("Blisters", reviewer=doctor, reviewed_on=timezone.localdate())
    make_article("More blisters")
    catch_up()
    text = PageReader(client.get("/search/?q=blisters").text).text
    assert "汗皰疹/汗疱疹" in text
    assert text.count("not reviewed by a doctor") == 1
    assert text.count("reviewed by a doctor") == 2


def test_what_was_found_by_another_name_or_the_patients_own_title_shows_it():
    make_topic("Lipoma").synonyms.create(name="Fatty lump")
    DoctorAlias.objects.create(doctor=make_doctor("Liao Wenyu"), name="Liao Lumpkin")
    make_answered_question(headline="On tissue", title="A lump", body="Here.", reply_body="Wait.")
    catch_up()
    hits = {hit.kind: hit for hit in search("lump").hits}
    assert hits["topic"].called == f"Fatty {START}lump{END}"
    assert hits["question"].text == f"A {START}lump{END}"
    assert search("lumpkin").hits[0].called == f"Liao {START}Lumpkin{END}"
    assert search("liao").hits[0].called == search("lipoma").hits[0].called == ""


def test_tabs_and_facets_count_and_narrow(client):
    urology, red = make_specialty("Urology"), make_topic("Rash in the groin")
    for specialty, number in ((make_specialty(), 3), (urology, 2)):
        for _ in range(number):
            make_answered_question(title="Rash", specialty=specialty).topics.add(red)
    make_article("Rash")
    catch_up()
    results = search("rash")
    assert {name: count.number for name, count in results.counts.items()} == {
        "all": 7, "question": 5, "article": 1, "topic": 1, "doctor": 0,
    }  # fmt: skip
    assert [(choice.name, choice.count.number) for choice in results.facets["specialty"]] == [
        ("Dermatology", 4), ("Urology", 2),
    ]  # fmt: skip
    assert [(choice.name, choice.count.number) for choice in results.facets["topic"]] == [("Rash in the groin", 5)]
    for link in PageReader(client.get("/search/?q=rash").text).links:
        assert not link.startswith("?") or client.get("/search/" + link).status_code == 200
    text = PageReader(client.get("/search/?q=rash&specialty=urology&kind=question").text).text
    assert "Questions 2" in text


def test_narrowing_is_offered_once_above_all_results_and_only_where_there_is_a_choice(client):
    make_answered_question(title="Rash")
    catch_up()
    assert "<details" not in client.get("/search/?q=rash").text
    make_answered_question(title="Rash", specialty=make_specialty("Urology"))
    catch_up()
    text = client.get("/search/?q=rash").text
    assert text.count("<details") == 1
    assert text.count('href="?q=rash&amp;specialty=urology"') == 1


def test_more_is_said_to_be_there_only_where_not_all_was_ranked(monkeypatch):
    monkeypatch.setattr("qa.search.results.RANKED", 5)
    for specialty in (make_specialty(), make_specialty("Urology"), make_specialty("Urology")):
        make_answered_question(title="Rash", specialty=specialty)
    make_article("Rash")
    catch_up()
    assert not any(choice.count.is_capped for choice in search("rash").facets["specialty"])
    for _ in range(2):
        make_answered_question(title="Rash")
    catch_up()
    results = search("rash")
    assert {name for name, count in results.counts.items() if count.is_capped} == {"all", "question"}
    assert all(choice.count.is_capped for choice in results.facets["specialty"])


def test_where_there_is_more_counts_say_what_they_are_of(client, monkeypatch):
    monkeypatch.setattr("qa.search.results.RANKED", 5)
    for specialty in (make_specialty(), make_specialty("Urology"), *[make_specialty()] * 2):
        make_answered_question(title="Rash", specialty=specialty)
    catch_up()
    of, more = "These numbers count the latest 5 results", "Only the latest of many results"
    text = PageReader(client.get("/search/?q=rash").text).text
    assert of not in text
    assert more not in text
    make_answered_question(title="Rash")
    catch_up()
    text = PageReader(client.get("/search/?q=rash").text).text
    assert of in text
    assert more in text
    text = PageReader(client.get("/search/?q=rash&kind=topic").text).text
    assert "There is nothing of this kind. Look under the others." in text
    assert more not in text


@pytest.mark.parametrize(
    ("number", "shown"), [(Count(404), "404"), (Count(404, True), "400+"), (Count(36, True), "36+")]
)
def test_a_number_of_which_there_are_more_is_a_round_one(number, shown):
    assert str(number) == shown


def test_pages_of_results_follow_one_another(client):
    for _ in range(45):
        make_answered_question(title="Rash")
    catch_up()
    seen, address = [], "/search/?q=rash"
    while address:
        page = client.get(address).context["found"]
        seen += [hit.question.pk for hit in page.hits]
        address = f"/search/?q=rash&after={page.older}" if page.older else ""
    assert len(seen) == len(set(seen)) == 45
    back = client.get(f"/search/?q=rash&before={page.newer}").context["found"]
    assert [hit.question.pk for hit in back.hits] == seen[30:40]
    assert [hit.question.pk for hit in client.get("/search/?q=rash&after=x%00y").context["found"].hits] == seen[:10]


@pytest.mark.parametrize("query", ["I want to kill myself", "crushing chest pain and my left arm is numb"])
def test_who_is_in_danger_is_told_what_to_do_first_and_no_word_is_taken_for_another(client, query, settings):
    make_answered_question(title="Which pill for kids?", body="Chess paint and a crutch.")
    catch_up()
    response = client.get("/search/", {"q": query})
    text = PageReader(response.text).text
    assert "call" in text
    assert settings.EMERGENCY_NUMBER in text
    assert response.context["urgent"]
    assert response.context["found"].hits == []
    assert "These are for" not in text


@pytest.mark.parametrize(
    "query",
    [
        *["heart attack", "heartattack", "Stroke", "suicide", "suicidal", "overdose", "unconscious", "seizure"],
        *["poisoning", "anaphylaxis", "not breathing", "choking", "can't feel my legs", "can’t breathe", "中風"],
    ],
)
def test_who_searches_for_an_emergency_is_told_what_to_do_above_the_usual_results(client, query, settings):
    question = make_answered_question(title=query, body="What is it?")
    catch_up()
    response = client.get("/search/", {"q": query})
    text = PageReader(response.text).text
    assert settings.EMERGENCY_NUMBER in text
    assert [hit.question.pk for hit in response.context["found"].hits] == [question.pk]
    assert response.text.index("next-step emergency") < response.text.index(question.get_absolute_url())


def test_who_may_be_in_danger_is_shown_what_holds_some_of_the_words_too(client):
    calf = make_answered_question(title="A swollen, warm calf after a flight", body="Is it a clot?")
    catch_up()
    response = client.get("/search/", {"q": "my leg is swollen and hot"})
    assert response.context["urgent"]
    assert [hit.question.pk for hit in response.context["found"].hits] == [calf.pk]


def test_a_search_about_suicide_shows_nothing_that_holds_only_some_of_its_words(client):
    make_answered_question(title="What kills head lice?", body="They itch.")
    catch_up()
    response = client.get("/search/", {"q": "I want to kill myself with a rope"})
    assert response.context["urgent"]
    assert response.context["found"].hits == []


def test_an_emergency_that_is_only_mentioned_does_not_keep_a_typing_error_from_being_mended(client):
    make_answered_question(title="Vasculitis after a stroke")
    catch_up()
    response = client.get("/search/", {"q": "vascultis stroke"})
    assert response.context["found"].mended == {"vascultis": "vasculitis"}
    assert [finding.rule for finding in response.context["urgent"]] == ["stroke-feared"]


@pytest.mark.parametrize(
    ("query", "rule"),
    [
        ("suicde", "suicide-plan"),
        ("heart attck", "heart-attack"),
        ("chest pian", "chest-pain"),
        ("i want to comit suicde", "suicide-plan"),
    ],
)
def test_whoever_misspells_a_danger_is_told_what_to_do(client, settings, query, rule):
    make_answered_question(title="Commit to a diet", body="I want one.")
    catch_up()
    response = client.get("/search/", {"q": query})
    assert rule in [finding.rule for finding in response.context["urgent"]]
    assert not [hit for hit in response.context["found"].hits if "suic" in query]


def test_suicide_in_a_search_beside_another_emergency_names_whom_to_call_too(client, settings):
    text = PageReader(client.get("/search/", {"q": "chest pain suicidal"}).text).text
    assert settings.CRISIS_LINE in text
    assert "the chest can come from the heart" in text


def test_all_years_of_the_replies_are_choices_the_latest_first():
    for year in range(2001, 2033):
        make_answered_question(title="Rash", answered_at=datetime.datetime(year, 5, 1, tzinfo=datetime.UTC))
    catch_up()
    years = [choice.value for choice in search("rash").facets["year"]]
    assert years == [str(year) for year in range(2032, 2002, -1)]


def test_after_the_last_row_the_last_page_is_shown():
    keys = {make_answered_question(title="Rash").pk for _ in range(13)}
    catch_up()
    first = search("rash")
    second = search("rash", chosen={"after": first.older})
    last = f"question-{second.hits[-1].question.pk}"
    again = search("rash", chosen={"after": last})
    assert [hit.question.pk for hit in again.hits] == [hit.question.pk for hit in second.hits]
    assert (again.newer, again.older) == (second.newer, "")
    assert {hit.question.pk for hit in (*first.hits, *again.hits)} == keys


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("and the", "Words such as"),
        ("Doctor, please!", "Words such as"),
        ("don't", "Words such as"),
        ("请问", "Words such as"),
        ("-rash", "A hyphen leaves out"),
        ("((((", "There is no word"),
        ("%", "There is no word"),
        ("😀", "There is no word"),
        ("", None),
    ],
)
def test_who_types_nothing_that_can_be_searched_for_is_told_why(client, typed, said):
    text = PageReader(client.get("/search/", {"q": typed}).text).text
    assert "Type what troubles you" in text
    sentences = ["Words such as", "There is no word", "A hyphen leaves out"]
    assert [sentence for sentence in sentences if sentence in text] == ([said] if said else [])


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("x" * 190, "“xxxxxxxxxxxxxxxxxxxxxxxx…” is too long to be a word"),
        ("rash " + "x" * 33, "is too long to be a word"),
        ('topic:""', "Nothing follows “topic:”."),
        ('specialty:" " rash', "Nothing follows “specialty:”."),
        ("year:abcd", "“abcd” is not a year"),
        ("year:2500", "“2500” is not a year"),
        ("rash -rash", "find “rash” and also to leave it out"),
        *[("year:2019 rash -spots", None), ("rash -year:abcd", None), ("the " + "x" * 32, None), ("紅斑" * 40, None)],
    ],
)
def test_what_was_typed_in_a_way_that_finds_less_is_explained(client, typed, said):
    text = PageReader(client.get("/search/", {"q": typed}).text).text
    sentences = ["is too long", "Nothing follows", "is not a year", "also to leave it out", "Words such as"]
    assert [sentence in text for sentence in sentences] == [sentence in (said or "") for sentence in sentences]
    assert said is None or said in text


@pytest.mark.parametrize("name", ["specialty", "topic"])
def test_who_types_a_specialty_or_topic_that_there_is_not_is_told(client, name):
    make_answered_question(title="Red nonsense")
    catch_up()
    for typed in (f"{name}:<i>nonsense red", f"{name}:<i>nonsense xyzzy"):
        response = client.get("/search/", {"q": typed})
        assert f"There is no {name} “<i>nonsense”" in PageReader(response.text).text
        assert "<i>" not in response.text
    assert f"There is no {name}" not in client.get("/search/?q=red").text


def test_a_single_year_is_shown_as_one(client):
    make_answered_question(title="Rash", answered_at=datetime.datetime(2004, 5, 1, tzinfo=datetime.UTC))
    catch_up()
    page = client.get("/search/?q=rash&year=2004").text
    assert "2004–2004" not in page
    assert "2004 <span" in page
    assert "2003–2005 <span" in client.get("/search/?q=rash&year=2003-2005").text


def test_nothing_found_leads_on(client, settings):
    page = PageReader(client.get("/search/?q=xyzzy").text)
    assert {"/topics/", "/specialties/", "/questions/", "/ask/"} <= set(page.links)
    assert settings.EMERGENCY_NUMBER in page.text
    assert settings.CRISIS_LINE in page.text


def test_too_many_searches_from_one_network_have_to_wait_and_write_nothing(client, monkeypatch):
    monkeypatch.setitem(READING_LIMITS, "search", (2, 10**9))  # seconds: no other period begins meanwhile
    with CaptureQueriesContext(connection) as queries:
        assert [client.get("/search/?q=x").status_code for _ in range(3)] == [200, 200, 429]
    assert {query["sql"].split()[0] for query in queries} == {"SELECT"}
    assert client.get("/search/?q=x", REMOTE_ADDR="10.9.8.7").status_code == 200
