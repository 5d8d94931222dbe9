"""The archive as a visitor finds it: every sentence of the documents, and every link between them."""

import re
from types import SimpleNamespace

import pytest
from django.core.management import call_command
from django.db import transaction
from django.test import Client
from django.urls import reverse

from accounts.models import Doctor
from qa.models import Article, Question, RelatedTopic
from tests.pages import PageReader, crawl

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("archive")]

LABELS = re.compile(
    r"Share to:|More Info|Similar Q&A|Related FAQ|"
    r"Reply Date: .*|.*Ask Date: .*|Dr\. .* reply .*|\[Read More\] .*|\(.*\)"
)
PHOTO_LINK = re.compile(r"https://imgur\.com/\S+(?=,)")


@pytest.fixture(scope="module")
def site(django_db_setup, django_db_blocker):
    """Every page of the archive that is reached by links, and the addresses of its rows; read once for all tests."""
    with django_db_blocker.unblock(), transaction.atomic():
        call_command("loaddata", "archive", verbosity=0)
        pages, elsewhere = crawl(Client())
        rows = [*Question.objects.all(), *Article.objects.all(), *Doctor.objects.all()]
        addresses = {row.get_absolute_url() for row in rows}
        transaction.set_rollback(True)
    return SimpleNamespace(pages=pages, elsewhere=elsewhere, addresses=addresses)


def sentences_of(document):
    """The sentences of a document in order, without the old site's labels and the numbers before list items."""
    lines = document.read_text(encoding="utf-8").splitlines()
    headline, _dash, specialty = lines[0].rpartition(" - ")
    if headline and len(specialty) < 30:
        lines[0] = headline
    for line in lines:
        line = PHOTO_LINK.sub("(link to a photo, removed)", line.strip())
        if line and not LABELS.fullmatch(line):
            yield from re.split(r"(?<=[.?!])\s+", re.sub(r"^(\d+\.|-) (?=[A-Z][\w -]+:)", "", line))


def find_in_order(sentences, text):
    """The first sentence that is not found behind the one before it; None where all are."""
    position = 0
    for sentence in sentences:
        position = text.find(sentence, position)
        if position < 0:
            return sentence
        position += len(sentence)
    return None


@pytest.mark.parametrize("number", range(4))
def test_every_sentence_of_a_document_stands_in_order_on_a_page_reached_by_links(site, settings, number):
    document = sorted((settings.BASE_DIR / "fixtures/documents").glob("*.txt"))[number]
    sentences = list(sentences_of(document))
    assert len(sentences) > 50
    pages = [PageReader(page.text).text for page in site.pages.values() if "html" in page.get("Content-Type", "")]
    fitting = [text for text in pages if sentences[-1] in text and sentences[len(sentences) // 2] in text]
    assert [find_in_order(sentences, text) for text in fitting].count(None) >= 1


def test_no_link_of_the_site_is_dead_and_none_leads_elsewhere(site):
    assert not {address for address, page in site.pages.items() if page.status_code not in (200, 301, 302)}
    assert all(address.startswith(("mailto:?", "tel:")) for address in site.elsewhere)


def test_every_link_within_a_page_leads_somewhere(site):
    pages = {address: page for address, page in site.pages.items() if "html" in page.get("Content-Type", "")}
    assert pages
    for address, page in pages.items():
        reader = PageReader(page.text)
        assert len(reader.ids) == len(set(reader.ids)), address
        assert {link[1:] for link in reader.links if link.startswith("#")} <= set(reader.ids), address


def test_the_whole_archive_is_reached_by_clicking(site):
    assert len(site.addresses) == 15 + 4 + 11
    assert site.addresses <= set(site.pages)
    assert {"/specialties/dermatology/red-spots/", "/specialties/urology/red-spots/"} <= set(site.pages)


def test_each_of_the_thirty_related_topics_is_linked_from_its_question(client):
    related = RelatedTopic.objects.select_related("question", "topic", "specialty")
    assert len(related) == 30
    for row in related:
        links = PageReader(client.get(row.question.get_absolute_url()).text).links
        assert reverse("specialty_topic", args=[row.specialty.slug, row.topic.slug]) in links


def test_each_card_leads_to_its_excerpt_and_the_excerpt_back(client):
    excerpts = Question.objects.filter(is_excerpt=True)
    assert len(excerpts) == 12
    for excerpt in excerpts:
        (quoting,) = Question.objects.public().quoting(excerpt)
        assert excerpt.get_absolute_url() in PageReader(client.get(quoting.get_absolute_url()).text).links
        assert quoting.get_absolute_url() in PageReader(client.get(excerpt.get_absolute_url()).text).links


def test_doctors_of_the_archive_carry_no_verified_mark(client):
    questions = Question.objects.all()
    assert len(questions) == 15
    for question in questions:
        text = PageReader(client.get(question.get_absolute_url()).text).text
        assert "from the archive" in text
        assert "✓" not in text


def test_the_photo_link_of_the_archive_is_shown_as_words_only(site):
    texts = [page.text for page in site.pages.values() if not page.streaming]
    assert any("(link to a photo, removed)" in text for text in texts)
    assert not any("imgur" in text for text in texts)


def test_what_the_archive_contradicts_is_said(client):
    vasculitis = Question.objects.get(headline__startswith="Microvascular Vasculitis")
    text = PageReader(client.get(vasculitis.get_absolute_url()).text).text
    assert "not reviewed by a doctor" in text
    assert "does not agree with the doctor's reply" in text.replace("’", "'")
    assert "It was written on 9 March 2004, and no doctor has reviewed it since." in text
