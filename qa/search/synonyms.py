"""Phrases that mean the same: synonyms.toml, which we write, the names of medicines, and the names of topics, which
editors write."""

import re
import tomllib
from bisect import bisect_left
from functools import cache
from itertools import chain
from pathlib import Path

from django.db.models import F

from qa.models import Topic, TopicSynonym
from qa.screening.medicines import names_of_medicines
from qa.search.engine import Phrase
from qa.search.pipeline import fold, terms, words

FILE = Path(__file__).parent / "synonyms.toml"
CANNOT = r"(?:can\s?not|can'?t|could\s?not|couldn'?t|unable\s+to|not\s+able\s+to)"
STRESSED = r"(?:(?:so|very|really)\s+)?"  # what may stand between the words of a saying

_known: tuple[int, dict[Phrase, tuple[Phrase, ...]]] | None = None
_names_of_topics: dict[str, str] = {}


def known() -> tuple[int, dict[Phrase, tuple[Phrase, ...]]]:
    """For each phrase those that mean the same, and the version of the topics they were made of, as last read."""
    return _known or (0, _curated())


def names() -> dict[str, str]:
    """Each word that stands in a phrase, as it is spelled when folded, with its term."""
    return _curated_names() | _names_of_topics


def read_again(version: int) -> None:
    """Topics have changed: their names are read again. In one query."""
    global _known, _names_of_topics
    same = _topics()
    _known = (version, _join(_curated(), _connected(same)))
    _names_of_topics = _spelled(name for each in same for name in each)


def said(text: str) -> tuple[list[tuple[Phrase, Phrase]], str]:
    """What the sayings in `text` mean, each with the terms that the pipeline leaves of how it is said; and the rest."""
    sayings, known = _sayings()
    found = [(known[name], tuple(terms(hit[0]))) for hit in sayings.finditer(text) for name in [hit.lastgroup]]
    return found, sayings.sub(" ", text)


def meant_by(beginning: str, most: int) -> list[str]:
    """What `beginning` is the beginning of, and other names for it: of "pile" hemorrhoids, of "can't sl" insomnia."""
    start, known = bare(beginning), _beginnings()
    found = known[bisect_left(known, (start,)) : bisect_left(known, (start + "\U0010ffff",))]
    names = chain.from_iterable((phrase, *names) for phrase, names in sorted(found, key=lambda row: len(row[0])))
    return list(dict.fromkeys(names))[:most]


def bare(text: str) -> str:
    """`text` as it is compared with what somebody may be typing: folded, without apostrophes."""
    return " ".join(fold(text).replace("'", "").split())


def read() -> dict[str, dict[str, list[str]]]:
    """The file as it stands: `same`, which goes both ways, `narrower`, which leads from the first to the others, and
    `said`, which leads from the others to the first."""
    return tomllib.loads(FILE.read_text(encoding="utf-8"))


@cache
def _curated():
    tables, found = read(), {}
    for name, others in tables["same"].items():
        _connect(found, [name, *others])
    for names in names_of_medicines():
        _connect(found, names)
    for name, others in tables["narrower"].items():
        _lead(found, tuple(terms(name)), [tuple(terms(other)) for other in others])
    return {phrase: tuple(others) for phrase, others in found.items()}


@cache
def _beginnings():
    """Each phrase of ours, bare, with the names of what it means, in the order of the phrases."""
    tables = read()
    lines = [[first, *others] for first, others in tables["same"].items()]
    found = [(bare(name), tuple(line)) for line in [*lines, *map(list, names_of_medicines())] for name in line]
    line_of = {first: tuple(line) for first, *line in ((line[0], *line) for line in lines)}
    for meaning, how in tables["said"].items():
        found += [(bare(phrase), line_of.get(meaning, (meaning,))) for phrase in how]
    found += [(bare(first), tuple(others)) for first, others in tables["narrower"].items()]
    return sorted(found)


@cache
def _sayings():
    """One expression for all that people say, each meaning a group of it, and what the groups mean."""
    meanings = {f"m{number}": (meaning, how) for number, (meaning, how) in enumerate(read()["said"].items())}
    each = (f"(?P<{name}>{'|'.join(map(_saying, how))})" for name, (_meaning, how) in meanings.items())
    expression = re.compile(rf"(?<![\w:-])(?:{'|'.join(each)})(?![\w-])", re.IGNORECASE)
    return expression, {name: tuple(terms(meaning)) for name, (meaning, _how) in meanings.items()}


def _saying(how):
    patterns = (CANNOT if word == "can't" else word.replace("'", "'?") for word in how.split())
    return rf"\s+{STRESSED}".join(patterns)


@cache
def _curated_names():
    ours = (name for table in read().values() for first, others in table.items() for name in (first, *others))
    return _spelled(chain(ours, *names_of_medicines()))


def _spelled(phrases):
    return {word: term for phrase in phrases for word, term in words(phrase)}


def _topics():
    """The names of each topic that has several."""
    names = {}
    columns = ("topic_id", "topic_name", "other")
    original = Topic.objects.exclude(original_name="").order_by()
    rows = original.annotate(topic_id=F("pk"), topic_name=F("name"), other=F("original_name")).values_list(*columns)
    synonyms = TopicSynonym.objects.order_by().annotate(topic_name=F("topic__name"), other=F("name"))
    for key, name, other in rows.union(synonyms.values_list(*columns), all=True):
        names.setdefault(key, [name]).append(other)
    return list(names.values())


def _connected(each):
    found = {}
    for same in each:
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
