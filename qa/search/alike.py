"""Which questions a whole text has the most in common with, by its words.

The engine finds those that share the rarest words; all words of the text order them (BM25F). A text has many words of
which few are what it is about: what comes first in it counts more, what is said again a little more, rarity most.
"""

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from qa.models import EntryKind, Question
from qa.search.corrections import FAR, mend
from qa.search.engine import Entry, Query, engine
from qa.search.pipeline import EVERYDAY_WORDS, term_of, terms
from qa.search.question_types import SHORT, agreement, question_types
from qa.search.words import ALL, numbers_of, rarity

READ = 200  # different terms of a text, the first ones
MOST_TERMS = 24  # of a text, by which candidates are found
COMMON = 0.02  # of all entries; a term in more of them finds no candidates while there are others,
FEW = 1_000  # unless it stands in no more than so many
MOST_FOUND = 6_000  # entries that hold one of them: finding takes as long as there are such
OTHERS = 50  # topics, articles, doctors and excerpts that may be found too; a label that nearly all have costs more
EARLY, AT_FIRST = 10, 0.5  # the first term of a long text counts so much more; after so many it falls to a third
AGAIN = 0.6  # how much it counts that a term is said again
RARITY = 1.3  # how much rarity counts
EVERYDAY = frozenset(map(term_of, EVERYDAY_WORDS))
UNKNOWN = 1_000  # a word that no entry holds counts as one that one in so many holds
SHARE = 0.3  # how much it counts which part of the text is found at all
SAME_ASKED = 0.2  # how much more a question counts that asks for the same, such as treatment
HEADING, BODY, REPLIES = 1.5, 1.0, 0.2  # weights of the fields
USUAL, LENGTH_COUNTS = 45, 0.75  # terms in heading and body; how much it counts against a text that it is longer
SATURATION = 0.6
MOST_MENDED = 6  # words of a text: much of a long one is not known, and not much of that is an error
SMALL = 10_000  # entries; in more, few words are unknown, and to find what one with two errors means takes too long


@dataclass(frozen=True)
class Candidate:
    """A public question that shares rare words with a text."""

    question_id: int
    score: float
    likeness: float = 0.0  # which part of what the shorter question says is in both, 0 to 1, about


def candidates(text: str, limit: int = 200) -> list[Candidate]:
    """Public questions that share the rarest words of `text`, best first; no excerpts, none whose text was erased.

    Args:
        text: what a patient has written, or a whole question.
        limit: how many at most.
    """
    weights = weigh([text])[0]
    found = engine().closest(weights.leading, Query(), limit + OTHERS)
    found = [entry for entry in found if entry.kind == EntryKind.QUESTION]
    public = Question.objects.comparable().filter(pk__in=[entry.object_id for entry in found])
    readable = set(public.values_list("pk", flat=True))
    return weights.order(entry for entry in found if entry.object_id in readable)[:limit]


@dataclass(frozen=True)
class Weights:
    """What each term of a text counts, and the few terms that lead to candidates."""

    terms: dict[str, float]
    leading: dict[str, float]
    telling: frozenset[str]  # the terms that say what the text is about
    types: frozenset[str]  # what the text asks for
    usual: float  # what each telling word counts, in the mean, also one that no entry holds
    size: int  # how many telling words there are
    length: int  # how many different terms

    def order(self, entries: Iterable[Entry]) -> list[Candidate]:
        """The questions of `entries`, what has the most in common with the text first."""
        found = [(*self.score(entry), entry) for entry in entries]
        found.sort(key=lambda scored: (-scored[0], -scored[2].pk))
        return [Candidate(entry.object_id, score, likeness) for score, likeness, entry in found]

    def score(self, entry: Entry) -> tuple[float, float]:
        """How much an entry has in common with the text, and which part of what the shorter of the two says, about."""
        heading, body = entry.heading.split(), entry.body.split()
        own = {*heading, *body}
        length = max(len(heading), 1) + max(len(body), 1)
        shorter = 1 / longer(length)
        often = {}
        for field, weight in ((heading, HEADING), (body, BODY), (entry.replies.split(), REPLIES)):
            for term in filter(self.terms.__contains__, field):
                often[term] = often.get(term, 0) + weight * shorter
        total = share = alike = 0
        for term, number in often.items():
            weight = self.terms[term]
            total += weight * number / (SATURATION + number)
            share += weight
            if term in self.telling and term in own:  # a long reply holds some of the words of any question
                alike += weight
        likeness = alike / (self.usual * min(self.size, len(own)) or 1)
        total *= 1 - SHARE + SHARE * share / (self.sum or 1)
        total *= 1 + SAME_ASKED * agreement(self.types, self.length, question_types(own), len(own))
        return total, min(likeness, 1.0)

    @cached_property
    def sum(self) -> float:
        """What all terms count together."""
        return sum(self.terms.values())


