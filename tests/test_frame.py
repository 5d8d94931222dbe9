"""What is around every page, much of it written only once: it says the same whichever page was shown first."""

import re

import pytest
from django.conf import settings
from django.urls import reverse

from tests.factories import make_answered_question, make_topic

pytestmark = pytest.mark.django_db

LINK = r'<a href="([^"]+)" aria-current="(page|true)">'


def current(client, address):
    """Where the menu says that the page is."""
    menu = client.get(address).text.partition('id="site-menu"')[2].partition("</nav>")[0]
    return re.findall(LINK, menu)


def test_the_menu_says_on_each_page_where_it_is(client):
    question, topic = make_answered_question(), make_topic()
    for _time in range(2):
        assert current(client, reverse("question_list")) == [(reverse("question_list"), "page")]
        assert current(client, reverse("topic_list")) == [(reverse("topic_list"), "page")]
        assert current(client, question.get_absolute_url()) == [(reverse("question_list"), "true")]
        assert current(client, question.specialty.get_absolute_url()) == [(reverse("specialty_list"), "true")]
        assert current(client, topic.get_absolute_url()) == [(reverse("topic_list"), "true")]
        assert current(client, reverse("home")) == current(client, "/nowhere/") == []


@pytest.mark.parametrize("first", ["/nowhere/", "/search/?q=itch", "/"])
def test_the_frame_of_one_page_stands_on_all(client, first):
    make_answered_question()
    frames = []
    for address in (first, reverse("question_list"), reverse("ask_about"), "/nowhere/"):
        text = client.get(address).text
        footer = text.partition('<footer class="site-footer">')[2].partition("</footer>")[0]
        frames.append((footer, text.count("css/print")))
    assert len(set(frames)) == 1
    assert settings.EMERGENCY_NUMBER in frames[0][0]
    assert frames[0][1] == 1
