"""In how many entries each term stands, and how words are spelled. Counted on writing, and all anew now and then."""

import math
from collections import Counter
from collections.abc import Iterable
from itertools import chain, islice
from random import randrange

from django.core.cache import cache
from django.db import transaction

from qa.models import SearchEntry, SearchSpelling, SearchWord
from qa.search.engine import HEADING, engine
from qa.search.pipeline import term_of

ALL = ""  # the term whose number is that of all entries
TOPICS = "_topics"  # the term whose number is another one whenever a topic has changed
SHORTEST_SPELLING, LONGEST_SPELLING = 4, 24  # letters of a word in which an error can be mended
BATCH = 5_000
DAY = 24 * 3600  # seconds
COUNTED_DAILY = 200_000  # entries


class Tally:
    """What new entries hold: in how many each term stands, and how words are spelled."""

    def __init__(self, is_counting: bool = True):
        self.is_counting = is_counting
        self.numbers: Counter[str] = Counter()
        self.spellings: set[str] = set()
        self.saved: set[str] = set()

    def add_entry(self, entry: SearchEntry) -> None:
        if self.is_counting:
            labels = (name for name in entry.labels.split() if name.startswith(HEADING))
            self.numbers.update({ALL, *entry.heading.split(), *entry.body.split(), *entry.replies.split(), *labels})

    def add_topic(self) -> None:
        self.numbers[TOPICS] += randrange(1, 2**30)

    def save(self) -> None:
        """Add to what is counted already. In one order, so that two who count never wait for each other in a circle."""
        if self.numbers:
            engine().add_words(dict(sorted(self.numbers.items())))
        rows = [
            SearchSpelling(spelling=spelling, term=term_of(spelling))
            for spelling in sorted(self.spellings - self.saved)
            if SHORTEST_SPELLING <= len(spelling) <= LONGEST_SPELLING and spelling.isalpha() and term_of(spelling)
        ]
        SearchSpelling.objects.bulk_create(rows, batch_size=BATCH, ignore_conflicts=True)
        self.saved |= self.spellings
        self.spellings, self.numbers = set(), Counter()


def numbers_of(terms: Iterable[str]) -> dict[str, int]:
    """In how many entries each of `terms` stands, about; under `ALL`, how many entries there are, and under
    `TOPICS` a number that changes with the topics. In one query."""
    wanted = {ALL, TOPICS, *terms}
    found = dict(SearchWord.objects.filter(term__in=wanted).values_list("term", "number"))
    return {term: found.get(term, 0) for term in wanted}


def rarity(number: int, of_all: int) -> float:
    """How much a term says that stands in `number` of all entries (BM25's inverse document frequency)."""
    return math.log(1 + (max(of_all, number) - number + 0.5) / (number + 0.5))


def recount_daily() -> bool:
    """As `recount`, once a day where that takes little time; of more entries, `manage.py rebuild_search` counts."""
    if SearchEntry.objects.count() > COUNTED_DAILY or not cache.add("search_recounted", True, DAY):
        return False
    recount()
    return True


def recount() -> None:
    """Count all entries anew by what the index holds, and forget spellings that no entry holds any more."""
    numbers = engine().word_numbers()
    with transaction.atomic():
        SearchWord.objects.all().delete()
        own = [(ALL, SearchEntry.objects.count()), (TOPICS, randrange(1, 2**30))]
        numbers = chain(own, numbers)
        while rows := [SearchWord(term=term, number=number) for term, number in islice(numbers, BATCH)]:
            # Whoever counts at the same time has just written rows that were not there to be deleted.
            SearchWord.objects.bulk_create(
                rows, update_conflicts=True, unique_fields=["term"], update_fields=["number"]
            )
        SearchSpelling.objects.exclude(term__in=SearchWord.objects.values("term")).delete()
