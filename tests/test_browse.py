"""Browse: the public pages, their lists, their order and what they cost."""

import datetime
import json
import re
from xml.etree import ElementTree

import pytest
from django.core.cache import caches
from django.db import connection
from django.db.models import Q
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from qa import tallies
from qa.models import UNDATED, Question, QuestionStatus, RelatedOrigin, ReplyStatus, prepared, written_once_for_lists
from qa.search import catch_up
from qa.sitemaps import QuestionSitemap
from qa.statistics import in_words, typical_reply_time
from tests.factories import (
    make_answered_question,
    make_article,
    make_doctor,
    make_question,
    make_reply,
    make_specialty,
    make_topic,
)
from tests.pages import PageReader

pytestmark = pytest.mark.django_db

MAX_QUERIES = 6

# Each list, and pages that hold lists, where `q` is a question that leads to all there is.
PAGES = {
    "home": lambda q: reverse("home"),
    "question_list": lambda q: reverse("question_list"),
    "question_detail": lambda q: q.get_absolute_url(),
    "question_detail of an excerpt": lambda q: Question.objects.get(
        related_from__question=q, is_excerpt=True
    ).get_absolute_url(),
    "specialty_list": lambda q: reverse("specialty_list"),
    "specialty_detail": lambda q: q.specialty.get_absolute_url(),
    "specialty_topic": lambda q: reverse("specialty_topic", args=[q.specialty.slug, q.topics.first().slug]),
    "topic_list": lambda q: reverse("topic_list"),
    "topic_detail": lambda q: q.topics.first().get_absolute_url(),
    "doctor_list": lambda q: reverse("doctor_list"),
    "doctor_detail": lambda q: q.replies.first().doctor.get_absolute_url(),
    "article_list": lambda q: reverse("article_list"),
    "article_detail": lambda q: q.article.get_absolute_url(),
    "search": lambda q: reverse("search") + "?q=question",
    "search, nothing found": lambda q: reverse("search") + "?q=qestion+xyzzy",
    "search, narrowed": lambda q: reverse("search") + f"?q=question&specialty={q.specialty.slug}&kind=question",
    "search_suggestions": lambda q: reverse("search_suggestions") + "?q=question+n",
    "feed_latest": lambda q: reverse("feed_latest"),
    "feed_specialty": lambda q: reverse("feed_specialty", args=[q.specialty.slug]),
}