def longer(length: int) -> float:
    """How much less a term counts in so long a text than in one of the usual length."""
    return 1 - LENGTH_COUNTS + LENGTH_COUNTS * length / USUAL


def weigh(texts: list[str], most_found: int = MOST_FOUND) -> list[Weights]:
    """What each term of each text counts.

    Args:
        texts: each is weighed by itself.
        most_found: how many entries may hold one of the terms that lead to candidates.
    """
    found = [terms(text) for text in texts]
    firsts = [{term: place for place, term in reversed(list(enumerate(each)))} for each in found]
    wanted = [sorted(first, key=first.get)[:READ] for first in firsts]
    numbers = numbers_of({term for each in wanted for term in each})
    asked = zip(texts, map(Counter, found), firsts, wanted, strict=True)
    return [_weigh(*each, numbers, most_found) for each in asked]


def _weigh(text, number_of, first, wanted, numbers, most_found):
    """What each term of `text` counts. Words that no entry holds are read as the likeliest word that one holds."""
    of_all = numbers[ALL]
    mended, more = _mend(text, {term for term in wanted if not numbers[term]}, of_all)
    numbers = {term: numbers[term] for term in wanted} | more
    weights, telling = {}, {}
    for term in wanted:
        weight = 1 + AGAIN * math.log(number_of[term])
        if len(wanted) > SHORT:
            weight *= 1 + AT_FIRST * math.exp(-first[term] / EARLY)
        is_telling = term not in EVERYDAY
        term = mended.get(term, term)
        weight *= rarity(numbers[term] or max(1, of_all // UNKNOWN), of_all) ** RARITY
        if numbers[term]:
            weights[term] = max(weight, weights.get(term, 0))
        if is_telling and term not in EVERYDAY:
            telling[term] = weight
    usual = sum(telling.values()) / (len(telling) or 1)
    leading = _leading(weights, numbers, of_all, most_found)
    asked = question_types(first.keys())
    return Weights(weights, leading, frozenset(telling), asked, usual, len(telling), len(first))


def _mend(text, unknown, of_all):
    """For each unknown term the likeliest one that is known; and in how many entries those stand."""
    if not unknown:
        return {}, {}
    likeliest = mend(text, dict.fromkeys(unknown, 0), of_all, most=MOST_MENDED, far=FAR if of_all <= SMALL else 1)
    mended = {term_of(word): term for word, (_spelling, term, _number) in likeliest.items()}
    return mended, numbers_of(mended.values())


def _leading(weights, numbers, of_all, most_found):
    """The weightiest terms that together stand in no more than `most_found` entries; at least one of them."""
    ordered = sorted(weights, key=weights.get, reverse=True)
    few = [term for term in ordered if numbers[term] <= most_of(of_all)]
    chosen, number = {}, 0
    for term in (few if len(few) > 1 else ordered)[:MOST_TERMS]:
        if not chosen or number + numbers[term] <= most_found:
            number += numbers[term]
            chosen[term] = weights[term]
    return chosen


def most_of(of_all: int) -> float:
    """In how many entries a term may stand that leads to candidates while there are others."""
    return max(COMMON * of_all, FEW)
