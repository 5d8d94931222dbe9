"""The related topics of a question: its own, those that its text names, and those of the questions that resemble it,
each in one specialty."""

from collections import defaultdict
from functools import lru_cache

from qa.models import Question, RelatedOrigin, RelatedTopic, Topic, TopicSynonym
from qa.related.finding import Match
from qa.related.meaning import text_of
from qa.search import terms, topics_version

TOPICS = 10
# Weights of topics: the question's own, one that its text names, a similar question's, and one of its links.
OWN, NAMED, SIMILAR, LINKED = 1.0, 0.4, 0.5, 0.3
LONGEST = 5  # terms of a name that is looked for


def related_topics(questions: list[Question], matches: list[list[Match]]) -> list[list[tuple[int, int, float]]]:
    """For each question topics with a specialty and a weight, the weightiest first.

    Args:
        questions: with their topics.
        matches: for each of them what resembles it.
    """
    similar = {match.question_id for each in matches for match in each}
    topics_of, links_of = defaultdict(list), defaultdict(list)
    about = Topic.objects.filter(question_items__content_object__in=similar)
    for topic, key in about.values_list("pk", "question_items__content_object"):
        topics_of[key].append(topic)
    linked = RelatedTopic.objects.filter(question__in=similar).exclude(origin=RelatedOrigin.COMPUTED)
    for topic, specialty, key in linked.order_by().values_list("topic", "specialty", "question"):
        links_of[key].append((topic, specialty))
    weights = []
    for question, each in zip(questions, matches, strict=True):
        weight_of = defaultdict(float)
        for topic in question.topics.all():
            weight_of[topic.pk, question.specialty_id] += OWN
        for topic in _named_in(text_of(question)):
            weight_of[topic, question.specialty_id] += NAMED
        for match in each:
            for topic in topics_of[match.question_id]:
                weight_of[topic, match.specialty_id] += SIMILAR * match.score
            for pair in links_of[match.question_id]:
                weight_of[pair] += LINKED * match.score
        weights.append(weight_of)
    return _leading_somewhere(weights)


def _named_in(text):
    """The keys of the topics that `text` names, by their name or a synonym."""
    found, named = terms(text), _topics_by_name(topics_version())
    names = {tuple(found[start : start + size]) for start in range(len(found)) for size in range(1, LONGEST + 1)}
    return {topic for name in names & named.keys() for topic in named[name]}


@lru_cache(maxsize=1)
def _topics_by_name(_version):
    """The keys of topics by the terms of each of their names; kept until topics have changed."""
    named = defaultdict(set)
    for name, original_name, topic in Topic.objects.values_list("name", "original_name", "pk"):
        named[tuple(terms(name))].add(topic)
        named[tuple(terms(original_name))].add(topic)
    for name, topic in TopicSynonym.objects.values_list("name", "topic"):
        named[tuple(terms(name))].add(topic)
    named.pop((), None)
    return named


def _leading_somewhere(weights):
    """For each question, of its topics with a specialty and a weight, the weightiest whose page there is: each topic in
    one specialty."""
    held = defaultdict(list)
    topics = {topic for weight_of in weights for topic, _specialty in weight_of}
    rows = Topic.specialties.through.objects.filter(topic__in=topics)
    for topic, specialty in rows.values_list("topic", "specialty"):
        held[topic].append(specialty)
    return [_weightiest(weight_of, held) for weight_of in weights]


def _weightiest(weight_of, held):
    total, best = defaultdict(float), {}
    for (topic, specialty), weight in sorted(weight_of.items(), key=lambda pair: -pair[1]):
        total[topic] += weight
        if specialty in held[topic]:
            best.setdefault(topic, specialty)
        elif held[topic]:
            best.setdefault(topic, min(held[topic]))
    ordered = sorted(best, key=lambda topic: (-total[topic], topic))[:TOPICS]
    return [(topic, best[topic], total[topic]) for topic in ordered]
