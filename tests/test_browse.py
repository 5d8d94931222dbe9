"""Browse: the public pages, their lists, their order and what they cost."""

import datetime

import pytest
from django.core.cache import caches
from django.db import connection
from django.db.models import Q
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from qa.models import UNDATED, Question, RelatedOrigin, prepared, prepared_for_lists
from qa.search import catch_up
from tests.browsing import PAGES, fill
from tests.factories import make_answered_question, make_question, make_specialty, make_topic
from tests.pages import address_in_sitemap

pytestmark = pytest.mark.django_db

MAX_QUERIES = 6


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


def test_an_excerpt_says_so_and_is_kept_from_search_engines(client):
    whole = make_answered_question(title="The whole page")
    excerpt = make_answered_question(title="Only a card", is_excerpt=True)
    whole.related_questions.create(related=excerpt, position=1, origin=RelatedOrigin.ARCHIVE)
    text = client.get(excerpt.get_absolute_url()).text
    assert 'name="robots" content="noindex"' in text
    assert "holds only an excerpt" in text
    assert whole.get_absolute_url() in text
    assert "noindex" not in client.get(whole.get_absolute_url()).text
    for machine_page in (reverse("feed_latest"), address_in_sitemap(whole)):
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


def test_sql_that_is_written_once_reads_what_the_queryset_reads():
    key = make_answered_question(title="Red spots").pk
    questions = Question.objects.public().for_page().filter(pk=key)
    once, asked = (
        {name: value for name, value in vars(question).items() if name != "_state"}
        for question in (*prepared(lambda pk: Question.objects.public().for_page().filter(pk=pk))(key), *questions)
    )
    assert once == asked
    assert once["title"] == "Red spots"


def test_sql_that_is_written_once_asks_for_each_list_of_questions_anew():
    ask = prepared_for_lists(
        lambda some, others: Question.objects.public().filter(Q(pk__in=some) | Q(pk__in=others)).order_by("pk")
    )
    questions = [make_answered_question(title=f"Question {n}") for n in range(3)]
    keys = [question.pk for question in questions]
    for some, others in (keys[:1], keys[2:]), ([], keys), ([], []), ([*range(2**60, 2**60 + 100), keys[1]], [keys[0]]):
        assert [question.pk for question in ask(some, others)] == sorted({*some, *others} & {*keys})
    questions[0].remove(None, "Asked for.")
    assert list(ask(keys, keys)) == questions[1:]


def test_every_page_forbids_what_is_not_its_own(client):
    policy = client.get("/")["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy


def test_readers_get_no_cookie(client):
    question = make_answered_question()
    for address in ("/", question.get_absolute_url(), "/search/?q=red"):
        assert not client.get(address).cookies


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
