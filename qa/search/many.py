"""Candidates for many texts, a batch after the other: for that, the rare terms of all questions are held in memory.

Which entries are looked at does not come from an engine, but from the terms of their own text alone and its length. So
more terms may lead to them, and both databases find the same.
"""

from array import array
from collections.abc import Iterator
from heapq import nlargest

from django.db.models import Max

from qa.models import EntryKind, SearchEntry
from qa.search.alike import SATURATION, Candidate, longer, most_of, weigh
from qa.search.engine import Query, engine, entries
from qa.search.entries import WHOLE, label
from qa.search.words import ALL, numbers_of

MOST_FOUND = 15_000  # entries that hold one of the terms that lead to candidates
BATCH = 5_000  # entries that are read at once
LATE = 1_000  # keys; an entry with a smaller key may become visible later than one with a larger


class Finder:
    """Finds candidates. Reads all questions at first, a million in less than a minute, and then what is new."""

    def __init__(self):
        self._holders: dict[str, int | array | None] = {}  # of each term the places in `_keys`; None of a common one
        self._keys, self._factors = array("q"), array("f")  # of entries, and what their length makes of a sum
        self._seen = None

    def candidates(self, texts: list[str], limit: int) -> list[list[Candidate]]:
        """For each text questions that share its rarest words, scored as by `alike.candidates`, best first.

        Some may not be public any more: whoever asks has to look.


        Args:
            texts: whole questions.
            limit: how many for each at most.
        """
        self._read_what_is_new()
        weights = weigh(texts, MOST_FOUND)
        closest = [self._closest(each.leading, limit) for each in weights]
        found = {entry.pk: entry for entry in entries({key for keys in closest for key in keys})}
        found = {key: entry for key, entry in found.items() if entry.kind == EntryKind.QUESTION}
        closest = [[found[key] for key in keys if key in found] for keys in closest]
        return [each.order(some) for each, some in zip(weights, closest, strict=True)]

    def _closest(self, leading, number):
        """The keys of the entries that hold the most of the terms, rare ones counting more."""
        holders = [(self._holders.get(term, ()), weight) for term, weight in leading.items()]
        if any(places is None for places, _weight in holders):  # of a text that has but common terms
            return [entry.pk for entry in engine().closest(leading, Query(), number)]
        sums = {}
        for places, weight in holders:
            for place in (places,) if isinstance(places, int) else places:
                sums[place] = sums.get(place, 0.0) + weight
        scores = zip(map(float.__mul__, sums.values(), map(self._factors.__getitem__, sums)), sums, strict=True)
        return [self._keys[place] for _score, place in nlargest(number, scores)]

    def _read_what_is_new(self):
        of_all = numbers_of([])[ALL]
        seen = (of_all, SearchEntry.objects.aggregate(last=Max("pk"))["last"])
        if seen == self._seen:
            return
        known = set(self._keys[-2 * LATE :])
        after = self._keys[-1] - LATE if self._keys else 0
        most = most_of(of_all)
        for key, own in _comparable(after):
            if key not in known:
                self._add(key, own, most)
        self._seen = seen

    def _add(self, key, own, most):
        place = len(self._keys)
        self._keys.append(key)
        self._factors.append(1 / (1 + SATURATION * longer(len(own))))
        for term in set(own):
            places = self._holders.setdefault(term, place)
            if isinstance(places, int):  # most terms are met once
                if places != place:
                    self._holders[term] = array("I", (places, place))
            elif places is not None:
                places.append(place)
                if len(places) > most:
                    self._holders[term] = None


def _comparable(after: int) -> Iterator[tuple[int, list[str]]]:
    """The keys and the terms of heading and body of the questions that may be compared, by key."""
    rows = SearchEntry.objects.order_by("pk").values_list("pk", "kind", "labels", "heading", "body")
    while some := list(rows.filter(pk__gt=after)[:BATCH]):
        for key, kind, labels, heading, body in some:
            if kind == EntryKind.QUESTION and f" {label(WHOLE)} " in f"{labels} ":
                yield key, [*heading.split(), *body.split()]
        after = some[-1][0]
