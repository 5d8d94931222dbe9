"""Excerpts: the place of a text that says the most about what was searched for, with the words found marked.

Cut from texts that are public now, never from the index.
"""

import re
from collections.abc import Iterable
from itertools import islice, takewhile

from qa.search.engine import Phrase, is_prefix
from qa.search.pipeline import TO_SIMPLIFIED, located

START, END = "\ue000", "\ue001"  # private-use characters around what is marked, which no page shows
LENGTH = 240  # characters
READ = 6_000  # characters of a text that are looked at
BEFORE = 60  # characters before the first word found

MARKDOWN = re.compile(r"^[#>\-*+ ]+|[*_`|]+|\]\([^)]*\)|[\[\]]", re.MULTILINE)


def mark(text: str, wanted: Iterable[Phrase]) -> str:
    """`text` with what is `wanted` between `START` and `END`."""
    text = _clean(text)
    return _marked(text, _hits(text, wanted))


def excerpt(text: str, wanted: Iterable[Phrase], is_markdown: bool = False) -> tuple[str, int]:
    """The best place of `text` in one line, marked as by `mark`, and how many of the phrases `wanted` stand there."""
    text = _clean(MARKDOWN.sub(" ", text[:READ]) if is_markdown else text[:READ])
    hits = _hits(text, wanted)
    begin, most = 0, 0
    for number, (start, _end, _phrase) in enumerate(hits):
        near = takewhile(lambda hit, last=start + LENGTH - BEFORE: hit[0] < last, islice(hits, number, None))
        here = len({phrase for _start, _end, phrase in near})
        if here > most:
            begin, most = start, here
    begin = 0 if begin < LENGTH - BEFORE else _word_begin(text, begin - BEFORE)
    end = len(text) if len(text) <= begin + LENGTH else _word_begin(text, begin + LENGTH)
    marked = _marked(text, [hit for hit in hits if begin <= hit[0] and hit[1] <= end], begin, end)
    return ("… " if begin else "") + marked.strip(" ,;:") + (" …" if end < len(text) else ""), most


def _clean(text):
    return " ".join(text.replace(START, " ").replace(END, " ").split())


def _word_begin(text, place):
    """The beginning of a word at `place` or soon before."""
    blank = text.rfind(" ", max(0, place - 40), place + 1)
    return blank + 1 if blank >= 0 else place


def _marked(text, hits, begin=0, end=None):
    pieces, done = [], begin
    for start, last, _phrase in hits:
        if start > done or not pieces:
            pieces += [text[done:start], START, text[start:last], END]
        elif last > done:  # pairs of Chinese characters overlap
            pieces[-1:] = [text[done:last], END]
        done = max(done, last)
    return "".join([*pieces, text[done:end]]).replace(END + START, "")


def _hits(text, wanted):
    """Where the phrases are that are wanted, in order: start, end, phrase."""
    found, beginning = [], {}
    for phrase in wanted:
        if is_prefix(phrase):
            simplified = text.translate(TO_SIMPLIFIED)
            found += [(hit.start(), hit.end(), phrase) for hit in re.finditer(phrase[0], simplified)]
        else:
            beginning.setdefault(phrase[0], []).append(phrase)
    words = located(text) if beginning else []
    for place in [place for place, word in enumerate(words) if word[0] in beginning]:
        for phrase in beginning[words[place][0]]:
            run = words[place : place + len(phrase)]
            if tuple(term for term, _start, _end in run) == phrase:
                found.append((run[0][1], run[-1][2], phrase))
    return sorted(found)
