"""The computed links under a question: similar questions and related topics, beside the archive's and editors'.

A row of `RelatedChange` says that a question's links are to be computed. It is noted by `catch_up` of search, in the
transaction that writes the question's entry, and deleted in the one that writes the links: nothing is lost or doubled.
Where the links of a question cannot be computed, its row stays and is tried again later; the others go on.
"""

import logging
import time
from collections import defaultdict

from django.db import Error, IntegrityError, connection, transaction
from django.db.models import Max

from qa.failures import describe
from qa.models import Question, RelatedChange, RelatedOrigin, RelatedQuestion, RelatedReason, RelatedTopic
from qa.related.finding import Match, find_matches, find_matches_of
from qa.related.meaning import embed, text_of, vectors_of
from qa.related.topics import TOPICS, related_topics
from qa.search import Finder

SIMILAR = 4
COMPARED = 30  # questions whose topics are counted
CLOSE = 0.85  # of the score of the last similar question: so close may be one from another specialty in its place
AFTER_OTHERS = 100  # positions of computed links begin after this, those of other links are below it
AT_ONCE = 16
AT_ONCE_OF_ALL = 32  # more at once are no quicker, and others wait until their links are written
MOST_ADDED = 50_000
TRY_AGAIN = 3600  # seconds until links that could not be computed are tried again
MOST_FAILED = 100  # changes; where more fail, it is not the questions that are at fault

logger = logging.getLogger(__name__)
_failed = {}  # what this process could not do: the key of the change, and when it failed


def catch_up(limit: int = AT_ONCE) -> int:
    """Compute the links of up to `limit` questions that changed, and what that changes for their neighbours.

    Returns how many changes were seen to; 0 when none is left. Safe beside others that do the same.
    """
    return _see_to(list(_without_failed(RelatedChange.objects.for_worker())[:limit]))


def start_rebuild() -> tuple[int, bool]:
    """Note all questions for a rebuild; how many are left, and whether an earlier rebuild is going on.

    Those that wait for the worker stay so, whatever becomes of the rebuild, but each for its own links only.
    """
    goes_on = RelatedChange.objects.for_rebuild(0, 1).exists()
    if not goes_on:
        with transaction.atomic():
            last = RelatedChange.objects.aggregate(last=Max("pk"))["last"] or 0
            keys = list(Question.objects.relatable().order_by("pk").values_list("pk", flat=True))
            for start in range(0, len(keys), MOST_ADDED):
                RelatedChange.objects.note(keys[start : start + MOST_ADDED], RelatedReason.REBUILD)
            # What resembles a question that has changed is computed after this in any case
            RelatedChange.objects.for_worker().filter(pk__lte=last).update(reason=RelatedReason.NEIGHBOUR)
    return RelatedChange.objects.count(), goes_on


def rebuild_some(finder: Finder, part: int = 0, of: int = 1, limit: int = AT_ONCE_OF_ALL) -> int:
    """Compute the links of some questions of a rebuild, or of those that wait for the worker.

    Returns how many changes were seen to; 0 when none is left for this process.

    Args:
        finder: the same one each time, which has found what resembles others before.
        part, of: only the changes whose key leaves `part` when divided by `of`.
        limit: how many at most.
    """
    rows = RelatedChange.objects
    changes = list(_without_failed(rows.for_rebuild(part, of))[:limit])
    # The worker begins at the other end
    changes = changes or list(_without_failed(rows.for_worker().share(part, of)).order_by("-pk")[:limit])
    return _see_to(changes, finder)


def rebuild(question: Question) -> None:
    """Compute the links of one question now."""
    RelatedChange.objects.note([question.pk], RelatedReason.CHANGED)
    _see_to(list(RelatedChange.objects.filter(question_id=question.pk)))


def _see_to(changes, finder=None):
    questions = Question.objects.relatable().prefetch_related("parts", "topics")
    questions = questions.in_bulk([change.question_id for change in changes])
    computed = _try_to_compute(_with_vectors(list(questions.values())), finder)
    failed = [change for change in changes if computed.get(change.question_id, True) is None]
    _put_off(failed)
    changes, seen = [change for change in changes if change not in failed], len(changes)
    computed = {key: links for key, links in computed.items() if links is not None}
    try:
        _write(changes, computed)
    except IntegrityError:  # one of the links' ends was deleted just now; the others are to be written all the same
        for change in changes:
            one = {key: links for key, links in computed.items() if key == change.question_id}
            try:
                _write([change], one)
            except IntegrityError:
                _write([change], {})
    return seen


def _try_to_compute(questions, finder):
    """The links of each question, by its key; None where they cannot be computed."""
    try:
        return _compute(questions, finder)
    except Exception as error:  # whatever it is, one question must not hold up all others
        is_away = isinstance(error, Error) and not (connection.connection and connection.is_usable())
        if is_away or len(_failed) >= MOST_FAILED:
            raise
        if len(questions) == 1:
            logger.error("Could not compute the links of question %s: %s", questions[0].pk, describe(error))
            return {questions[0].pk: None}
    found = [_try_to_compute([question], finder) for question in questions]
    return {key: links for each in found for key, links in each.items()}


