"""The computed links under a question: similar questions and related topics, beside the archive's and editors'.

A row of `RelatedChange` says that a question's links are to be computed. It is noted by `catch_up` of search, in the
transaction that writes the question's entry, and deleted in the one that writes the links: nothing is lost or doubled.
Where the links of a question cannot be computed, its row stays and is tried again later; the others go on.
"""

import logging
import time
from collections import defaultdict

from django.db import Error, IntegrityError, connection, transaction

from qa.failures import describe
from qa.models import Question, RelatedChange, RelatedOrigin, RelatedQuestion, RelatedReason, RelatedTopic, Topic
from qa.related.finding import Match, find_matches
from qa.related.meaning import embed, text_of, vectors_of

SIMILAR, TOPICS = 4, 10
COMPARED = 30  # questions whose topics are counted
CLOSE = 0.85  # of the score of the last similar question: so close may be one from another specialty in its place
AFTER_OTHERS = 100  # positions of computed links begin after this, those of other links are below it
OWN, NAMED, LINKED = 1.0, 0.5, 0.3  # weights of topics: the question's own, a similar one's, and its links
AT_ONCE = 16
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

    Those that wait for the worker stay so, whatever becomes of the rebuild.
    """
    goes_on = RelatedChange.objects.for_rebuild(0, 1).exists()
    if not goes_on:
        with transaction.atomic():
            keys = list(Question.objects.relatable().order_by("pk").values_list("pk", flat=True))
            for start in range(0, len(keys), MOST_ADDED):
                RelatedChange.objects.note(keys[start : start + MOST_ADDED], RelatedReason.REBUILD)
    return RelatedChange.objects.count(), goes_on


def rebuild_some(part: int = 0, of: int = 1, limit: int = AT_ONCE) -> int:
    """Compute the links of some questions of a rebuild, or of those that wait for the worker.

    Returns how many changes were seen to; 0 when none is left for this process.
    """
    rows = RelatedChange.objects
    changes = list(_without_failed(rows.for_rebuild(part, of))[:limit])
    # The worker begins at the other end
    return _see_to(changes or list(_without_failed(rows.for_worker().share(part, of)).order_by("-pk")[:limit]))


def rebuild(question: Question) -> None:
    """Compute the links of one question now."""
    RelatedChange.objects.note([question.pk], RelatedReason.CHANGED)
    _see_to(list(RelatedChange.objects.filter(question_id=question.pk)))


def _see_to(changes):
    questions = Question.objects.relatable().prefetch_related("parts", "topics")
    questions = questions.in_bulk([change.question_id for change in changes])
    computed = {question.pk: _try_to_compute(question) for question in _with_vectors(list(questions.values()))}
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


def _try_to_compute(question):
    try:
        return _compute(question)
    except Exception as error:  # whatever it is, one question must not hold up all others
        is_away = isinstance(error, Error) and not (connection.connection and connection.is_usable())
        if is_away or len(_failed) >= MOST_FAILED:
            raise
        logger.error("Could not compute the links of question %s: %s", question.pk, describe(error))
        return None


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


def _compute(question):
    """The similar questions and the related topics of one question, the closest first."""
    text = "\n".join(
        [text_of(question), *(part.text for part in question.parts.all() if part.text not in question.body)]
    )
    matches = find_matches(text, COMPARED, vector=question.vector, besides=question.pk)
    matches = [match for match in matches if match.is_alike]
    return choose(matches, question.specialty_id), _topics(question, matches)


def choose(matches: list[Match], specialty: int | None) -> list[Match]:
    """The closest matches; the last of them from another specialty than `specialty`, where one is close to it."""
    chosen = matches[:SIMILAR]
    if len(chosen) == SIMILAR and all(match.specialty_id == specialty for match in chosen):
        other = next((match for match in matches if match.specialty_id != specialty), None)
        if other and other.score >= CLOSE * chosen[-1].score:
            chosen[-1] = other
    return chosen


def _topics(question, matches):
    """The pairs of topic and specialty that the question and those like it are filed under, or link to."""
    scores = {match.question_id: match.score for match in matches}
    specialty_of = {match.question_id: match.specialty_id for match in matches} | {question.pk: question.specialty_id}
    weights = defaultdict(float)
    for topic in question.topics.all():
        weights[topic.pk, question.specialty_id] += OWN
    for topic, key in Topic.objects.filter(question_items__content_object__in=scores).values_list(
        "pk", "question_items__content_object"
    ):
        if key in scores:
            weights[topic, specialty_of[key]] += NAMED * scores[key]
    linked = RelatedTopic.objects.filter(question__in=scores).exclude(origin=RelatedOrigin.COMPUTED)
    for topic, specialty, key in linked.values_list("topic", "specialty", "question"):
        weights[topic, specialty] += LINKED * scores[key]
    return _leading_somewhere(weights)


def _leading_somewhere(weights):
    """Of topics with a specialty and a weight, the weightiest whose page there is: each topic in one specialty."""
    held = defaultdict(list)
    topics = {topic for topic, _specialty in weights}
    for topic, specialty in Topic.specialties.through.objects.filter(topic__in=topics).values_list(
        "topic", "specialty"
    ):
        held[topic].append(specialty)
    total, best = defaultdict(float), {}
    for (topic, specialty), weight in sorted(weights.items(), key=lambda pair: -pair[1]):
        total[topic] += weight
        if specialty in held[topic]:
            best.setdefault(topic, specialty)
        elif held[topic]:
            best.setdefault(topic, min(held[topic]))
    ordered = sorted(best, key=lambda topic: (-total[topic], topic))[:TOPICS]
    return [(topic, best[topic], total[topic]) for topic in ordered]


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
