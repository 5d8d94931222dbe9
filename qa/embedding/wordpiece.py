"""From a text to the numbers of its pieces of words, as the model of `qa.embedding` has learned them (BERT, uncased).

A word that the vocabulary does not hold is cut into the longest pieces that it does hold.
"""

import re
import unicodedata
from functools import cache, lru_cache
from pathlib import Path

VOCABULARY = Path(__file__).with_name("vocabulary.txt")
UNKNOWN, BEGIN, END = 100, 101, 102
LONGEST = 100  # letters of a word; what is longer is unknown
MOST_CHARACTERS = 16  # of a text, for each piece that is wanted: what comes later is not looked at

CHINESE = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0002a6df\U0002a700-\U0002ceaf\U0002f800-\U0002fa1f"
ONE_CHINESE = re.compile(f"[{CHINESE}]")


def encode(text: str, limit: int) -> list[int]:
    """The numbers of the pieces of `text`, with those that mark its beginning and end; at most `limit`."""
    found = [BEGIN]
    for word in _words(text[: limit * MOST_CHARACTERS]):
        found += _pieces(word)
        if len(found) >= limit:
            break
    return [*found[: limit - 1], END]


def _words(text):
    text = "".join(" " if char.isspace() else char for char in text if char.isspace() or _is_written(char))
    text = unicodedata.normalize("NFD", ONE_CHINESE.sub(r" \g<0> ", text))
    text = "".join(char for char in text if unicodedata.category(char) != "Mn").lower()
    return "".join(f" {char} " if _is_mark(char) else char for char in text).split()


@lru_cache(maxsize=4096)
def _is_written(char):
    return char not in "\x00\ufffd" and unicodedata.category(char) not in ("Cc", "Cf")


@lru_cache(maxsize=4096)
def _is_mark(char):
    """Whether it is a punctuation mark, or another ASCII character that is neither letter nor digit."""
    return ("!" <= char <= "~" and not char.isalnum()) or unicodedata.category(char).startswith("P")


@lru_cache(maxsize=50_000)
def _pieces(word):
    vocabulary, found, start = _vocabulary(), [], 0
    if len(word) > LONGEST:
        return (UNKNOWN,)
    while start < len(word):
        for end in range(len(word), start, -1):
            piece = word[start:end] if start == 0 else "##" + word[start:end]
            if piece in vocabulary:
                found.append(vocabulary[piece])
                start = end
                break
        else:
            return (UNKNOWN,)
    return tuple(found)


@cache
def _vocabulary():
    lines = VOCABULARY.read_text(encoding="utf-8").split("\n")
    return {piece: number for number, piece in enumerate(lines) if piece}
