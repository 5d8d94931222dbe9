"""In how many entries each term stands, and how words are spelled. Counted on writing, and all anew now and then."""

import math
from collections import Counter
from collections.abc import Iterable
from random import randrange

from django.db import connection, transaction
from django.db.models import Exists, OuterRef

from qa.models import SearchEntry, SearchSpelling, SearchWord
from qa.planning import once_in
from qa.search.engine import HEADING, engine, fetch
from qa.search.pipeline import term_of

ALL = ""  # the term whose number is that of all entries
TOPICS = "_topics"  # the term whose number is another one whenever a topic has changed
RECOUNTS = "_recounts"  # the term whose number is how often all was counted anew
SHORTEST_SPELLING, LONGEST_SPELLING = 4, 24  # letters of a word in which an error can be mended
BATCH = 5_000
DAY = 24 * 3600  # seconds
WEEK = 7 * DAY
COUNTED_DAILY = 200_000  # entries
OFF = "qa_searchoff"  # a temporary table: what is missing from each number
# No other label, nor one of our own, `TOPICS` and `RECOUNTS`.
IS_COUNTED = f"(substr(term, 1, 1) <> '_' OR substr(term, 1, {len(HEADING)}) = '{HEADING}')"


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
        self.clear()

    def clear(self) -> None:
        """Forget what is not saved."""
        self.spellings, self.numbers = set(), Counter()


def numbers_of(terms: Iterable[str]) -> dict[str, int]:
    """In how many entries each of `terms` stands, about; under `ALL`, how many entries there are, and under
    `TOPICS` a number that changes with the topics. In one query."""
    wanted = list({ALL, TOPICS, *terms})
    marks = ", ".join(["%s"] * len(wanted))
    found = dict(fetch(f"SELECT term, number FROM qa_searchword WHERE term IN ({marks})", wanted))
    return {term: found.get(term, 0) for term in wanted}


def topics_version() -> int:
    """A number that is another one as soon as search has seen a changed topic. In one query."""
    return numbers_of([])[TOPICS]


def rarity(number: int, of_all: int) -> float:
    """How much a term says that stands in `number` of all entries (BM25's inverse document frequency)."""
    return math.log(1 + (max(of_all, number) - number + 0.5) / (number + 0.5))


def recount_regularly() -> bool:
    """As `recount`, once a day, and once a week where there are so many entries that it takes long."""
    pause = WEEK if SearchEntry.objects.count() > COUNTED_DAILY else DAY
    with once_in("search_recounted", pause) as is_due:
        if is_due:
            recount()
    return is_due


def forget_outdated_spellings() -> None:
    """Forget the spellings of which the pipeline makes another term by now: they come again with their entries."""
    rows = SearchSpelling.objects.values_list("spelling", "term").iterator(chunk_size=BATCH)
    outdated = [spelling for spelling, term in rows if term_of(spelling) != term]
    for start in range(0, len(outdated), BATCH):
        SearchSpelling.objects.filter(spelling__in=outdated[start : start + BATCH]).delete()


def recount() -> None:
    """Count all entries anew by what the index holds, and forget words and spellings that no entry holds any more.

    The database counts by itself, in one look at everything, how far each number is off; only then those who write wait
    for the short moment in which that is added, and what they have added meanwhile stays. Of several who count at once,
    one is enough.
    """
    known_as = numbers_of([RECOUNTS])[RECOUNTS]
    _execute(f"DROP TABLE IF EXISTS {OFF}", f"CREATE TEMPORARY TABLE {OFF} AS {_how_far_off()}")
    with transaction.atomic():
        engine().lock_words()
        if numbers_of([RECOUNTS])[RECOUNTS] == known_as:
            _execute(
                f"INSERT INTO qa_searchword (term, number) SELECT term, number FROM {OFF} WHERE true "
                "ON CONFLICT (term) DO UPDATE SET number = qa_searchword.number + excluded.number",
                f"DELETE FROM qa_searchword WHERE number <= 0 AND {IS_COUNTED}",
            )
            engine().add_words({RECOUNTS: 1, TOPICS: randrange(1, 2**30)})
            SearchSpelling.objects.filter(~Exists(SearchWord.objects.filter(term=OuterRef("term")))).delete()
    _execute(f"DROP TABLE {OFF}")


def _how_far_off():
    counted = f"SELECT term, number FROM ({engine().word_numbers()}) held WHERE {IS_COUNTED}"
    entries = "SELECT '' AS term, count(*) AS number FROM qa_searchentry"
    known = f"SELECT term, -number AS number FROM qa_searchword WHERE {IS_COUNTED}"
    each = f"{counted} UNION ALL {entries} UNION ALL {known}"
    return f"SELECT term, sum(number) AS number FROM ({each}) numbers GROUP BY term HAVING sum(number) <> 0"


def _execute(*statements):
    with connection.cursor() as cursor:
        for sql in statements:
            cursor.execute(sql)
