"""The tags of our templates say what Django's own would say."""

import datetime

import pytest
from django.template import Context, Engine, Template
from django.urls import NoReverseMatch, reverse

from accounts.addresses import address

DJANGO = Engine(libraries={"i18n": "django.templatetags.i18n", "static": "django.templatetags.static"})


def render(text, **context):
    return Template(text).render(Context(context))


@pytest.mark.parametrize(
    ("text", "name", "arguments"),
    [
        ("{% url 'home' %}", "home", []),
        ("{% url name %}", "topic_list", []),
        ("{% url 'page' 'terms' %}", "page", ["terms"]),
        ("{% url 'page' slug='terms' %}", "page", ["terms"]),
        ("{% url 'question_report' pk %}", "question_report", [7]),
        ("{% url 'admin:index' %}", "admin:index", []),
        ("{% url 'home' as there %}{{ there }}", "home", []),
    ],
)
def test_an_address_leads_where_reverse_leads(text, name, arguments):
    for _time in range(2):
        assert render(text, name="topic_list", pk=7) == reverse(name, args=arguments)


def test_an_address_that_is_not_there_is_an_error_unless_it_is_asked_for_by_as():
    for _time in range(2):
        with pytest.raises(NoReverseMatch):
            render("{% url 'nowhere' %}")
        assert render("{% url 'nowhere' as there %}[{{ there }}]") == "[]"
        assert render("{% url 'page' given as there %}[{{ there }}]", given=["terms"]) == "[]"


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("question_detail", [7, "an-itch"]),
        ("question_detail", ["7", "an_itch"]),
        ("specialty_topic", ["skin", "紅斑"]),
        ("specialty_topic", ["skin", "itch"]),
        ("my_photo", ["a-secret", 0]),
        ("page", ["terms"]),
        ("sitemap_section", ["a{0}b c&d"]),
        ("home", []),
    ],
)
def test_an_address_is_the_one_of_reverse_whatever_it_is_asked_for(name, arguments):
    for _time in range(2):
        assert address(name, *arguments) == reverse(name, args=arguments)


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("question_detail", [7]),
        ("question_detail", [-7, "itch"]),
        ("page", ["itch"]),
        ("topic_detail", ["a b"]),
        ("photo", ["a-b"]),
    ],
)
def test_where_reverse_finds_no_address_there_is_none(name, arguments):
    with pytest.raises(NoReverseMatch):
        address(name, *arguments)


@pytest.mark.parametrize(
    "text",
    [
        """{% translate "Doctors' words & 100%" %}""",
        "{% translate 'No <b>one</b>' %}",
        "{% autoescape off %}{% translate 'a < b' %}{% endautoescape %}",
        "{% translate name %}",
        "{% translate 'one' as said %}[{{ said }}]",
        "{% translate 'one'|upper %}",
        "{% translate 'May' context 'month' %}",
        "{% blocktranslate %}{{ name }} is 100%{% endblocktranslate %}",
        "{% blocktranslate with a=name|upper b=none %}{{ a }}{{ b }}{{ nowhere }}{% endblocktranslate %}[{{ a }}]",
        "{% autoescape off %}{% blocktranslate %}{{ name }} & sons{% endblocktranslate %}{% endautoescape %}",
        "{% blocktranslate %}{{ moment.year }}{{ name|upper }}{% endblocktranslate %}",
        "{% blocktranslate count n=number %}{{ n }} is{% plural %}{{ n }} are{% endblocktranslate %}",
        "{% blocktranslate asvar said trimmed %} {{ number }} {% endblocktranslate %}[{{ said }}]",
        "{{ moment|date }} {{ moment|date:'j F Y' }} {{ moment.date|date:'Y-m-d' }} {{ moment.date|date }}",
        "{{ name|date:'Y' }}{{ nowhere|date:'Y' }}",
        "{% static 'img/favicon.svg' %}",
        "{% static file %}",
        "{% static 'img/favicon.svg' as there %}[{{ there }}]",
    ],
)
def test_a_sentence_or_file_is_as_django_has_it(text):
    moment = datetime.datetime(2026, 2, 28, 23, 30, tzinfo=datetime.UTC)
    context = {"name": "<i>Ann</i>", "file": "css/base.css", "number": 1234, "moment": moment}
    for _time in range(2):
        assert render(text, **context) == DJANGO.from_string("{% load i18n static %}" + text).render(Context(context))


def test_what_is_not_there_is_no_error_where_it_is_not_shown():
    for missing in ("{% url 'nowhere' %}", "{% include 'nowhere.html' %}"):
        assert render("{% if shown %}" + missing + "{% else %}as ever{% endif %}") == "as ever"


def test_a_part_is_included_with_what_surrounds_it():
    text = "{% for question in questions %}{% include 'partials/question_card.html' with heading='3' %}{% endfor %}"
    shown = render(text, questions=[{"heading": "First"}, {"heading": "Second"}])
    assert [shown.count(heading) for heading in ("<h3>", "First</a></h3>", "Second</a></h3>")] == [2, 1, 1]
