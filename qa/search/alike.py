"""Which questions a whole text has the most in common with, by its words.

The engine finds those that share the rarest words; all words of the text order them (BM25F). A text has many words of
which few are what it is about: what comes first in it counts more, what is said again a little more, rarity most.
"""

import math
from collections import Counter
from dataclasses import dataclass

from qa.models import EntryKind, Question
from qa.search.corrections import FAR, mend
from qa.search.engine import Entry, Query, engine
from qa.search.pipeline import EVERYDAY_WORDS, term_of, terms
from qa.search.words import ALL, numbers_of, rarity

READ = 200  # different terms of a text, the first ones
MOST_TERMS = 24  # of a text, by which candidates are found
COMMON = 0.02  # of all entries; a term in more of them finds no candidates while there are others,
FEW = 1_000  # unless it stands in no more than so many
MOST_FOUND = 6_000  # entries that hold one of them: finding takes as long as there are such
OTHERS = 50  # topics, articles, doctors and excerpts that may be found too; a label that nearly all have costs more
SHORT = 12  # terms; of a text that has no more, each counts as much wherever it stands
EARLY, AT_FIRST = 10, 0.5  # the first term counts so much more; that falls to a third after so many terms
AGAIN = 0.6  # how much it counts that a term is said again
RARITY = 1.3  # how much rarity counts
EVERYDAY = frozenset(map(term_of, EVERYDAY_WORDS))
UNKNOWN = 1_000  # a word that no entry holds counts as one that one in so many holds
SHARE = 0.3  # how much it counts which part of the text is found at all
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
    likeness: float = 0.0  # which part of what the shorter text says is in both, 0 to 1, about


def candidates(text: str, limit: int = 200) -> list[Candidate]:
    """Public questions that share the rarest words of `text`, best first; no excerpts, none whose text was erased.

    Args:
        text: what a patient has written, or a whole question.
        limit: how many at most.
    """
    weights = weigh(text)
    found = engine().closest(weights.leading, Query(), limit + OTHERS)
    found = [(weights.score(entry), entry) for entry in found if entry.kind == EntryKind.QUESTION]
    found.sort(key=lambda scored: (-scored[0][0], -scored[1].pk))
    public = Question.objects.comparable().filter(pk__in=[entry.object_id for _, entry in found])
    readable = set(public.values_list("pk", flat=True))
    comparable = [
        Candidate(entry.object_id, score, likeness) for (score, likeness), entry in found if entry.object_id in readable
    ]
    return comparable[:limit]


@dataclass(frozen=True)
class Weights:
    """What each term of a text counts, and the few terms that lead to candidates."""

    terms: dict[str, float]
    leading: dict[str, float]
    telling: frozenset[str]  # the terms that say what the text is about
    usual: float  # what each telling word counts, in the mean, also one that no entry holds
    size: int  # how many telling words there are

    def score(self, entry: Entry) -> tuple[float, float]:
        """How much an entry has in common with the text, and which part of what the shorter of the two says, about."""
        own = {*entry.heading.split(), *entry.body.split()}
        length = entry.heading.count(" ") + entry.body.count(" ") + 2
        shorter = 1 / (1 - LENGTH_COUNTS + LENGTH_COUNTS * length / USUAL)
        often = Counter()
        for field, weight in ((entry.heading, HEADING), (entry.body, BODY), (entry.replies, REPLIES)):
            for term in field.split():
                if term in self.terms:
                    often[term] += weight * shorter
        total = sum(self.terms[term] * number / (SATURATION + number) for term, number in often.items())
        share = sum(self.terms[term] for term in often) / (sum(self.terms.values()) or 1)
        alike = sum(self.terms[term] * (1 if term in own else REPLIES) for term in self.telling & often.keys())
        likeness = alike / (self.usual * min(self.size, len(own)) or 1)
        return total * (1 - SHARE + SHARE * share), min(likeness, 1.0)


def weigh(text: str) -> Weights:
    """What each term of `text` counts. Words that no entry holds are read as the likeliest word that one holds."""
    found = terms(text)
    number_of = Counter(found)
    first = {term: place for place, term in reversed(list(enumerate(found)))}
    wanted = sorted(first, key=first.get)[:READ]
    numbers = numbers_of(wanted)
    of_all = numbers[ALL]
    unknown = {term for term in wanted if not numbers[term]}
    likeliest = mend(text, unknown, of_all, most=MOST_MENDED, far=FAR if of_all <= SMALL else 1)
    mended = {term_of(word): term for word, (_spelling, term, _number) in likeliest.items()}
    numbers |= numbers_of(mended.values())
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
    return Weights(weights, _leading(weights, numbers), frozenset(telling), usual, len(telling))


def _leading(weights, numbers):
    """The weightiest terms that together stand in no more than `MOST_FOUND` entries; at least one of them."""
    ordered = sorted(weights, key=weights.get, reverse=True)
    few = [term for term in ordered if numbers[term] <= max(COMMON * numbers[ALL], FEW)]
    chosen, number = {}, 0
    for term in (few if len(few) > 1 else ordered)[:MOST_TERMS]:
        if not chosen or number + numbers[term] <= MOST_FOUND:
            number += numbers[term]
            chosen[term] = weights[term]
    return chosen
