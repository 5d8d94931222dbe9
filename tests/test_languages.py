"""Languages: a patient's words say in which language they are, so that a screen reader speaks them rightly."""

import re

import pytest
from django.urls import reverse

from qa.models import RelatedOrigin
from tests.asking import post
from tests.factories import in_step, make_answered_question, make_question

pytestmark = pytest.mark.django_db

CHINESE = {"language": "zh", "title": "皮膚上的紅點", "body": "兩個星期以來，我的小腿上有紅點。"}


def tags_before(words, text):
    """What stands right before the words, wherever they stand: the tags that hold them."""
    return re.findall(rf"((?:<[^<>]+>\s*)+){re.escape(words)}", text)


@pytest.fixture
def question(db):
    question = make_answered_question(**CHINESE)
    question.parts.create(position=1, text="這是什麼？")
    return question


def test_a_questions_page_marks_heading_body_and_parts(client, question):
    text = client.get(question.get_absolute_url()).text
    assert '<h1 lang="zh">皮膚上的紅點</h1>' in text
    assert '<li aria-current="page" lang="zh">' in text
    assert '<span lang="zh">這是什麼？</span>' in text
    assert text.count('lang="zh"') == 4


def test_the_editors_headline_is_not_in_the_patients_language(client):
    text = client.get(make_answered_question(**CHINESE, headline="Red spots").get_absolute_url()).text
    assert "<h1>Red spots</h1>" in text
    assert 'lang="zh">“皮膚上的紅點”' in text


def test_cards_and_what_quotes_an_excerpt_are_marked(client, question):
    excerpt = make_answered_question(title="A rash", is_excerpt=True)
    excerpt.related_questions.create(related=question, position=1, origin=RelatedOrigin.ARCHIVE)
    question.related_questions.create(related=excerpt, position=1, origin=RelatedOrigin.ARCHIVE)
    pages = [client.get(address).text for address in (excerpt.get_absolute_url(), reverse("question_list"))]
    for tags in tags_before(CHINESE["title"], pages[0]) + tags_before(CHINESE["title"], pages[1]):
        assert 'lang="zh"' in tags
    assert f'<p lang="zh">{CHINESE["body"]}' in pages[0]


def test_search_results_are_marked(client, question):
    in_step()
    text = client.get(reverse("search"), {"q": "紅點"}).text
    assert '<h2 lang="zh">' in text
    assert re.search(r'<p lang="zh">.*<mark>', text)


def test_what_resembles_a_question_is_marked_and_counted_in_one_line(client, question):
    in_step()
    asked = {name: CHINESE[name] for name in ("title", "body")}
    beside = post(client, "ask_autosave", asked).text
    assert 'data-said="One answered question may fit what you write."' in beside
    assert '<span lang="zh">皮膚上的紅點</span>' in beside
    page = client.get(reverse("ask_about")).text
    assert 'role="status" id="beside-said"' in page
    assert "aria-live" not in page
    post(client, "ask_about", asked)
    assert '<span lang="zh">皮膚上的紅點</span>' in client.get(reverse("ask_similar")).text


def test_only_what_is_urgent_interrupts_whoever_writes(client):
    beside = post(client, "ask_autosave", {"title": "Pain", "body": "I have crushing chest pain right now."}).text
    assert beside.count('role="alert"') == beside.count('id="urgent-') == 1


def test_the_private_page_marks_the_patients_words(client):
    question = make_question(**CHINESE, secret_key="a-key-of-the-private-page")
    question.parts.create(position=1, text="這是什麼？")
    text = client.get(reverse("my_question", args=[question.secret_key])).text
    assert 'lang="zh">“皮膚上的紅點”' in text
    assert '<span lang="zh">這是什麼？</span>' in text
