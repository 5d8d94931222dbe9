"""The computed links under a question: similar questions and related topics, beside the archive's and editors'.

A row of `RelatedChange` says that a question's links are to be computed. It is noted by `catch_up` of search, in the
transaction that writes the question's entry, and deleted in the one that writes the links: nothing is lost or doubled.
Where the links of a question cannot be computed, its row stays and is tried again later; the others go on. So it is
with those that somebody is changing just now: nothing here waits for people while it holds what they may want.
"""

import logging
import time
from collections import defaultdict

from django.db import IntegrityError, OperationalError, transaction
from django.db.models import Max

from qa.failures import describe, is_away
from qa.locks import waiting_briefly
from qa.models import Question, RelatedChange, RelatedOrigin, RelatedQuestion, RelatedReason, RelatedTopic, Topic
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
BUSY = 10  # seconds, likewise, where somebody was changing one of the questions
MOST_FAILED = 100  # changes; where more fail, it is not the questions that are at fault

logger = logging.getLogger(__name__)
_failed, _busy = {}, {}  # what this process could not do: the key of the change, and when that was


def catch_up(limit: int = AT_ONCE) -> int:
    """Compute the links of up to `limit` questions that changed, and what that changes for their neighbours.

    Returns how many changes were seen to; 0 when none is left. Safe beside others that do the same.
    """
    return _see_to(list(_without_put_off(RelatedChange.objects.for_worker())[:limit]))


def start_rebuild() -> tuple[int, bool]:
    """Note all questions for a rebuild; how many are left, and whether an earlier rebuild is going on.

    Those that wait for the worker stay so, whatever becomes of the rebuild, but each for its own links only.
    """
    goes_on = RelatedChange.objects.for_rebuild(0, 1).exists()
    if not goes_on:
        with transaction.atomic():
            RelatedChange.objects.take_turn()
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
    changes = list(_without_put_off(rows.for_rebuild(part, of))[:limit])
    # The worker begins at the other end
    changes = changes or list(_without_put_off(rows.for_worker().share(part, of)).order_by("-pk")[:limit])
    return _see_to(changes, finder)


def rebuild(question: Question) -> None:
    """Compute the links of one question now."""
    with transaction.atomic():
        RelatedChange.objects.take_turn()
        RelatedChange.objects.note([question.pk], RelatedReason.CHANGED)
    _see_to(list(RelatedChange.objects.filter(question_id=question.pk)))


def _see_to(changes, finder=None):
    questions = Question.objects.relatable().prefetch_related("parts", "topics")
    questions = questions.in_bulk([change.question_id for change in changes])
    without_vector = _add_vectors(questions.values())
    computed = _try_to_compute([question for key, question in questions.items() if key not in without_vector], finder)
    failed = [change for change in changes if computed.get(change.question_id, True) is None]
    busy = [change for change in changes if change.question_id in without_vector]
    busy += _try_to_write([change for change in changes if change not in [*failed, *busy]], computed)
    _put_off(failed, _failed)
    _put_off(busy, _busy)
    return len(changes)


def _try_to_compute(questions, finder):
    """The links of each question, by its key; None where they cannot be computed."""
    try:
        return _compute(questions, finder)
    except Exception as error:  # whatever it is, one question must not hold up all others
        if is_away(error) or len(_failed) >= MOST_FAILED:
            raise
        if len(questions) == 1:
            logger.error("Could not compute the links of question %s: %s", questions[0].pk, describe(error))
            return {questions[0].pk: None}
    found = [_try_to_compute([question], finder) for question in questions]
    return {key: links for each in found for key, links in each.items()}


def _put_off(changes, put_off):
    """What could not be done waits; of a rebuild, for the worker."""
    if changes:
        put_off.update((change.pk, time.monotonic()) for change in changes)
        those = RelatedChange.objects.filter(pk__in=[change.pk for change in changes], reason=RelatedReason.REBUILD)
        with transaction.atomic():
            RelatedChange.objects.take_turn()
            those.update(reason=RelatedReason.NEIGHBOUR)


