"""Writing all entries: of what has none yet, or one of an older text pipeline. Begun again after a stop, it goes on."""

from collections.abc import Callable, Iterator
from contextlib import nullcontext

from django.db import OperationalError, transaction
from django.db.models import Q

from accounts.models import Doctor
from qa.failures import is_away
from qa.locks import waiting_briefly
from qa.models import Article, EntryKind, Question, SearchChange, SearchEntry, SearchSpelling, SearchWord, Topic
from qa.planning import analyze
from qa.search.engine import engine
from qa.search.entries import note_for_related, write
from qa.search.pipeline import VERSION
from qa.search.words import Tally, forget_outdated_spellings, recount

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
    forget_outdated_spellings()
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


def _write(kind, keys, tally):
    """Where somebody changes some of the things for longer, each by itself: who waits then holds nothing."""
    try:
        _write_together(kind, sorted(keys), tally)
    except OperationalError as error:
        if is_away(error):
            raise
        for key in keys:
            _write_together(kind, [key], Tally(is_counting=False))


@transaction.atomic
def _write_together(kind, keys, tally):
    """As `entries.catch_up` does it: only who holds the row of a change writes the entry."""
    with waiting_briefly() if len(keys) > 1 else nullcontext():
        rows = [SearchChange(kind=kind, object_id=key) for key in keys]
        SearchChange.objects.bulk_create(rows, ignore_conflicts=True)
    changes = SearchChange.objects.filter(kind=kind, object_id__in=keys)
    held = list(changes.select_for_update(skip_locked=True))
    there = SearchEntry.objects.filter(kind=kind, object_id__in=keys)
    there = set(there.values_list("object_id", flat=True))
    written = {change.object_id for change in write(held, tally)}
    if kind == EntryKind.QUESTION:  # one that has no entry at all is new or has changed
        note_for_related(written - there)
