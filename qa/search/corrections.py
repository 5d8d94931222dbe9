"""Did you mean: for a word that no entry holds, the nearest one that many hold. The same on both databases."""

from qa.search.engine import engine
from qa.search.pipeline import words

ALPHABET = "abcdefghijklmnopqrstuvwxyz"
SHORTEST, LONGEST = 5, 24  # letters of a word that is mended; a shorter one is too easily taken for another
FAR = 2  # errors; one in a word of fewer than `LONG` letters
LONG = 7
SAME_BEGINNING = 3  # letters that a word with two errors shares with the right one
MOST_COMPARED = 200  # words with the same beginning, the most frequent ones
MOST_MENDED = 3  # words of a search


def mend(text: str, unknown: set[str], most: int = MOST_MENDED, far: int = FAR) -> dict[str, tuple[str, str, int]]:
    """For each word of `text` whose term is `unknown`, the likeliest word: its spelling, term and number of entries.

    Args:
        text: what was typed.
        unknown: terms that no entry holds.
        most: how many words at most, the first ones.
        far: how many errors a long word may have; to find two takes much longer, the more words there are.
    """
    wrong = list(dict.fromkeys(word for word, term in words(text) if term in unknown and _can_be_mended(word)))
    nearby = {word: one_error_away(word) for word in wrong[:most]}
    if not nearby:
        return {}
    beginnings = sorted({word[:SAME_BEGINNING] for word in nearby if far > 1 and len(word) >= LONG})
    rows = engine().spellings(sorted(set().union(*nearby.values())), beginnings)
    rows = sorted((row for row in rows if row[2] > 0), key=lambda row: (-row[2], row[0]))
    likeliest = {word: _likeliest(word, near, rows, far) for word, near in nearby.items()}
    return {word: row for word, row in likeliest.items() if row}


def _likeliest(word, nearby, rows, far):
    """Of rows with a spelling each, the most frequent first, the one nearest to `word`; None where none is near."""
    found = next((row for row in rows if row[0] in nearby), None)
    if found or far == 1 or len(word) < LONG:
        return found
    begun = [row for row in rows if row[0].startswith(word[:SAME_BEGINNING])][:MOST_COMPARED]
    return next((row for row in begun if distance(word, row[0]) <= far), None)


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
