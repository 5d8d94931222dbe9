"""Phrases that mean the same: synonyms.toml, which we write, and the names of topics, which editors write."""

import tomllib
from functools import cache
from pathlib import Path

from django.db.models import F

from qa.models import Topic, TopicSynonym
from qa.search.engine import Phrase
from qa.search.pipeline import terms

FILE = Path(__file__).parent / "synonyms.toml"

_known: tuple[int, dict[Phrase, tuple[Phrase, ...]]] | None = None


def known() -> tuple[int, dict[Phrase, tuple[Phrase, ...]]]:
    """For each phrase those that mean the same, and the version of the topics they were made of, as last read."""
    return _known or (0, _curated())


def read_again(version: int) -> None:
    """Topics have changed: their names are read again. In one query."""
    global _known
    _known = (version, _join(_curated(), _topics()))


def read() -> dict[str, dict[str, list[str]]]:
    """The file as it stands: `same`, which goes both ways, and `narrower`, which leads from the first to the others."""
    return tomllib.loads(FILE.read_text(encoding="utf-8"))


@cache
def _curated():
    tables, found = read(), {}
    for name, others in tables["same"].items():
        _connect(found, [name, *others])
    for name, others in tables["narrower"].items():
        _lead(found, tuple(terms(name)), [tuple(terms(other)) for other in others])
    return {phrase: tuple(others) for phrase, others in found.items()}


def _topics():
    names = {}
    columns = ("topic_id", "topic_name", "other")
    original = Topic.objects.exclude(original_name="").order_by()
    rows = original.annotate(topic_id=F("pk"), topic_name=F("name"), other=F("original_name")).values_list(*columns)
    synonyms = TopicSynonym.objects.order_by().annotate(topic_name=F("topic__name"), other=F("name"))
    for key, name, other in rows.union(synonyms.values_list(*columns), all=True):
        names.setdefault(key, [name]).append(other)
    found = {}
    for same in names.values():
        _connect(found, same)
    return {phrase: tuple(others) for phrase, others in found.items()}


def _connect(found, names):
    phrases = list(dict.fromkeys(filter(None, (tuple(terms(name)) for name in names))))
    for phrase in phrases:
        _lead(found, phrase, phrases)


def _lead(found, phrase, others):
    known = found.setdefault(phrase, [])
    known += [other for other in others if other and other != phrase and other not in known]


def _join(one, other):
    return {phrase: tuple(dict.fromkeys((*other.get(phrase, ()), *one.get(phrase, ())))) for phrase in {**one, **other}}
