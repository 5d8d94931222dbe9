"""What a text asks for, such as symptoms, treatment or cause, and how far two texts ask for the same."""

import tomllib
from collections.abc import Iterable
from pathlib import Path

from qa.search.pipeline import term_of

_NAMED = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
TYPES = {term_of(word): name for name, words in _NAMED.items() for word in words.split()}  # by term
SHORT = 12  # terms; a longer text that names no type may ask for anything
UNCLEAR = 0.5


def question_types(terms: Iterable[str]) -> frozenset[str]:
    """The types that these different terms name: none where a text only asks what something is."""
    return frozenset(TYPES[term] for term in TYPES.keys() & terms)


def agreement(types: frozenset[str], size: int, others: frozenset[str], others_size: int) -> float:
    """How far two texts ask for the same, 0 to 1: the part of all types that both name.

    Args:
        types, others: of each text.
        size, others_size: how many different terms each has.
    """
    if (not types and size > SHORT) or (not others and others_size > SHORT):
        return UNCLEAR
    if types == others:
        return 1.0
    return len(types & others) / len(types | others)