def fill(name, number):
    """So many answered questions in a specialty of their own; the one returned leads to all the others."""
    specialty = make_specialty(name)
    doctor, colleague = (make_doctor(f"{name} {role}", [specialty]) for role in ("Doctor", "Colleague"))
    doctor.credentials.create(title="Director", since=datetime.date(2020, 1, 1))
    topics = [make_topic(f"{name} topic {n}", [specialty]) for n in range(number)]
    questions = [
        make_answered_question(doctor, title=f"{name} question {n}", specialty=specialty, is_excerpt=n == 1)
        for n in range(number)
    ]
    first = questions[0]
    for n, (question, topic) in enumerate(zip(questions, topics, strict=True)):
        question.topics.add(topics[0])
        make_article(f"{name} article {n}", question=question).topics.add(topics[0])
        first.related_topics.create(topic=topic, specialty=specialty, position=n, origin=RelatedOrigin.EDITOR)
        if n:
            first.related_questions.create(related=question, position=n, origin=RelatedOrigin.EDITOR)
    for position in range(1, 4):
        part = first.parts.create(position=position, text=f"Part {position}")
        first.replies.first().coverages.create(part=part, coverage="partly")
    for _ in range(number // 10 + 1):
        make_reply(first, colleague, ReplyStatus.PUBLISHED).reviews.create(doctor=doctor, verdict="agrees")
    return first


def test_every_page_makes_as_many_queries_with_25_rows_as_with_300_and_at_most_six(client):
    def count_queries(question):
        counts = {}
        while catch_up():
            pass
        for page, address in PAGES.items():
            address = address(question)
            with CaptureQueriesContext(
                connection,
            ) as queries:
                assert client.get(address).status_code == 200, page
            counts[page] = len(queries)
        return counts

    few = count_queries(fill("Few", 25))
    many = count_queries(fill("Many", 300))
    assert few == many
    assert {page: number for page, number in many.items() if number > MAX_QUERIES} == {}


def walk(client, address, way):
    """The headings of all pages from `address` on, page by page, by the link to the older or newer page."""
    pages = []
    while address:
        page = client.get(address).context["page"]
        pages.append([question.heading for question in page.rows])
        step = getattr(page, way)
        last, address = address, step and reverse("question_list") + step
    return pages, last


def test_older_and_newer_lead_through_every_question_once_and_back(client):
    same_moment = timezone.now()
    for n in range(45):  # ties are broken by id; undated excerpts come last
        moment = UNDATED if n < 5 else same_moment if n < 30 else same_moment - datetime.timedelta(days=n)
        make_answered_question(title=f"Question {n}", answered_at=moment)
    pages, last = walk(client, reverse("question_list"), "older")
    headings = [heading for page in pages for heading in page]
    assert [len(page) for page in pages] == [20, 20, 5]
    assert sorted(headings) == sorted(f"Question {n}" for n in range(45))
    assert headings[-5:] == [f"Question {n}" for n in (4, 3, 2, 1, 0)]
    caches["rendered"].clear()  # a kept page has no context
    back, _first = walk(client, last, "newer")
    assert back == pages[::-1]


@pytest.mark.parametrize(
    "cursor",
    [
        *("", "x", "1~", "~", "1~yesterday", "1~2026-01-01", "1~\x00", "-1~a"),
        "9" * 30 + "~2026-01-01T00:00:00+00:00",
        "1~0001-01-01T00:00:00+14:00",
        "1~9999-12-31T23:59:59-14:00",
        "1~2026-01-01T00:00:00+23:59:59.999999",
    ],
)
@pytest.mark.parametrize("way", ["after", "before"])
@pytest.mark.parametrize("list_page", ["question_list", "doctor_list", "topic_list", "article_list"])
def test_a_page_address_that_makes_no_sense_shows_a_page(client, list_page, way, cursor):
    make_answered_question()
    make_topic()
    assert client.get(reverse(list_page), {way: cursor}).status_code == 200


def test_letters_lead_to_their_topics(client):
    for n in range(205):
        make_topic(f"Acne {n:03}")
    make_topic("Rash")
    letters = {entry["letter"]: entry["url"] for entry in client.get(reverse("topic_list")).context["letters"]}
    assert letters["A"] == "#letter-A"
    page = client.get(reverse("topic_list") + letters["R"]).context["page"]
    assert [topic.name for topic in page.rows] == ["Rash"]


def test_a_question_is_found_under_any_slug_but_has_one_address(client):
    question = make_answered_question(title="Red spots")
    for address in (reverse("question_short", args=[question.pk]), f"/questions/{question.pk}-old-words/"):
        response = client.get(address)
        assert response.status_code == 301
        assert response["Location"] == question.get_absolute_url() == f"/questions/{question.pk}-red-spots/"


@pytest.mark.parametrize("title", ["皮膚上的紅點", "?!", "😀"])
def test_a_question_whose_title_has_no_latin_letters_has_an_address(client, title):
    question = make_answered_question(title=title)
    assert title in client.get(question.get_absolute_url()).text


@pytest.mark.parametrize(
    "address",
    [
        "/questions/99999999999999999999999999/",
        "/questions/1-x/",
        "/specialties/none/",
        "/specialties/none/none/",
        "/topics/none/",
        "/topics/%00/",
        "/doctors/none/",
        "/articles/none/",
        "/feeds/specialties/none.atom",
        "/sitemap-none.xml",
        "/my/none/",
        "/none",
    ],
)
def test_what_is_not_there_is_a_page_that_says_so(client, address):
    response = client.get(address)
    assert response.status_code == 404
    assert reverse("question_list") in response.text


@pytest.mark.parametrize("page", [page for page in PAGES if page != "question_detail of an excerpt"])
def test_public_pages_are_not_changed_by_posting(client, page):
    address = PAGES[page](fill("Few", 25))
    assert client.post(address).status_code == 405


def test_an_empty_portal_has_pages_that_help(client):
    make_specialty()
    for name in ("home", "question_list", "specialty_list", "topic_list", "doctor_list", "article_list"):
        response = client.get(reverse(name))
        assert response.status_code == 200
        assert "<main" in response.text
    assert client.get(reverse("specialty_detail", args=["dermatology"])).status_code == 200


def test_the_front_page_shows_the_topics_with_the_most_answers(client, monkeypatch):
    monkeypatch.setattr("qa.views.browse.TOPICS_ON_HOME", 2)
    _lipoma, warts, acne, rash = (make_topic(name) for name in ("Lipoma", "Viral Warts", "Acne", "rash"))

    def shown():
        tallies.recount()
        caches["rendered"].clear()
        return [topic.name for topic in client.get(reverse("home")).context["topics"]]

    assert shown() == ["Acne", "Lipoma"]
    make_answered_question().topics.add(warts)
    assert shown() == ["Viral Warts"]
    for topics in ([rash, acne], [rash], [warts]):
        make_answered_question().topics.add(*topics)
    assert shown() == ["rash", "Viral Warts"]


def test_an_excerpt_says_so_and_is_kept_from_search_engines(client):
    whole = make_answered_question(title="The whole page")
    excerpt = make_answered_question(title="Only a card", is_excerpt=True)
    whole.related_questions.create(related=excerpt, position=1, origin=RelatedOrigin.ARCHIVE)
    text = client.get(excerpt.get_absolute_url()).text
    assert 'name="robots" content="noindex"' in text
    assert "holds only an excerpt" in text
    assert whole.get_absolute_url() in text
    assert "noindex" not in client.get(whole.get_absolute_url()).text
    for machine_page in (reverse("feed_latest"), reverse("sitemap_section", args=["questions"])):
        text = client.get(machine_page).text
        assert excerpt.get_absolute_url() not in text
        assert whole.get_absolute_url() in text


def test_sql_that_is_written_once_asks_for_each_question_anew():
    ask = prepared(lambda pk: Question.objects.public().for_page().filter(pk=pk))
    questions = [make_answered_question(title=f"Question {n}") for n in range(3)]
    for _time in range(2):
        assert [ask(question.pk) for question in questions] == [[question] for question in questions]
        assert ask(2**62) == []
    questions[0].remove(None, "Asked for.")
    assert ask(questions[0].pk) == []


def test_sql_that_is_written_once_asks_for_each_list_of_questions_anew():
    ask = written_once_for_lists(
        lambda some, others: Question.objects.public().filter(Q(pk__in=some) | Q(pk__in=others)).order_by("pk")
    )
    questions = [make_answered_question(title=f"Question {n}") for n in range(3)]
    keys = [question.pk for question in questions]
    for some, others in (keys[:1], keys[2:]), ([], keys), ([], []), ([*range(2**60, 2**60 + 100), keys[1]], [keys[0]]):
        assert [question.pk for question in ask(some, others)] == sorted({*some, *others} & {*keys})
    questions[0].remove(None, "Asked for.")
    assert list(ask(keys, keys)) == questions[1:]


def test_related_questions_keep_their_order(client):
    question = make_answered_question()
    others = [make_answered_question(title=f"Similar {n}") for n in range(4)]
    for position, other in zip((3, 1, 4, 2), others, strict=True):
        question.related_questions.create(related=other, position=position, origin=RelatedOrigin.ARCHIVE)
    shown = client.get(question.get_absolute_url()).context["similar"]
    assert [q.heading for q in shown] == ["Similar 1", "Similar 3", "Similar 0", "Similar 2"]


def test_a_topic_lists_each_question_once(client):
    topic = make_topic()
    about, naming = make_answered_question(title="About it"), make_answered_question(title="Naming it")
    about.topics.add(topic)
    for question in (about, naming):
        question.related_topics.create(
            topic=topic, specialty=question.specialty, position=1, origin=RelatedOrigin.ARCHIVE
        )
    for address in (topic.get_absolute_url(), reverse("specialty_topic", args=["dermatology", topic.slug])):
        context = client.get(address).context
        assert (context["page"].rows, list(context["linking"])) == ([about], [naming])


def test_a_topic_lists_what_is_answered_as_soon_as_it_is(client, moderator):
    topic, question = make_topic(), make_question(QuestionStatus.OPEN, title="Itching spots")
    question.topics.add(topic)
    early, late = (make_answered_question(title=title) for title in ("Early", "Late"))
    Question.objects.filter(pk=early.pk).update(answered_at=UNDATED)
    for other in (early, late):
        other.topics.add(topic)

    def listed():
        return [row.heading for row in client.get(topic.get_absolute_url()).context["page"].rows]

    assert listed() == ["Late", "Early"]
    make_reply(question).publish(None)
    assert listed() == ["Itching spots", "Late", "Early"]
    question.refresh_from_db()
    question.remove(moderator, "Asked for.")
    assert listed() == ["Late", "Early"]
    question.restore(moderator)
    assert listed() == ["Itching spots", "Late", "Early"]
    Question.objects.filter(pk=question.pk).update(answered_at=UNDATED + datetime.timedelta(days=1))
    assert listed() == ["Late", "Itching spots", "Early"]


def test_computed_links_do_not_fill_the_page_of_a_topic(client):
    topic, question = make_topic(), make_answered_question()
    link = question.related_topics.create(
        topic=topic, specialty=question.specialty, position=1, origin=RelatedOrigin.COMPUTED
    )
    address = topic.get_absolute_url()
    assert not client.get(address).context["linking"]
    link.origin = RelatedOrigin.EDITOR
    link.save()
    assert list(client.get(address).context["linking"]) == [question]


def test_a_card_cuts_a_long_reply_at_a_word_and_says_so(client):
    question = make_answered_question()
    long = make_answered_question(reply_body="antihistamine " * 40)
    question.related_questions.create(related=long, position=1, origin=RelatedOrigin.EDITOR)
    assert "antihistamine antihistamine…</p>" in client.get(question.get_absolute_url()).text


def test_a_part_shows_the_fullest_coverage_of_any_published_reply(client, doctor, other_doctor):
    question = make_answered_question(doctor)
    parts = [question.parts.create(position=n, text=f"Part {n}") for n in (1, 2)]
    question.replies.get().coverages.create(part=parts[0], coverage="partly")
    draft = make_reply(question, other_doctor)
    draft.coverages.create(part=parts[0], coverage="answered")
    shown = client.get(question.get_absolute_url()).context["parts"]
    assert [part["coverage_label"] for part in shown] == ["partly answered", "not answered yet"]


def test_the_patients_title_stands_once_where_editors_have_written_no_other(client):
    question = make_answered_question(title="Purple spots on both hands", body="What is it?")
    assert client.get(question.get_absolute_url()).text.count(f"“{question.title}”") == 0
    Question.objects.update(headline="Spots that turn purple")
    page = client.get(Question.objects.get().get_absolute_url()).text
    assert f"“{question.title}”" in page


def test_the_structured_data_is_a_medical_page_about_a_question_with_physicians_answers(client):
    question = make_answered_question(title="</script><b>Red</b> spots", pseudonym="Blue Heron")
    text = client.get(question.get_absolute_url()).text
    (script,) = re.findall(r'<script type="application/ld\+json">(.*?)</script>', text, re.S)
    data = json.loads(script)
    assert data["@type"] == "MedicalWebPage"
    assert data["mainEntity"]["@type"] == "Question"
    assert data["mainEntity"]["name"] == question.title
    (answer,) = data["mainEntity"]["acceptedAnswer"]
    assert answer["author"]["@type"] == "Physician"
    assert data["url"] == f"http://testserver{question.get_absolute_url()}"


@pytest.mark.parametrize("name", ["feed_latest", "feed_specialty"])
def test_a_feed_is_atom_with_the_latest_replies_first(client, doctor, name):
    for n in range(3):
        make_answered_question(doctor, title=f"Question {n} & more")
    address = reverse(name, args=["dermatology"] if name == "feed_specialty" else [])
    response = client.get(address)
    assert response["Content-Type"].startswith("application/atom+xml")
    atom = {"a": "http://www.w3.org/2005/Atom"}
    entries = ElementTree.fromstring(response.text).findall("a:entry", atom)
    assert [entry.find("a:title", atom).text for entry in entries] == [f"Question {n} & more" for n in range(3)]
    assert all(entry.find("a:author/a:name", atom).text == "Dr. Ada Example" for entry in entries)


def test_the_sitemap_leads_to_every_public_page_kind_and_each_address_works(client):
    question = fill("Few", 25)
    make_article("Of its own")
    locations = re.findall("<loc>(.*?)</loc>", client.get(reverse("sitemap_index")).text)
    addresses = [
        address for section in locations for address in re.findall("<loc>(.*?)</loc>", client.get(section).text)
    ]
    assert f"http://testserver{question.get_absolute_url()}" in addresses
    assert len(addresses) == len(set(addresses))
    assert {client.get(address).status_code for address in addresses} == {200}


def test_a_long_sitemap_has_sections_and_none_is_left_out(client, monkeypatch):
    monkeypatch.setattr(QuestionSitemap, "limit", 2)
    questions = [make_answered_question(title=f"Question {n}") for n in range(7)]
    questions.pop(2).delete()
    sections = re.findall("<loc>(.*?)</loc>", client.get(reverse("sitemap_index")).text)
    found = "".join(client.get(section).text for section in sections if "questions" in section)
    assert sum("sitemap-questions" in section for section in sections) >= 4
    assert all(found.count(f"{question.get_absolute_url()}<") == 1 for question in questions)


def test_robots_keeps_out_of_private_places_and_names_the_sitemap(client):
    text = client.get("/robots.txt").text
    assert "Disallow: /my/" in text
    assert "Sitemap: http://testserver/sitemap.xml" in text


def test_healthz_answers_without_the_database(client, django_assert_num_queries):
    with django_assert_num_queries(0):
        assert client.get("/healthz").text == "ok\n"


def test_every_page_forbids_what_is_not_its_own(client):
    policy = client.get("/")["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy


def test_readers_get_no_cookie(client):
    question = make_answered_question()
    for address in ("/", question.get_absolute_url(), "/search/?q=red"):
        assert not client.get(address).cookies


def test_the_typical_reply_time_is_the_median_of_portal_questions_only(client):
    for hours in (1, 2, 5, 90, 91):
        asked = timezone.now() - datetime.timedelta(days=30)
        make_answered_question(asked_at=asked, answered_at=asked + datetime.timedelta(hours=hours))
    for _ in range(9):
        make_answered_question(source="archive", asked_at=UNDATED)
    assert "within 5 hours" in client.get(reverse("specialty_detail", args=["dermatology"])).text


@pytest.mark.parametrize(
    ("waiting", "said"),
    [
        ({}, "within 4 hours"),
        ({"open": [9 * 24]}, "within 5 hours"),
        ({"open": [9 * 24, 9 * 24], "pending": [9 * 24]}, "within 4 days"),
        ({"open": [9 * 24] * 4, "pending": [9 * 24] * 4}, ""),
        ({"open": [1] * 40}, "within 4 hours"),
        ({"needs_info": [9 * 24] * 9, "withdrawn": [9 * 24] * 9}, "within 4 hours"),
    ],
)
def test_the_typical_reply_time_counts_what_still_waits_as_long_as_it_has_waited(waiting, said):
    now = timezone.now()
    for hours in (2, 3, 4, 5, 90):
        asked = now - datetime.timedelta(days=30)
        make_answered_question(asked_at=asked, answered_at=asked + datetime.timedelta(hours=hours))
    for status, ages in waiting.items():
        for hours in ages:
            make_question(status, asked_at=now - datetime.timedelta(hours=hours))
    make_question("open", asked_at=now - datetime.timedelta(days=99), source="archive")
    assert in_words(typical_reply_time(make_specialty())) == said


def test_search_needs_every_word_and_looks_into_replies(client):
    spots = make_answered_question(title="Red spots", body="On my legs", reply_body="Perhaps purpura.")
    make_answered_question(title="Red nose", reply_body="A cold.")
    make_question(title="Red spots of somebody else")

    catch_up()

    def found(query):
        hits = client.get(reverse("search"), {"q": query}).context["found"].hits
        return [hit.question for hit in hits if hit.holds_all]

    assert found("red PURPURA") == found("red leg?") == found('"Red spots" leg') == [spots]
    assert len(found("red")) == 2
    assert found("") == found("   ") == found("the") == []


@pytest.mark.parametrize(
    "query", ["%", "_", "\\", "'", '"', "(", "q\x00z", "\x00", "x" * 5000, "😀 皮膚", "-a OR", "*"]
)
def test_whatever_is_typed_into_the_search_box_gets_a_page(client, query):
    make_answered_question()
    catch_up()
    response = client.get(reverse("search"), {"q": query})
    assert response.status_code == 200
    assert response.context["found"].hits == []


def test_links_stay_alive_when_staff_change_what_they_lead_to(client, doctor):
    question, topic = make_answered_question(doctor), make_topic()
    question.related_topics.create(topic=topic, specialty=question.specialty, position=1, origin=RelatedOrigin.EDITOR)
    topic.specialties.clear()
    doctor.verified_at = None
    doctor.save()
    links = PageReader(client.get(question.get_absolute_url()).text).links
    assert doctor.get_absolute_url() in links
    assert not [link for link in links if link.startswith("/") and client.get(link).status_code == 404]


def test_topics_of_one_letter_stand_in_one_group_whatever_their_case(client):
    for name in ("Acne", "Zoster", "abscess"):
        make_topic(name)
    groups = dict(client.get(reverse("topic_list")).context["groups"])
    assert {letter: len(topics) for letter, topics in groups.items()} == {"A": 2, "Z": 1}


def test_the_portal_names_itself_by_its_own_address(client, settings):
    settings.ALLOWED_HOSTS = ["*"]
    settings.SITE_URL = "https://portal.example.org"
    question = make_answered_question()
    text = client.get(question.get_absolute_url(), headers={"host": "elsewhere.example.org"}).text
    assert f'<link rel="canonical" href="https://portal.example.org{question.get_absolute_url()}">' in text
    assert "elsewhere.example.org" not in text
