"""The one order of what was found, for both engines: BM25 over fields of different weight (BM25F)."""

from collections.abc import Collection, Iterable

from qa.search.engine import Entry, Group, is_chinese, is_prefix
from qa.search.pipeline import terms as terms_of
from qa.search.words import rarity

HEADING, BODY, REPLIES = 3.0, 1.0, 0.7  # weights of the fields
# Of each how many terms it has as a rule, and how much it counts against it that it is longer, 0 to 1.
OF_HEADING, OF_BODY, OF_REPLIES = (8, 0.3), (60, 0.7), (70, 0.7)
SATURATION = 1.2
NAMED = {"topic": 1.4, "doctor": 1.4}  # whose name was typed is most likely meant
NAMES_MORE = 0.8  # of a topic, in place of that: its name is of something else, and only holds what was typed
OF_NAME = 0.7  # of the words of a name, those that must have been typed
ANY_NAME = frozenset(terms_of("disease syndrome disorder condition"))  # words that may be left out of one
APART, FAR_APART = 0.5, 0.1  # how much words count that stand apart, where together they mean something
ALONE = 0.5  # and one of them by itself
NEAR = 80  # characters of terms, in which words are near each other
OTHERWISE, FOREIGN = 0.85, 0.4  # how much what means the same counts beside the very words; in another script


def score(entries: Iterable[Entry], groups: Collection[Group], of_all: int, apart: Collection[Group] = ()) -> None:
    """Give each of `entries` its score: how much it says about what the `groups` stand for, and, less, about the words
    that stand `apart` in it, where together they mean something."""
    wanted = [(rarity(group.number, of_all), *_needles(group)) for group in groups]
    wanted += [(ALONE * rarity(group.number, of_all), *_needles(group)) for group in apart]
    groups = (*groups, *apart)
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
        for weight, ways, words in wanted:
            often, counts = 0.0, 0.0
            for needles, counting in ways:
                if here := sum(text.count(needle) * factor for text, factor in fields for needle in needles):
                    often, counts = often + here, max(counts, counting)
            if words and (apart := _apart(fields, words)) > often:
                often, counts = apart, 1.0 if len(words) > 1 else ALONE
            entry.score += weight * counts * often / (SATURATION + often)
        entry.score *= _named(entry, terms)


def holds_most(entry: Entry, apart: Collection[Group]) -> bool:
    """Whether an entry holds half of the pairs that a Chinese word is made of; of other words, one is enough."""
    if not all(is_chinese(group.phrases[0]) and len(group.phrases) == 1 for group in apart):
        return True
    text = f" {entry.heading} {entry.body} {entry.replies} "
    return 2 * sum(f" {group.phrases[0][0]} " in text for group in apart) >= len(apart)


def _needles(group):
    """What was typed, what means the same, and what does in another script, each with how much it counts; and words."""
    typed, *_others = group.phrases
    ways = {1.0: [], OTHERWISE: [], FOREIGN: []}
    for phrase in group.phrases:
        is_typed = "".join(phrase) == "".join(typed) or set(phrase) <= set(group.words)
        counts = 1.0 if is_typed else OTHERWISE if phrase[0].isascii() == typed[0].isascii() else FOREIGN
        ways[counts].append(_needle(phrase))
    return [(needles, counts) for counts, needles in ways.items() if needles], [
        _needle((word,)) for word in group.words
    ]


def _needle(phrase):
    words = "  ".join(phrase)
    return f" {words}" if is_prefix(phrase) else f" {words} "


def _apart(fields, words):
    """How often all of the words stand there; far apart they say little."""
    often = min(sum(text.count(word) * factor for text, factor in fields) for word in words)
    return often and often * (APART if any(_are_near(text, words) for text, _factor in fields) else FAR_APART)


def _are_near(text, words):
    rarest = min(words, key=text.count)
    place = text.find(rarest)
    while place >= 0:
        around = text[max(0, place - NEAR) : place + NEAR]
        if all(map(around.__contains__, words)):
            return True
        place = text.find(rarest, place + 1)
    return False


def _named(entry, terms):
    """By how much more an entry counts whose name was typed."""
    if entry.kind != "topic":
        return NAMED.get(entry.kind, 1.0)
    names = [word for word in entry.heading.split() if word not in ANY_NAME]
    scripts = [[word for word in names if word.isascii() == is_ascii] for is_ascii in (True, False)]
    shares = [sum(map(terms.__contains__, words)) / len(words) for words in scripts if words]
    return NAMED["topic"] if max(shares, default=0) >= OF_NAME else NAMES_MORE
