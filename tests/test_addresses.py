"""`{% url %}` of our templates says what Django's own would say."""

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
def test_it_leads_where_reverse_leads(text, name, arguments):
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
