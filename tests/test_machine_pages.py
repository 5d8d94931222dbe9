"""What machines read: structured data, feeds, sitemaps and robots.txt, under the portal's own address."""

import json
import re
from xml.etree import ElementTree

import pytest
from django.urls import reverse

from qa.models import Question
from qa.retention import erase
from qa.sitemaps import QuestionSitemap
from tests.browsing import fill
from tests.factories import make_answered_question, make_article

pytestmark = pytest.mark.django_db


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


@pytest.fixture
def elsewhere(client, settings):
    """Asks as whoever reaches the portal by another name than its own, https://portal.example.org."""
    settings.ALLOWED_HOSTS = ["*"]
    settings.SITE_URL = "https://portal.example.org"
    return lambda address: client.get(address, headers={"host": "elsewhere.example.org"}).text


def test_the_portal_names_itself_by_its_own_address(elsewhere):
    question = make_answered_question()
    text = elsewhere(question.get_absolute_url())
    assert f'<link rel="canonical" href="https://portal.example.org{question.get_absolute_url()}">' in text
    assert "elsewhere.example.org" not in text


@pytest.mark.parametrize(
    "address",
    [
        *("/sitemap.xml", "/sitemap-pages.xml", "/sitemap-specialties.xml", "/robots.txt"),
        *("/feeds/latest.atom", "/feeds/specialties/dermatology.atom"),
    ],
)
def test_so_do_the_pages_for_machines(elsewhere, address):
    make_answered_question()
    text = elsewhere(address)
    assert "https://portal.example.org/" in text
    assert "elsewhere.example.org" not in text


def test_a_changed_headline_does_not_make_a_reply_of_a_feed_a_new_one(client):
    question = make_answered_question(headline="Red spots")

    def read():
        atom = {"a": "http://www.w3.org/2005/Atom"}
        (entry,) = ElementTree.fromstring(client.get(reverse("feed_latest")).text).findall("a:entry", atom)
        return entry.find("a:id", atom).text, entry.find("a:link", atom).get("href")

    before = read()
    Question.objects.filter(pk=question.pk).update(headline="Small red spots")
    after = read()
    assert before[0] == after[0] == f"urn:uuid:{question.replies.get().key}"
    assert before[1] != after[1]


def test_a_question_whose_words_are_erased_is_in_no_feed_and_no_sitemap(client):
    question = make_answered_question()
    erase(question, keep_replies=True, tell=False)
    assert client.get(Question.objects.get().get_absolute_url()).status_code == 200
    for name in ("feed_latest", "sitemap_section"):
        text = client.get(reverse(name, args=["questions"] if name == "sitemap_section" else [])).text
        assert f"/questions/{question.pk}-" not in text
