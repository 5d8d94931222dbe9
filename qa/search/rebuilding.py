"""Writing all entries: of what has none yet, or one of an older text pipeline. Begun again after a stop, it goes on."""

from collections.abc import Callable, Iterator

from django.db import transaction
from django.db.models import Q

from accounts.models import Doctor
from qa.models import Article, EntryKind, Question, SearchChange, SearchEntry, SearchSpelling, SearchWord, Topic
from qa.planning import analyze
from qa.search.engine import engine
from qa.search.entries import note_for_related, write
from qa.search.pipeline import VERSION
from qa.search.words import Tally, recount

BATCH = 1_000
TENFOLD = 10  # as many entries as the database knew of: then it looks at them anew


def number_of_things() -> int:
    """How many things should have an entry."""
    return sum(things.count() for _kind, things, _order in _everything())


def rebuild(progress: Callable[[int], object] | None = None, is_anew: bool = False) -> int:
    """Write the entries that are missing or outdated, the oldest first; how many were written.

    Search works meanwhile, also while others write entries and while texts change.

    Args:
        progress: called with how many things were looked at since the last call.
        is_anew: write all of them.
    """
    if is_anew:
        SearchEntry.objects.update(version=0)
    written, analyzed = 0, 1
    analyze()
    tally = Tally(is_counting=False)  # all is counted at the end
    for kind, things, order in _everything():
        for keys in _batches(things, order):
            ready = SearchEntry.objects.filter(kind=kind, object_id__in=keys, version=VERSION)
            missing = set(keys) - set(ready.values_list("object_id", flat=True))
            if missing:
                _write(kind, [key for key in keys if key in missing], tally)
                written += len(missing)
            if written >= TENFOLD * analyzed:
                analyze(SearchEntry)
                analyzed = written
            if progress:
                progress(len(keys))
    recount()
    engine().tidy()
    analyze(SearchEntry, SearchWord, SearchSpelling)
    return written


def _everything():
    yield EntryKind.TOPIC, Topic.objects.all(), "name"
    yield EntryKind.DOCTOR, Doctor.objects.public(), "name"
    yield EntryKind.ARTICLE, Article.objects.public(), "published_at"
    yield EntryKind.QUESTION, Question.objects.public(), "answered_at"


def _batches(things, order) -> Iterator[list[int]]:
    """The keys of `things` in their order, so that what came last is last in the index as well."""
    rows, last = things.order_by(order, "pk").values_list(order, "pk"), None
    while True:
        later = Q(**{f"{order}__gte": last[0]}) & (Q(**{f"{order}__gt": last[0]}) | Q(pk__gt=last[1])) if last else Q()
        batch = list(rows.filter(later)[:BATCH])
        if not batch:
            return
        yield [key for _value, key in batch]
        last = batch[-1]


@transaction.atomic
def _write(kind, keys, tally):
    """As `entries.catch_up` does it: only who holds the row of a change writes the entry."""
    changes = SearchChange.objects.filter(kind=kind, object_id__in=keys)
    SearchChange.objects.bulk_create([SearchChange(kind=kind, object_id=key) for key in keys], ignore_conflicts=True)
    held = dict(changes.select_for_update(skip_locked=True).values_list("object_id", "pk"))
    if kind == EntryKind.QUESTION:  # one that has no entry at all is new or has changed
        there = SearchEntry.objects.filter(kind=kind, object_id__in=held)
        note_for_related(held.keys() - set(there.values_list("object_id", flat=True)))
    write([(kind, key) for key in keys if key in held], tally)
    tally.save()
    SearchChange.objects.filter(pk__in=held.values()).delete()
