"""Typing errors: for a word that nothing or little holds, the nearest that many hold. The same on both databases."""

from collections.abc import Container, Mapping
from types import MappingProxyType

from qa.search.engine import Phrase, engine
from qa.search.pipeline import term_of, words

ALPHABET = "abcdefghijklmnopqrstuvwxyz"
SHORTEST, LONGEST = 4, 24  # letters of a word that is mended; a shorter one is too easily taken for another
SHORT = 5  # letters; in a word of fewer, two are exchanged or one is missing, and the right word is no rare one
RARE = 1_000  # of so many entries fewer than one holds it
FAR = 2  # errors; one in a word of fewer than `LONG` letters
LONG = 7
SELDOM = 20  # entries; a long word that no more hold may be wrong too, as a few others have written it,
OFTENER = 50  # where the right one stands so many times as often
SAME_BEGINNING = 3  # letters that a word with two errors shares with the right one
MOST_COMPARED = 200  # words with the same beginning, the most frequent ones
MOST_MENDED = 3  # words of a search
SHORTEST_PART = 3  # letters of each of two words that are written as one
SPLIT_RARE = 10_000  # of so many entries more than one holds each of these
NO_NAMES = MappingProxyType({})
Cut = tuple[tuple[str, str], Phrase]  # the two words, and their terms


def mend(
    text: str,
    held: Mapping[str, int],
    of_all: int,
    names: Mapping[str, str] = NO_NAMES,
    most: int = MOST_MENDED,
    far: int = FAR,
) -> dict[str, tuple[str, str, int]]:
    """For each word of `text` that nothing or little holds, the likeliest: its spelling, term and number of entries.

    Of words with as few errors, one that names something comes before one that merely occurs. Whatever `names`
    something is spelled right.

    Args:
        text: what was typed.
        held: the terms in it that may be wrong, each with how many entries hold it.
        of_all: how many entries there are, about.
        names: words of topics and synonyms, with their terms; 0 is said of what no text spells like that.
        most: how many words at most, the first ones.
        far: how many errors a long word may have; to find two takes much longer, the more words there are.
    """
    wrong = {word: held[term] for word, term in words(text) if term in held and word not in names}
    seldom = [word for word, number in wrong.items() if _can_be_mended(word) and _is_seldom(word, number)]
    near = {word: one_error_away(word) for word in seldom[:most]}
    if not near:
        return {}
    beginnings = {word[:SAME_BEGINNING] for word in near if far > 1 and len(word) >= LONG and not wrong[word]}
    known = _known(set().union(*near.values()), beginnings, names)
    found = {}
    for word, others in near.items():
        close = [row for row in known if row[0] in others and row[2] >= OFTENER * wrong[word]]
        if not close and not wrong[word] and word[:SAME_BEGINNING] in beginnings:
            close = [row for row in known if row[0].startswith(word[:SAME_BEGINNING])][:MOST_COMPARED]
        if likely := _likely(word, close, names, of_all):
            found[word] = min(likely)[3:]
    return found


def cuts_of(text: str, names: Container[str], most: int) -> dict[str, list[Cut]]:
    """All two words that each word of `text` may be that names nothing; of a text with more than `most` words, none."""
    typed = [word for word, _term in words(text)]
    return {word: list(_cuts(word)) for word in typed if word not in names} if len(typed) <= most else {}


def split(
    cuts: Mapping[str, list[Cut]], phrases: Container[Phrase], numbers: Mapping[str, int], of_all: int
) -> dict[str, tuple[str, Phrase, bool]]:
    """For each word that no entry holds and that is two words written together, these, and whether they are one of the
    `phrases` that mean something: hayfever is hay fever.

    Args:
        cuts: what `cuts_of` has found for these words.
        numbers: how many entries hold each term of the cuts; `of_all` there are.
    """
    found = {}
    for word, each in cuts.items():
        likely = [
            (terms in phrases, min(map(numbers.__getitem__, terms)), " ".join(pair), terms)
            for pair, terms in each
            if terms in phrases or min(map(numbers.__getitem__, terms)) * SPLIT_RARE > of_all
        ]
        if likely:
            is_known, _number, right, terms = max(likely)
            found[word] = (right, terms, is_known)
    return found


def _cuts(word):
    for place in range(SHORTEST_PART, len(word) - SHORTEST_PART + 1):
        pair = word[:place], word[place:]
        if all(terms := tuple(map(term_of, pair))):
            yield pair, terms


def _likely(word, close, names, of_all):
    return [
        (errors, spelling not in names, -number, spelling, term, number)
        for spelling, term, number in close
        if _is_likely(word, spelling, errors := distance(word, spelling))
        if len(word) >= SHORT or spelling in names or number * RARE >= of_all
    ]


def _known(nearby, beginnings, names):
    """Spellings with their terms and numbers of entries; first what names something, then the most frequent."""
    found = {(name, names[name]): 0 for name in names if name in nearby or name.startswith(tuple(beginnings))}
    rows = engine().spellings(sorted(nearby), sorted(beginnings))
    found |= {(spelling, term): number for spelling, term, number in rows if number > 0}
    rows = [(spelling, term, number) for (spelling, term), number in found.items()]
    return sorted(rows, key=lambda row: (row[0] not in names, -row[2], row[0]))


def one_error_away(word: str) -> set[str]:
    """All that `word` may be with one letter more, one fewer, another one, or two exchanged."""
    cuts = [(word[:place], word[place:]) for place in range(len(word) + 1)]
    fewer = {left + right[1:] for left, right in cuts if right}
    exchanged = {left + right[1] + right[0] + right[2:] for left, right in cuts if len(right) > 1}
    other = {left + letter + right[1:] for left, right in cuts if right for letter in ALPHABET}
    more = {left + letter + right for left, right in cuts for letter in ALPHABET}
    return fewer | exchanged | other | more


def distance(one: str, other: str) -> int:
    """How many letters to add, take away, change or exchange with the next; of words too different, a large number."""
    if abs(len(one) - len(other)) > FAR:
        return FAR + 1
    before, row = [], list(range(len(other) + 1))
    for place, letter in enumerate(one, 1):
        before, last, row = row, before, [place]
        for column, against in enumerate(other, 1):
            cost = min(row[-1] + 1, before[column] + 1, before[column - 1] + (letter != against))
            if last and column > 1 and letter == other[column - 2] and one[place - 2] == against:
                cost = min(cost, last[column - 2] + 1)
            row.append(cost)
        if min(row) > FAR:
            return FAR + 1
    return row[-1]


def _is_likely(word, right, errors):
    """Whether one may be meant for the other; of a short one, the same letters are, or all but one."""
    if len(word) < SHORT:
        is_longer = len(right) > len(word) and right[0] == word[0]
        return errors == 1 and (is_longer or sorted(word) == sorted(right))
    return errors <= 1 or (errors <= FAR and len(word) >= LONG and right.startswith(word[:SAME_BEGINNING]))


def _is_seldom(word, number):
    return not number or (len(word) >= LONG and number <= SELDOM)


def _can_be_mended(word):
    return SHORTEST <= len(word) <= LONGEST and word.isascii() and word.isalpha()
