"""The one order of what was found, for both engines: BM25 over fields of different weight (BM25F)."""

from collections.abc import Iterable

from qa.search.engine import Entry, Group, is_prefix
from qa.search.words import rarity

HEADING, BODY, REPLIES = 3.0, 1.0, 0.7  # weights of the fields
USUAL = (8, 60, 70)  # terms in each of them
LENGTH_COUNTS = (0.3, 0.7, 0.7)  # how much it counts against a text that it is long, 0 to 1
SATURATION = 1.2
NAMED = {"topic": 1.4, "doctor": 1.4}  # whose name was typed is most likely meant
APART = 0.5  # how much words count that stand apart, where together they mean something


def score(entries: Iterable[Entry], groups: Iterable[Group], of_all: int) -> None:
    """Give each of `entries` its score: how much it says about what the `groups` stand for."""
    wanted = [
        (
            rarity(group.number, of_all),
            [_needle(phrase) for phrase in group.phrases],
            [f" {word} " for word in group.words],
        )
        for group in groups
    ]
    for entry in entries:
        fields = [
            (f" {text.replace(' ', '  ')} ", weight / (1 - counts + counts * (text.count(" ") + 1) / usual))
            for text, weight, usual, counts in zip(
                (entry.heading, entry.body, entry.replies), (HEADING, BODY, REPLIES), USUAL, LENGTH_COUNTS, strict=True
            )
            if text
        ]
        entry.score = 0.0
        for weight, phrases, words in wanted:
            often = sum(text.count(phrase) * factor for text, factor in fields for phrase in phrases)
            if words:
                each = (sum(text.count(word) * factor for text, factor in fields) for word in words)
                often = max(often, APART * min(each))
            entry.score += weight * often / (SATURATION + often)
        entry.score *= NAMED.get(entry.kind, 1.0)


def _needle(phrase):
    words = "  ".join(phrase)
    return f" {words}" if is_prefix(phrase) else f" {words} "
