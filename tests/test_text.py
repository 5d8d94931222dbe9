"""Text to HTML: nothing typed becomes markup, and no word is lost."""

import datetime

import pytest

from qa.templatetags.text import contents, day, excerpt, json_ld, markdown, plain


def test_plain_text_is_escaped_and_each_line_is_a_paragraph():
    assert plain("One <b>\n\n  two & three \r\n") == "<p>One &lt;b&gt;</p>\n<p>two &amp; three</p>"
    assert plain("") == plain(None) == ""


@pytest.mark.parametrize(
    "attack",
    [
        "<script>alert(1)</script>",
        "[x](javascript:alert(1))",
        "![x](https://example.org/x.png)",
        '<img src=x onerror="alert(1)">',
        "[x](data:text/html;base64,PHNjcmlwdD4=)",
        '[x](https://example.org "onclick=alert(1)")',
    ],
)
def test_markdown_lets_nothing_dangerous_through(attack):
    html = markdown(attack)
    assert "<script" not in html
    assert "<img" not in html
    assert 'href="javascript' not in html
    assert 'href="data' not in html
    assert " title=" not in html


def test_headings_start_at_the_level_of_their_page_and_can_be_linked():
    text = "## Causes\n\nText\n\n## Causes\n\n### Of skin"
    assert [(h["id"], h["level"]) for h in contents(text)] == [
        ("section-causes", 2),
        ("section-causes-2", 2),
        ("section-of-skin", 3),
    ]
    html = markdown(text, 3)
    assert '<h3 id="section-causes">Causes</h3>' in html
    assert '<h4 id="section-of-skin">' in html


def test_no_heading_is_lost_whatever_level_the_author_began_with():
    html = markdown("# Causes\n\nText\n\n## Of skin", 3)
    assert '<h3 id="section-causes">Causes</h3>' in html
    assert '<h4 id="section-of-skin">Of skin</h4>' in html


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("short", "short"),
        ("two  lines\nof text", "two lines of text"),
        ("a word " * 10, "a word a word a…"),
        ("字" * 40, "字" * 18 + "…"),
        (None, ""),
    ],
)
def test_an_excerpt_is_cut_at_a_word(text, shown):
    assert excerpt(text, 18) == shown


def test_structured_data_cannot_end_its_own_script():
    assert "</script><b>" not in json_ld({"name": "</script><b>"})


@pytest.mark.parametrize(
    "moment", [datetime.date(2026, 3, 9), datetime.datetime(2026, 3, 8, 20, 0, tzinfo=datetime.UTC)]
)
def test_a_day_is_the_local_one_for_people_and_programs(moment):
    for _time in range(2):
        assert day(moment) == '<time datetime="2026-03-09">9 March 2026</time>'
