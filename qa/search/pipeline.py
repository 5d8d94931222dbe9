"""From a text to the terms that are searched for. Index and query, SQLite and PostgreSQL: all use this one pipeline,
so that a text finds the same rows on both.

Unicode, case, quotes and accents are folded, Traditional Chinese becomes Simplified, English words lose their endings,
what every question says is left out, and Chinese becomes overlapping pairs of characters.
"""

import re
import unicodedata
from itertools import pairwise
from pathlib import Path
from threading import Lock

import snowballstemmer

VERSION = 3  # of what the pipeline makes of a text; entries of another version are written anew by rebuild_search
LONGEST = 32  # letters of a word; what is longer is no word
KNOWN_WORDS = 50_000  # stems that a process remembers


def _read(name):
    lines = (Path(__file__).parent / name).read_text(encoding="utf-8").splitlines()
    return " ".join(line for line in lines if not line.startswith("#")).split()


STOP_WORDS = frozenset(_read("stop_words.txt"))
EVERYDAY_WORDS = frozenset(_read("everyday_words.txt"))
TO_SIMPLIFIED = str.maketrans({pair[0]: pair[1] for pair in _read("simplified.txt")})
CHINESE_STOPS = re.compile("医生您?好?|大夫|您好|你好|请问|谢谢|感谢")

CJK = "\u3005\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3\uf900-\ufaff\U00020000-\U0003134f"
ASCII_WORDS = re.compile("[a-z0-9]+")
WORDS = re.compile(f"([{CJK}]+)|[^\\W_{CJK}]+")
CHINESE = re.compile(f"[{CJK}]{{2,}}")
INFLAMED = "itis"  # an inflammation; the stemmer would take conjunctivitis for conjunction, thyroiditis for the thyroid
IMMUNIZED = re.compile("immuni[sz]")  # and immunization for immunity
_ONE_AND_MANY = """foot feet, tooth teeth, goose geese, louse lice, mouse mice, man men, man mens, woman women,
    woman womens, child children, child childrens, calf calves, bacterium bacteria, fungus fungi, bronchus bronchi,
    thrombus thrombi, nevus nevi, testis testes, diagnosis diagnoses, prognosis prognoses, metastasis metastases,
    analysis analyses, psychosis psychoses, neurosis neuroses, crisis crises"""
SINGULARS = {many: one for one, many in map(str.split, _ONE_AND_MANY.split(","))}  # of which the stemmer knows nothing
POSSESSIVE = re.compile(r"'s?(?![a-z0-9])|(?<=[a-z0-9])'(?=[a-z])")  # Crohn's is Crohn, don't is dont
QUOTES = str.maketrans("‘’‛ʼ′＇`´“”„‟″«»「」『』", "''''''''" + '"' * 11)


class _Stems(dict):
    """The term of each word met, "" for a word that says nothing."""

    def __missing__(self, word):
        if len(self) > KNOWN_WORDS:
            self.clear()
        self[word] = term = "" if word in STOP_WORDS or len(word) > LONGEST else _term(word)
        return term


def _term(word):
    if word.endswith(INFLAMED):
        return word
    if IMMUNIZED.match(word):
        return "immuniz"
    with _stemming:
        return _stem(SINGULARS.get(word, word))


_stems = _Stems()
_stem = snowballstemmer.stemmer("english").stemWord
_stemming = Lock()  # a stemmer keeps the word it works on: two threads at once would mix up theirs


def located(text: str) -> list[tuple[str, int, int]]:
    """The terms of a text as it stands, each with its beginning and end there; about as `terms` has them."""
    if text.isascii():
        return [(term, *hit.span()) for hit in ASCII_WORDS.finditer(text.lower()) if (term := _stems[hit[0]])]
    found = []
    for hit in WORDS.finditer(text):
        start, end = hit.span()
        if hit[1] is None:
            word = hit[0]
            if term := _stems[word.lower() if word.isascii() else fold(word)]:
                found.append((term, start, end))
        elif end - start == 1:
            found.append((fold(hit[0]), start, end))
        else:
            found += [(fold(text[place : place + 2]), place, place + 2) for place in range(start, end - 1)]
    return found


def fold(text: str) -> str:
    """`text` as it is compared: one form of each character, small letters, straight quotes, no accents."""
    if text.isascii():
        return text.lower()
    text = unicodedata.normalize("NFKD", text.translate(QUOTES)).casefold()
    text = "".join(char for char in text if not unicodedata.combining(char))
    return unicodedata.normalize("NFKC", text).translate(TO_SIMPLIFIED)


def terms(text: str) -> list[str]:
    """The terms of `text` in the order in which they occur; of what says nothing, none."""
    return _terms(_without_possessives(text), set())


def index_terms(text: str, spellings: set[str]) -> list[str]:
    """As `terms`, with the last character of each Chinese run by itself, so that a single one finds it anywhere.

    Each word that is not Chinese is added to `spellings` as it is spelled when folded.
    """
    text = _without_possessives(text)
    found = _terms(text, spellings)
    if not text.isascii():
        found += [run[-1] for run in CHINESE.findall(CHINESE_STOPS.sub(" ", text))]
    return found


def term_of(spelling: str) -> str:
    """The term of a folded word that is not Chinese; "" where it says nothing."""
    return _stems[spelling]


def words(text: str) -> list[tuple[str, str]]:
    """Each word of `text` as it is spelled when folded, with its term; without Chinese and what says nothing."""
    found = WORDS.finditer(_without_possessives(text))
    return [(hit[0], _stems[hit[0]]) for hit in found if not hit[1] and _stems[hit[0]]]


def _without_possessives(text):
    text = fold(text)
    return POSSESSIVE.sub("", text) if "'" in text else text


def _terms(text, spellings):
    if text.isascii():
        found = ASCII_WORDS.findall(text)
        spellings.update(found)
        return list(filter(None, map(_stems.__getitem__, found)))
    found = []
    for hit in WORDS.finditer(CHINESE_STOPS.sub(" ", text)):
        if run := hit[1]:
            found += [run] if len(run) == 1 else map("".join, pairwise(run))
        elif term := _stems[hit[0]]:
            spellings.add(hit[0])
            found.append(term)
    return found
