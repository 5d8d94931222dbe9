"""The one order of what was found, for both engines: BM25 over fields of different weight (BM25F)."""

from collections.abc import Collection, Iterable

from qa.search.engine import Entry, Group, is_prefix
from qa.search.words import rarity

HEADING, BODY, REPLIES = 3.0, 1.0, 0.7  # weights of the fields
# Of each how many terms it has as a rule, and how much it counts against it that it is longer, 0 to 1.
OF_HEADING, OF_BODY, OF_REPLIES = (8, 0.3), (60, 0.7), (70, 0.7)
SATURATION = 1.2
NAMED = {"topic": 1.4, "doctor": 1.4}  # whose name was typed is most likely meant
APART = 0.5  # how much words count that stand apart, where together they mean something


def score(entries: Iterable[Entry], groups: Collection[Group], of_all: int) -> None:
    """Give each of `entries` its score: how much it says about what the `groups` stand for."""
    wanted = [
        (
            rarity(group.number, of_all),
            [_needle(phrase) for phrase in group.phrases],
            [f" {word} " for word in group.words],
        )
        for group in groups
    ]
    terms = {term for group in groups for phrase in (*group.phrases, group.words) for term in phrase}
    for entry in entries:
        fields = [
            (f" {text.replace(' ', '  ')} ", weight / (1 - counts + counts * (text.count(" ") + 1) / usual))
            for text, weight, usual, counts in (
                (entry.heading, HEADING, *OF_HEADING),
                (entry.body, BODY, *OF_BODY),
                (entry.replies, REPLIES, *OF_REPLIES),
            )
            if any(map(text.__contains__, terms))  # most often it is not there at all
        ]
        entry.score = 0.0
        for weight, phrases, words in wanted:
            often = 0.0
            for text, factor in fields:
                for phrase in phrases:
                    often += text.count(phrase) * factor
            if words:
                each = (sum(text.count(word) * factor for text, factor in fields) for word in words)
                often = max(often, APART * min(each))
            entry.score += weight * often / (SATURATION + often)
        entry.score *= NAMED.get(entry.kind, 1.0)


def _needle(phrase):
    words = "  ".join(phrase)
    return f" {words}" if is_prefix(phrase) else f" {words} "