def _put_off(changes):
    """What failed waits; of a rebuild, for the worker."""
    _failed.update((change.pk, time.monotonic()) for change in changes)
    those = RelatedChange.objects.filter(pk__in=[change.pk for change in changes], reason=RelatedReason.REBUILD)
    those.update(reason=RelatedReason.NEIGHBOUR)


def _without_failed(changes):
    """The changes without those that failed in this process not long ago."""
    for key in [key for key, at in _failed.items() if time.monotonic() >= at + TRY_AGAIN]:
        del _failed[key]
    return changes.exclude(pk__in=list(_failed))


def _with_vectors(questions):
    vectors = vectors_of(question.pk for question in questions)
    if missing := [question for question in questions if question.pk not in vectors]:
        embed(missing)
        vectors |= vectors_of(question.pk for question in missing)
    for question in questions:
        question.vector = vectors.get(question.pk)
    return questions


def _compute(questions, finder):
    """The similar questions and the related topics of each question, the closest first, by its key."""
    texts = {question.pk: _text_of(question) for question in questions}
    vectors = {question.pk: question.vector for question in questions}
    if finder:
        matches = find_matches_of(texts, vectors, finder, COMPARED)
    else:
        matches = [find_matches(text, COMPARED, vector=vectors[key], besides=key) for key, text in texts.items()]
    matches = [[match for match in each if match.is_alike] for each in matches]
    similar = [choose(each, question.specialty_id) for question, each in zip(questions, matches, strict=True)]
    return dict(zip(texts, zip(similar, related_topics(questions, matches), strict=True), strict=True))


def _text_of(question):
    return "\n".join(
        [text_of(question), *(part.text for part in question.parts.all() if part.text not in question.body)]
    )


def choose(matches: list[Match], specialty: int | None) -> list[Match]:
    """The closest matches; the last of them from another specialty than `specialty`, where one is close to it."""
    chosen = matches[:SIMILAR]
    if len(chosen) == SIMILAR and all(match.specialty_id == specialty for match in chosen):
        other = next((match for match in matches if match.specialty_id != specialty), None)
        if other and other.score >= CLOSE * chosen[-1].score:
            chosen[-1] = other
    return chosen


@transaction.atomic
def _write(changes, computed):
    """Replace the computed links of the questions, unless one has changed meanwhile; the changes are seen to."""
    ends = {match.question_id for similar, _topics in computed.values() for match in similar}
    locked = Question.objects.relatable().filter(pk__in={*ends, *computed}).order_by("pk")
    readable = set(locked.select_for_update(no_key=True).values_list("pk", flat=True))
    still = RelatedChange.objects.filter(pk__in=[change.pk for change in changes]).select_for_update()
    waiting = {change.question_id: change.reason for change in still}
    keys = [key for key in computed if key in waiting and key in readable]
    RelatedQuestion.objects.filter(question__in=keys, origin=RelatedOrigin.COMPUTED).delete()
    RelatedTopic.objects.filter(question__in=keys, origin=RelatedOrigin.COMPUTED).delete()
    similar, topics = _rows(keys, computed, readable)
    RelatedQuestion.objects.bulk_create(similar, ignore_conflicts=True)
    RelatedTopic.objects.bulk_create(topics, ignore_conflicts=True)
    RelatedChange.objects.filter(pk__in=[change.pk for change in changes]).delete()
    changed = {key for key in keys if waiting[key] == RelatedReason.CHANGED}
    neighbours = {row.related_id for row in similar if row.question_id in changed}
    RelatedChange.objects.note(sorted(neighbours), RelatedReason.NEIGHBOUR)


def _rows(keys, computed, readable):
    """The rows to write: as many as are missing beside the archive's and editors' links."""
    others, other_topics = defaultdict(set), defaultdict(set)
    for key, related in RelatedQuestion.objects.filter(question__in=keys).values_list("question", "related"):
        others[key].add(related)
    for key, topic in RelatedTopic.objects.filter(question__in=keys).values_list("question", "topic"):
        other_topics[key].add(topic)
    similar, topics = [], []
    for key in keys:
        found, pairs = computed[key]
        links = [each for each in found if each.question_id in readable and each.question_id not in others[key]]
        for position, match in enumerate(links[: max(SIMILAR - len(others[key]), 0)], AFTER_OTHERS):
            fields = {"related_id": match.question_id, "score": match.score, "position": position}
            similar.append(RelatedQuestion(question_id=key, origin=RelatedOrigin.COMPUTED, **fields))
        pairs = [pair for pair in pairs if pair[0] not in other_topics[key]]
        pairs = pairs[: max(TOPICS - len(other_topics[key]), 0)]
        for position, (topic, specialty, score) in enumerate(pairs, AFTER_OTHERS):
            fields = {"topic_id": topic, "specialty_id": specialty, "score": score, "position": position}
            topics.append(RelatedTopic(question_id=key, origin=RelatedOrigin.COMPUTED, **fields))
    return similar, topics
