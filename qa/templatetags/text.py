"""Text to HTML: the only place that marks anything as safe."""

import datetime
import hashlib
import itertools
import json
import re
from functools import lru_cache

import nh3
from django import template
from django.conf import settings
from django.core.cache import caches
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import escape, format_html
from django.utils.safestring import mark_safe
from django.utils.text import slugify
from markdown_it import MarkdownIt

register = template.Library()

MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable("table")
HEADINGS = {f"h{level}" for level in range(2, 7)}
TAGS = HEADINGS | set("a blockquote br code em hr li ol p pre strong table tbody td th thead tr ul".split())  # noqa: SIM905
ATTRIBUTES = {**{heading: {"id"} for heading in HEADINGS}, "a": {"href"}, "ol": {"start"}, "*": set()}
CACHE_SECONDS = 24 * 3600
JSON_ESCAPES = {ord(">"): "\\u003E", ord("<"): "\\u003C", ord("&"): "\\u0026"}


@register.filter
def plain(text):
    """What a patient or doctor typed, escaped: each line a paragraph."""
    lines = (line.strip() for line in (text or "").splitlines())
    return mark_safe("\n".join(f"<p>{escape(line)}</p>" for line in lines if line))


@register.filter
def with_numbers(text):
    """A sentence, escaped, in which the numbers to call can be tapped."""
    html = escape(text)
    for number in {settings.EMERGENCY_NUMBER, settings.CRISIS_LINE}:
        link = f'<a href="tel:{escape(number.replace(" ", ""))}">{escape(number)}</a>'
        html = re.sub(rf"(?<!\d){re.escape(escape(number))}(?!\d)", lambda _hit, link=link: link, html)
    return mark_safe(html)


MARK_START, MARK_END = "\ue000", "\ue001"  # private-use characters, which no typed text holds


@register.filter
def marked(text, findings):
    """As `plain`, with what the findings are about marked; `findings` are of this very text and do not overlap."""
    pieces, done = [], 0
    for finding in sorted(findings, key=lambda finding: finding.start):
        if finding.start >= done:
            words = text[finding.start : finding.end].replace("\n", f"{MARK_END}\n{MARK_START}")
            pieces += [text[done : finding.start], MARK_START, words, MARK_END]
            done = finding.end
    html = plain("".join([*pieces, text[done:]]))
    return mark_safe(html.replace(MARK_START, "<mark>").replace(MARK_END, "</mark>"))


@register.filter
def highlighted(text):
    """An excerpt, escaped, with what search has found in it marked."""
    return mark_safe(escape(text).replace(MARK_START, "<mark>").replace(MARK_END, "</mark>"))


@register.filter
def markdown(text, top_level=2):
    """An article's Markdown as sanitised HTML whose highest headings are `top_level`.

    Rendered once for each text and kept in the cache: rendering is slow, and pages are read often.
    """
    digest = hashlib.sha256(text.encode()).hexdigest()
    html = caches["rendered"].get_or_set(
        f"markdown-{top_level}-{digest}", lambda: _render(text, top_level), CACHE_SECONDS
    )
    return mark_safe(html)


def _render(text, top_level):
    tokens = MARKDOWN.parse(text)
    anchors = iter(contents(text))
    shift = top_level - min((heading["level"] for heading in contents(text)), default=top_level)
    for token in tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(int(token.tag[1]) + shift, 6)}"
        if token.type == "heading_open":
            token.attrSet("id", next(anchors)["id"])
    html = MARKDOWN.renderer.render(tokens, MARKDOWN.options, {})
    return nh3.clean(html, tags=TAGS, attributes=ATTRIBUTES, url_schemes={"http", "https", "mailto"})


def contents(text):
    """The headings of an article's Markdown: id, text and level, in order."""
    found, taken = [], set()
    tokens = MARKDOWN.parse(text)
    for opening, inline in itertools.pairwise(tokens):
        if opening.type == "heading_open":
            words = "".join(child.content for child in inline.children)
            anchor = base = f"section-{slugify(words, allow_unicode=True)}"
            number = 1
            while anchor in taken:
                number += 1
                anchor = f"{base}-{number}"
            taken.add(anchor)
            found.append({"id": anchor, "text": words, "level": int(opening.tag[1])})
    return found


@register.filter
def excerpt(text, length=160):
    """The beginning of a text in one line, cut at a word."""
    words = " ".join((text or "").split())
    if len(words) <= length:
        return words
    cut = words[:length]
    return (cut.rpartition(" ")[0] or cut).rstrip(" ,;:.") + "…"


@register.filter
def day(moment):
    """The local date of `moment`, or a date, for people and for programs; empty where there is none."""
    if moment is None:
        return ""
    return _day(timezone.localdate(moment) if isinstance(moment, datetime.datetime) else moment)


@lru_cache(maxsize=10_000)
def _day(date):
    return format_html('<time datetime="{}">{}</time>', date.isoformat(), date_format(date, "j F Y"))


@register.filter
def json_ld(data):
    """Structured data as a script element that no text inside it can end."""
    text = json.dumps(data, ensure_ascii=False).translate(JSON_ESCAPES)
    return mark_safe(f'<script type="application/ld+json">{text}</script>')
