"""Entries: what search looks into, made of what the public may read, and kept in step with it."""

import logging
import time
from collections import defaultdict
from collections.abc import Iterable
from itertools import accumulate

from django.db import transaction
from django.utils import timezone

from accounts.models import Doctor
from qa.failures import describe, is_away
from qa.models import (
    UNDATED,
    Article,
    ArticleTopic,
    EntryKind,
    Photo,
    Question,
    QuestionPart,
    QuestionTopic,
    RelatedChange,
    RelatedQuestion,
    RelatedReason,
    RelatedTopic,
    Reply,
    SearchChange,
    SearchEntry,
    Topic,
)
from qa.search.engine import HEADING
from qa.search.pipeline import VERSION, index_terms
from qa.search.words import Tally

BATCH = 500
MOST_TERMS = 20_000  # of a field; what a database can index has an end
MOST_BYTES = 1_000_000  # of the terms of an entry; PostgreSQL takes some 48,000 more, for the labels
EACH = 5  # bytes that a term takes beside its letters
TRY_AGAIN = 3600  # seconds until an entry that could not be written is tried again
MOST_FAILED = 100  # entries; where more fail, it is not the texts that are at fault

WHOLE = "whole"  # the label of questions that may be compared with others: no excerpt, and not erased

logger = logging.getLogger(__name__)
_failed = {}  # what this process could not write: the key of the change, and when that was


def label(name: str, value: object = "") -> str:
    """A word that no text holds, by which entries are filtered."""
    return f"_{name}{value}"


def catch_up(limit: int = BATCH) -> int:
    """Write the entries of up to `limit` things that changed; how many changes that were. 0 when nothing is left.

    Safe beside others that do the same, and beside who changes the texts meanwhile: whatever somebody is changing just
    now is left for the next time. An entry that cannot be written is tried again later; the others are written.
    """
    for key in [key for key, at in _failed.items() if time.monotonic() >= at + TRY_AGAIN]:
        del _failed[key]
    changes = SearchChange.objects.exclude(pk__in=list(_failed)).order_by("pk")
    if not changes.exists():
        return 0
    with transaction.atomic():
        found = list(changes.select_for_update(skip_locked=True)[:limit])
        written = write(found, Tally())
        note_for_related(change.object_id for change in written if change.kind == EntryKind.QUESTION)
    return len(found)


def write(changes: list[SearchChange], tally: Tally) -> list[SearchChange]:
    """Write the entries of what changed anew, and count them. The caller holds the rows of the changes.

    Returns those that are done, which are deleted: all but what could not be written.
    """
    failed = _try_to_write(changes, tally)
    _failed.update((change.pk, time.monotonic()) for change in failed)
    written = [change for change in changes if change.pk not in _failed]
    SearchChange.objects.filter(pk__in=[change.pk for change in written]).delete()
    return written


def _try_to_write(changes, tally):
    """Write the entries; the changes of which that failed."""
    try:
        with transaction.atomic():
            _write([(change.kind, change.object_id) for change in changes], tally)
            tally.save()
    except Exception as error:  # whatever it is, one text must not hold up all others
        tally.clear()
        if is_away(error) or len(_failed) >= MOST_FAILED:
            raise
        if len(changes) == 1:
            logger.error("Could not write the entry of %s: %s", changes[0], describe(error))
            return changes
    else:
        return []
    half = len(changes) // 2
    return _try_to_write(changes[:half], tally) + _try_to_write(changes[half:], tally)


def note_for_related(questions: Iterable[int]) -> None:
    """What is new or has changed may resemble other questions than before. What is not to be compared any longer loses
    its computed links, and those that led to it get another one.

    Args:
        questions: keys; the caller holds the row of each in `SearchChange`, and locks nothing after this.
    """
    keys = set(questions)
    RelatedChange.objects.take_turn()
    relatable = set(Question.objects.relatable().filter(pk__in=keys).values_list("pk", flat=True))
    RelatedChange.objects.note(sorted(relatable), RelatedReason.CHANGED)
    gone = keys - relatable
    leading_there = RelatedQuestion.objects.computed().filter(related__in=gone)
    neighbours = set(leading_there.values_list("question", flat=True))
    RelatedChange.objects.note(sorted(neighbours - gone), RelatedReason.NEIGHBOUR)
    leading_there.delete_unlocked()
    for links in (RelatedQuestion.objects, RelatedTopic.objects):
        links.computed().filter(question__in=gone).delete_unlocked()


