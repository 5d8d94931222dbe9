"""The related topics of a question: its own, and those of the questions that resemble it, each in one specialty."""

from collections import defaultdict

from qa.models import Question, RelatedOrigin, RelatedTopic, Topic
from qa.related.finding import Match

TOPICS = 10
OWN, NAMED, LINKED = 1.0, 0.5, 0.3  # weights of topics: the question's own, a similar one's, and its links


def related_topics(questions: list[Question], matches: list[list[Match]]) -> list[list[tuple[int, int, float]]]:
    """For each question topics with a specialty and a weight, the weightiest first.

    Args:
        questions: with their topics.
        matches: for each of them what resembles it.
    """
    similar = {match.question_id for each in matches for match in each}
    topics_of, links_of = defaultdict(list), defaultdict(list)
    named = Topic.objects.filter(question_items__content_object__in=similar)
    for topic, key in named.values_list("pk", "question_items__content_object"):
        topics_of[key].append(topic)
    linked = RelatedTopic.objects.filter(question__in=similar).exclude(origin=RelatedOrigin.COMPUTED)
    for topic, specialty, key in linked.order_by().values_list("topic", "specialty", "question"):
        links_of[key].append((topic, specialty))
    weights = []
    for question, each in zip(questions, matches, strict=True):
        weight_of = defaultdict(float)
        for topic in question.topics.all():
            weight_of[topic.pk, question.specialty_id] += OWN
        for match in each:
            for topic in topics_of[match.question_id]:
                weight_of[topic, match.specialty_id] += NAMED * match.score
            for pair in links_of[match.question_id]:
                weight_of[pair] += LINKED * match.score
        weights.append(weight_of)
    return _leading_somewhere(weights)


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
