"""Readability: how many years of school an English text asks for, and which of its sentences are too long."""

import re

from qa.screening.engine import Finding, Severity

KIND = "readability"
ADVISED = 7  # the highest school grade that the NIH (United States) advises for texts to patients: 6 to 7
TOLERATED = 8  # the formula is rough: one grade more is let pass
LONG_SENTENCE = 28  # words
ENOUGH = 30  # words; of fewer, the formula says nothing

SENTENCE = re.compile(r"[^.!?\n]+(?:[.!?](?!\s|$)[^.!?\n]*)*[.!?]*")
WORD = re.compile(r"[A-Za-z][A-Za-z'’]*")
VOWELS = re.compile(r"[aeiouy]+")
SILENT_END = re.compile(r"(?:[^laeiouy]es|[^laeiouyt]ed|[^laeiouy]e)$")


def grade_level(text: str) -> float | None:
    """The Flesch-Kincaid grade of an English text (Kincaid and others, 1975); None where it is too short to tell.

    Args:
        text: plain text; what is not written in Latin letters does not count.
    """
    words = WORD.findall(text)
    sentences = [found.group() for found in SENTENCE.finditer(text) if WORD.search(found.group())]
    if len(words) < ENOUGH:
        return None
    syllables = sum(_syllables(word) for word in words)
    return round(0.39 * len(words) / len(sentences) + 11.8 * syllables / len(words) - 15.59, 1)


def find_hard_reading(text: str) -> list[Finding]:
    """Advice where a text reads too hard as a whole, and on each of its long sentences."""
    found = []
    grade = grade_level(text)
    if grade is not None and grade > TOLERATED:
        message = (
            f"This reads like school grade {grade:.0f}; 6 to 7 is advised. Try shorter sentences and plainer words."
        )
        found.append(Finding("grade", KIND, Severity.ADVICE, 0, 0, message))
    for sentence in SENTENCE.finditer(text):
        number = len(WORD.findall(sentence.group()))
        if number > LONG_SENTENCE:
            message = f"This sentence has {number} words. Two shorter ones are easier to read."
            start = sentence.start() + len(sentence.group()) - len(sentence.group().lstrip())
            found.append(Finding("long-sentence", KIND, Severity.ADVICE, start, sentence.end(), message))
    return found


def _syllables(word):
    small = word.lower().replace("’", "'").removesuffix("'s")
    number = len(VOWELS.findall(small))
    if number > 1 and SILENT_END.search(small):
        number -= 1
    return max(number, 1)