def _write(things, tally):
    """The entries of things (kind and key); of what the public may not read, none."""
    keys = defaultdict(list)
    for kind, key in things:
        keys[kind].append(key)
    entries = []
    for kind, found in keys.items():
        SearchEntry.objects.filter(kind=kind, object_id__in=found).delete()
        if kind == EntryKind.TOPIC:
            tally.add_topic()
        for key, heading, body, replies, labels in MAKERS[kind](found):
            terms, room = [], MOST_BYTES
            for text in (heading, body, replies):
                fitting = _fitting(index_terms(text, tally.spellings)[:MOST_TERMS], room)
                room -= _bytes(fitting)
                terms.append(" ".join(fitting))
            if kind == EntryKind.QUESTION:
                labels += [HEADING + term for term in dict.fromkeys(terms[0].split())]
            entry = SearchEntry(kind=kind, object_id=key, version=VERSION, labels=" ".join([label(kind), *labels]))
            entry.heading, entry.body, entry.replies = terms
            tally.add_entry(entry)
            entries.append(entry)
    SearchEntry.objects.bulk_create(entries, batch_size=BATCH)


def _fitting(terms, room):
    """As many of the terms as there is room for, in bytes."""
    if _bytes(terms) <= room:
        return terms
    return [
        term for term, size in zip(terms, accumulate(_bytes([term]) for term in terms), strict=True) if size <= room
    ]


def _bytes(terms):
    return sum(len(term.encode()) + EACH for term in terms)


def _questions(keys):
    parts, replies, topics = defaultdict(list), defaultdict(list), defaultdict(list)
    for key, text in QuestionPart.objects.filter(question__in=keys).order_by("pk").values_list("question", "text"):
        parts[key].append(text)
    texts = ("body", "may_be_about", "urgent_if", "whom_to_see")
    for key, *fields in Reply.objects.published().filter(question__in=keys).values_list("question", *texts):
        replies[key] += filter(None, fields)
    for key, topic in QuestionTopic.objects.filter(content_object__in=keys).values_list("content_object", "tag"):
        topics[key].append(label("topic", topic))
    with_photo = set(Photo.objects.public().filter(question__in=keys).values_list("question", flat=True))
    fields = ("pk", "headline", "title", "body", "specialty", "answered_at", "is_excerpt", "erased_at")
    rows = Question.objects.public().filter(pk__in=keys).order_by("answered_at", "pk").values_list(*fields)
    for key, headline, title, body, specialty, answered_at, is_excerpt, erased_at in rows:
        labels = [label("specialty", specialty), *topics[key]]
        if answered_at != UNDATED:
            labels.append(label("year", timezone.localdate(answered_at).year))
        if key in with_photo:
            labels.append(label("photo"))
        if not is_excerpt and erased_at is None:
            labels.append(label(WHOLE))
        heading = title if headline in ("", title) else f"{headline}\n{title}"
        body = "\n".join([body, *(text for text in parts[key] if text not in body)])
        yield key, heading, body, "\n".join(replies[key]), labels


def _articles(keys):
    topics = defaultdict(list)
    for key, topic in ArticleTopic.objects.filter(content_object__in=keys).values_list("content_object", "tag"):
        topics[key].append(label("topic", topic))
    rows = Article.objects.public().filter(pk__in=keys).order_by("published_at", "pk")
    fields = ("pk", "title", "body", "published_at", "question__specialty")
    for key, title, body, published_at, specialty in rows.values_list(*fields):
        labels = topics[key] + ([label("specialty", specialty)] if specialty else [])
        if published_at and published_at != UNDATED:
            labels.append(label("year", timezone.localdate(published_at).year))
        yield key, title, body, "", labels


def _topics(keys):
    for topic in Topic.objects.filter(pk__in=keys).prefetch_related("synonyms", "specialties"):
        names = [topic.name, topic.original_name, *(synonym.name for synonym in topic.synonyms.all())]
        labels = [label("specialty", specialty.pk) for specialty in topic.specialties.all()]
        yield topic.pk, "\n".join(names), "", "", labels


def _doctors(keys):
    for doctor in Doctor.objects.public().filter(pk__in=keys).prefetch_related("aliases", "specialties"):
        names = [doctor.name, *(alias.name for alias in doctor.aliases.all())]
        labels = [label("specialty", specialty.pk) for specialty in doctor.specialties.all()]
        yield doctor.pk, "\n".join(names), "", "", labels


MAKERS = {
    EntryKind.QUESTION: _questions,
    EntryKind.ARTICLE: _articles,
    EntryKind.TOPIC: _topics,
    EntryKind.DOCTOR: _doctors,
}
