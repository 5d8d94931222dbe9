"""What an engine is asked and what it answers; which of the two there are is in use."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib import import_module
from types import ModuleType

from django.db import connection

HEADING = "_heading"  # begins the label of each term in the heading of a question
CHARACTER = re.compile(rf"({HEADING})?[^\x00-\u2fff]")  # a Chinese one, in the heading or anywhere
Phrase = tuple[str, ...]  # terms one after the other; most often one alone


@dataclass(frozen=True)
class Group:
    """What means the same: one of the phrases is enough, or all of the words wherever they stand."""

    phrases: tuple[Phrase, ...]
    words: Phrase = ()
    number: int = 0  # of entries that hold one, about


@dataclass(frozen=True)
class Query:
    """What entries must hold. All terms come from the pipeline, so that none has a meaning for an engine."""

    groups: tuple[Group, ...] = ()  # each must occur
    excluded: tuple[Phrase, ...] = ()  # none may occur
    labels: tuple[tuple[str, ...], ...] = ()  # of each tuple one
    is_of_others: bool = False  # of articles, topics and doctors only, which are few
    of_all: int = 0  # how many entries there are, about

    @property
    def number(self) -> int:
        """How many entries can be expected at most, about."""
        return min((group.number for group in self.groups), default=self.of_all)


@dataclass(slots=True)
class Entry:
    """An entry that was found, as it stands in the index."""

    pk: int
    kind: str
    object_id: int
    labels: str
    heading: str
    body: str
    replies: str
    score: float = 0.0
    holds_all: bool = True  # that was wanted


FIELDS = ("id", "kind", "object_id", "labels", "heading", "body", "replies")


def engine() -> ModuleType:
    """The engine of the database in use; both have the same functions."""
    return import_module("qa.search.sqlite" if connection.vendor == "sqlite" else "qa.search.postgresql")


def rarest(weights: Mapping[str, float], numbers: Mapping[str, int], most: int, enough: int) -> set[str]:
    """The terms that say the most: so many that `enough` entries hold them, and else as no more than `most` do; none
    where `enough` is 0 and even the first is in more."""
    chosen, number = set(), 0
    for term in sorted(weights, key=weights.get, reverse=True):
        if number >= enough and number + numbers.get(term, 0) > most:
            break
        chosen.add(term)
        number += numbers.get(term, 0)
    return chosen


def is_prefix(phrase: Phrase) -> bool:
    """Whether a phrase is a single Chinese character, which stands for every pair that begins with it."""
    return len(phrase) == 1 and not phrase[0].isascii() and CHARACTER.fullmatch(phrase[0]) is not None


def is_chinese(phrase: Phrase) -> bool:
    """Whether a phrase is made of pairs of Chinese characters."""
    return all(len(term) == 2 and CHARACTER.match(term) is not None for term in phrase)


def fetch(sql: str, parameters: list) -> list[tuple]:
    """The rows of one statement."""
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.fetchall()


def entries(keys: Iterable[int]) -> list[Entry]:
    """The entries with these keys that there are, in no order."""
    keys = list(keys)
    if not keys:
        return []
    marks = ", ".join(["%s"] * len(keys))
    return [Entry(*row) for row in fetch(f"SELECT {', '.join(FIELDS)} FROM qa_searchentry WHERE id IN ({marks})", keys)]
