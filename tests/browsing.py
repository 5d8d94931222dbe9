"""The pages that visitors browse, and rows enough to fill them."""

import datetime

from django.urls import reverse

from qa.models import Question, RelatedOrigin, ReplyStatus
from tests.factories import make_answered_question, make_article, make_doctor, make_reply, make_specialty, make_topic

# Each list, and pages that hold lists, where `q` is a question that leads to all there is.
PAGES = {
    "home": lambda q: reverse("home"),
    "question_list": lambda q: reverse("question_list"),
    "question_detail": lambda q: q.get_absolute_url(),
    "question_detail of an excerpt": lambda q: Question.objects.get(
        related_from__question=q, is_excerpt=True
    ).get_absolute_url(),
    "specialty_list": lambda q: reverse("specialty_list"),
    "specialty_detail": lambda q: q.specialty.get_absolute_url(),
    "specialty_topic": lambda q: reverse("specialty_topic", args=[q.specialty.slug, q.topics.first().slug]),
    "topic_list": lambda q: reverse("topic_list"),
    "topic_detail": lambda q: q.topics.first().get_absolute_url(),
    "doctor_list": lambda q: reverse("doctor_list"),
    "doctor_detail": lambda q: q.replies.first().doctor.get_absolute_url(),
    "article_list": lambda q: reverse("article_list"),
    "article_detail": lambda q: q.article.get_absolute_url(),
    "search": lambda q: reverse("search") + "?q=question",
    "search, nothing found": lambda q: reverse("search") + "?q=qestion+xyzzy",
    "search, narrowed": lambda q: reverse("search") + f"?q=question&specialty={q.specialty.slug}&kind=question",
    "search_suggestions": lambda q: reverse("search_suggestions") + "?q=question+n",
    "feed_latest": lambda q: reverse("feed_latest"),
    "feed_specialty": lambda q: reverse("feed_specialty", args=[q.specialty.slug]),
}


def fill(name, number):
    """So many answered questions in a specialty of their own; the one returned leads to all the others."""
    specialty = make_specialty(name)
    doctor, colleague = (make_doctor(f"{name} {role}", [specialty]) for role in ("Doctor", "Colleague"))
    doctor.credentials.create(title="Director", since=datetime.date(2020, 1, 1))
    topics = [make_topic(f"{name} topic {n}", [specialty]) for n in range(number)]
    questions = [
        make_answered_question(doctor, title=f"{name} question {n}", specialty=specialty, is_excerpt=n == 1)
        for n in range(number)
    ]
    first = questions[0]
    for n, (question, topic) in enumerate(zip(questions, topics, strict=True)):
        question.topics.add(topics[0])
        make_article(f"{name} article {n}", question=question).topics.add(topics[0])
        first.related_topics.create(topic=topic, specialty=specialty, position=n, origin=RelatedOrigin.EDITOR)
        if n:
            first.related_questions.create(related=question, position=n, origin=RelatedOrigin.EDITOR)
    for position in range(1, 4):
        part = first.parts.create(position=position, text=f"Part {position}")
        first.replies.first().coverages.create(part=part, coverage="partly")
    for _ in range(number // 10 + 1):
        make_reply(first, colleague, ReplyStatus.PUBLISHED).reviews.create(doctor=doctor, verdict="agrees")
    return first
