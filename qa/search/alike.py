"""Which questions a whole text has the most in common with."""

from collections import Counter
from dataclasses import dataclass

from qa.models import EntryKind, Question
from qa.search.engine import Group, Query, engine
from qa.search.entries import WHOLE, label
from qa.search.pipeline import terms
from qa.search.scoring import score
from qa.search.words import ALL, numbers_of, rarity

MOST_TERMS = 12  # of a text, the rarest ones
COMMON = 0.02  # of all entries; a term in more of them is left out while there are rarer ones
READ = 400  # different terms of a text, the most frequent ones, of which the rarest are chosen


@dataclass(frozen=True)
class Candidate:
    """A public question that shares rare words with a text."""

    question_id: int
    score: float


def candidates(text: str, limit: int = 200) -> list[Candidate]:
    """Public questions that share the rarest words of `text`, best first; no excerpts, none whose text was erased.

    Args:
        text: what a patient has written, or a whole question.
        limit: how many at most.
    """
    wanted = [term for term, _number in Counter(terms(text)).most_common(READ)]
    numbers = numbers_of(wanted)
    of_all = numbers[ALL]
    chosen = rarest(wanted, numbers, engine().MOST_COMPARED)
    weights = {term: rarity(numbers[term], of_all) for term in chosen}
    among = Query(labels=((label(EntryKind.QUESTION),), (label(WHOLE),)))
    found = engine().closest(weights, among, limit)
    score(found, [Group(((term,),), number=numbers[term]) for term in chosen], of_all)
    found.sort(key=lambda entry: (-entry.score, -entry.pk))
    public = Question.objects.public().whole().filter(pk__in=[entry.object_id for entry in found], erased_at=None)
    readable = set(public.values_list("pk", flat=True))
    return [Candidate(entry.object_id, entry.score) for entry in found if entry.object_id in readable]


def rarest(wanted: list[str], numbers: dict[str, int], most: int) -> list[str]:
    """The rarest terms of `wanted` that together stand in no more than `most` entries; at least one of them."""
    known = sorted((term for term in wanted if numbers[term]), key=lambda term: numbers[term])
    few = [term for term in known if numbers[term] <= COMMON * numbers[ALL]]
    chosen, number = [], 0
    for term in (few if len(few) > 1 else known)[:MOST_TERMS]:
        number += numbers[term]
        if chosen and number > most:
            break
        chosen.append(term)
    return chosen
