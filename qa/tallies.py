"""Counting what public pages show numbers of: all at once, by the worker, whenever something public has changed."""

import time

from django.core.cache import cache
from django.db import transaction
from django.db.models import Count

from qa.models import PartCoverage, PublicChange, Question, QuestionTopic, Reply, Tally

PATIENCE = 50  # counting takes at most a fiftieth of a worker's time
COUNTED = "tallies_counted"  # in the cache: the version that was counted, and when the next count may be
KEPT = 24 * 3600  # seconds
FIELDS = ("specialty_id", "topic_id", "doctor_id", "coverage")
BATCH = 1000


def keep_counted() -> bool:
    """Count anew where something has changed since, and the last count was long enough ago for what it took."""
    counted, not_before = cache.get(COUNTED) or ("", 0)
    if time.time() < not_before or counted == (version := PublicChange.objects.version()):
        return False
    began = time.monotonic()
    recount()
    pause = PATIENCE * (time.monotonic() - began)
    # Not the version of now: what has changed during the count may not be in it. Other numbers make another version, so
    # after each count that found some there is one that finds none.
    cache.set(COUNTED, (version, time.time() + pause), KEPT)
    return True


@transaction.atomic
def recount() -> int:
    """Count everything anew; how many numbers were others than before."""
    known = {tuple(row[:4]): row[4:] for row in Tally.objects.values_list(*FIELDS, "number", "pk")}
    now = _counted()
    gone = [pk for key, (_number, pk) in known.items() if key not in now]
    new = [_tally(key, number) for key, number in now.items() if key not in known]
    changed = [
        _tally(key, number, known[key][1]) for key, number in now.items() if key in known and known[key][0] != number
    ]
    for start in range(0, len(gone), BATCH):
        Tally.objects.filter(pk__in=gone[start : start + BATCH]).delete()
    Tally.objects.bulk_create(new, batch_size=BATCH, ignore_conflicts=True)  # two workers at once
    Tally.objects.bulk_update(changed, ["number"], batch_size=BATCH)
    return len(gone) + len(new) + len(changed)


def _tally(key, number, pk=None):
    return Tally(pk=pk, number=number, **dict(zip(FIELDS, key, strict=True)))


def _counted():
    """The numbers as they are now, of public rows only: (specialty, topic, doctor, coverage) to number."""
    found = {}
    for specialty, number in _groups(Question.objects.public(), "specialty"):
        found[specialty, None, None, ""] = number
    about = QuestionTopic.objects.filter(content_object__in=Question.objects.public())
    for topic, specialty, number in _groups(about, "tag", "content_object__specialty"):
        found[None, topic, None, ""] = found.get((None, topic, None, ""), 0) + number
        found[specialty, topic, None, ""] = number
    for doctor, number in _groups(Reply.objects.public(), "doctor"):
        found[None, None, doctor, ""] = number
    for doctor, coverage, number in _groups(PartCoverage.objects.public(), "reply__doctor", "coverage"):
        found[None, None, doctor, coverage] = number
    return found


def _groups(rows, *by):
    return rows.order_by().values_list(*by).annotate(number=Count("pk"))
