"""Did you mean: for a word that no entry holds, the nearest one that many hold. The same on both databases."""

from qa.search.engine import engine
from qa.search.pipeline import words

ALPHABET = "abcdefghijklmnopqrstuvwxyz"
SHORTEST, LONGEST = 5, 24  # letters of a word that is mended; a shorter one is too easily taken for another
FAR = 2  # errors; one in a word of fewer than `LONG` letters
LONG = 7
SAME_BEGINNING = 3  # letters that a word with two errors shares with the right one
MOST_MENDED = 3  # words of a search


def mend(text: str, unknown: set[str]) -> dict[str, tuple[str, str, int]]:
    """For each word of `text` whose term is `unknown`, the likeliest word: its spelling, term and number of entries.

    Args:
        text: what was typed.
        unknown: terms that no entry holds.
    """
    wrong = list(dict.fromkeys(word for word, term in words(text) if term in unknown and _can_be_mended(word)))
    wrong = wrong[:MOST_MENDED]
    if not wrong:
        return {}
    nearby = {other for word in wrong for other in one_error_away(word)}
    rows = engine().spellings(sorted(nearby), [word[:SAME_BEGINNING] for word in wrong if len(word) >= LONG])
    found = {}
    for word in wrong:
        likely = [(distance(word, spelling), -number, spelling, term) for spelling, term, number in rows]
        far = FAR if len(word) >= LONG else 1
        errors, number, spelling, term = min(likely, default=(far + 1, 0, "", ""))
        if errors <= far and number < 0:
            found[word] = (spelling, term, -number)
    return found


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


def _can_be_mended(word):
    return SHORTEST <= len(word) <= LONGEST and word.isascii() and word.isalpha()
