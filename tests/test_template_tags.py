"""The tags of our templates say what Django's own would say."""

import pytest
from django.template import Context, Template
from django.urls import NoReverseMatch, reverse

from accounts.addresses import address


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


def test_an_address_that_is_a_secret_is_not_kept():
    address.cache_clear()
    assert render("{% url 'my_question' 'a-secret' %}") == reverse("my_question", args=["a-secret"])
    assert render("{% url 'invitation' 'a-secret' %}") == reverse("invitation", args=["a-secret"])
    assert address.cache_info().currsize == 0


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
        "{% static 'img/favicon.svg' %}",
        "{% static file %}",
        "{% static 'img/favicon.svg' as there %}[{{ there }}]",
    ],
)
def test_a_sentence_or_file_is_as_django_has_it(text):
    context = {"name": "<i>Ann</i>", "file": "css/base.css"}
    for _time in range(2):
        assert render(text, **context) == render("{% load i18n static %}" + text, **context)


def test_what_is_not_there_is_no_error_where_it_is_not_shown():
    for missing in ("{% url 'nowhere' %}", "{% include 'nowhere.html' %}"):
        assert render("{% if shown %}" + missing + "{% else %}as ever{% endif %}") == "as ever"


def test_a_part_is_included_with_what_surrounds_it():
    text = "{% for question in questions %}{% include 'partials/question_card.html' with heading='3' %}{% endfor %}"
    shown = render(text, questions=[{"heading": "First"}, {"heading": "Second"}])
    assert [shown.count(heading) for heading in ("<h3>", "First</a></h3>", "Second</a></h3>")] == [2, 1, 1]