def _without_put_off(changes):
    """The changes without those that this process could not see to not long ago."""
    for put_off, seconds in ((_failed, TRY_AGAIN), (_busy, BUSY)):
        for key in [key for key, at in put_off.items() if time.monotonic() >= at + seconds]:
            del put_off[key]
    return changes.exclude(pk__in=[*_failed, *_busy])


def _add_vectors(questions):
    """Give each question its vector; the keys of those that should have one, but somebody is changing them just now."""
    vectors, is_possible = vectors_of(question.pk for question in questions), False
    if missing := [question for question in questions if question.pk not in vectors]:
        is_possible = embed(missing) > 0
        vectors |= vectors_of(question.pk for question in missing)
    for question in questions:
        question.vector = vectors.get(question.pk)
    return {question.pk for question in missing if is_possible and question.pk not in vectors}


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


def _try_to_write(changes, computed):
    """Write the links; the changes that must wait, since somebody is changing one of the questions just now."""
    own = {change.question_id for change in changes}
    computed = {key: links for key, links in computed.items() if key in own and links is not None}
    try:
        return _write(changes, computed)
    except IntegrityError:  # one of the links' ends was deleted just now; the others are to be written all the same
        if len(changes) == 1:
            return _write(changes, {})
    except OperationalError as error:  # somebody holds what could not be foreseen
        if is_away(error):
            raise
        if len(changes) == 1:
            return changes
    return [busy for change in changes for busy in _try_to_write([change], computed)]


@transaction.atomic
def _write(changes, computed):
    """Replace the computed links of the questions, unless one has changed meanwhile; the changes are seen to.

    Who removes a question is never in its way: it waits only for its turn, when it holds nothing yet, and leaves alone
    what others hold. Returns the changes that were left alone.
    """
    RelatedChange.objects.take_turn()
    with waiting_briefly():
        return _replace(changes, computed)


def _replace(changes, computed):
    readable, busy = _hold(computed)
    left = [change for change in changes if change.question_id in busy]
    changes = RelatedChange.objects.filter(pk__in=[change.pk for change in changes if change not in left])
    waiting = dict(changes.values_list("question_id", "reason"))
    keys = [key for key in computed if key in waiting and key in readable]
    for links in (RelatedQuestion.objects, RelatedTopic.objects):
        links.computed().filter(question__in=keys).delete_unlocked()
    similar, topics = _rows(keys, computed, readable)
    RelatedQuestion.objects.bulk_create(similar, ignore_conflicts=True)
    RelatedTopic.objects.bulk_create(topics, ignore_conflicts=True)
    changes.delete()
    changed = {key for key in keys if waiting[key] == RelatedReason.CHANGED}
    neighbours = {row.related_id for row in similar if row.question_id in changed}
    RelatedChange.objects.note(sorted(neighbours), RelatedReason.NEIGHBOUR)
    return left


def _hold(computed):
    """Lock what is at the ends of the links, where it can be read and nobody else holds it.

    Returns the keys of the questions that are locked, and the questions of which one end is not, though it is there.
    """
    ends = {key: {key, *(match.question_id for match in similar)} for key, (similar, _topics) in computed.items()}
    topics = {key: {pair[0] for pair in pairs} for key, (_similar, pairs) in computed.items()}
    readable, held = _lock(Question.objects.relatable(), set().union(*ends.values()))
    _those, held_topics = _lock(Topic.objects.all(), set().union(*topics.values()))
    return readable, {key for key in computed if ends[key] & held or topics[key] & held_topics}


def _lock(things, keys):
    """The keys of those that are locked now, and of those that somebody else holds."""
    things = things.filter(pk__in=keys).order_by("pk")
    locked = set(things.select_for_update(no_key=True, skip_locked=True).values_list("pk", flat=True))
    return locked, set(things.exclude(pk__in=locked).values_list("pk", flat=True))


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
