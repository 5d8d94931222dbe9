"""Search: from what somebody typed to public rows. A simple engine: every word must occur somewhere in the row."""

from dataclasses import dataclass

from django.db.models import Exists, OuterRef, Q

from accounts.models import Doctor
from qa.models import Article, Question, Reply, Topic
from qa.search.alike import Candidate, candidates
from qa.search.entries import catch_up

__all__ = ["Candidate", "Results", "candidates", "catch_up", "search", "search_questions"]

MAX_WORDS = 12
SHOWN = 20


@dataclass(frozen=True)
class Results:
    """What was found, at most twenty of each."""

    questions: list
    topics: list
    doctors: list
    articles: list


def _words(text: str) -> list[str]:
    words = (word.strip('?!.,;:()"“”') for word in text.replace("\x00", " ").split())
    return [word for word in words if word][:MAX_WORDS]


def _each_word(words, *fields):
    """The condition that each word stands in one of the fields, whatever its case."""
    condition = Q()
    for word in words:
        condition &= Q(*((f"{field}__icontains", word) for field in fields), _connector=Q.OR)
    return condition


def search_questions(text: str):
    """Public questions in which every word of `text` occurs, in the question or in one of its replies."""
    condition = Q()
    for word in _words(text):
        in_reply = Reply.objects.published().order_by().filter(question=OuterRef("pk"), body__icontains=word)
        condition &= _each_word([word], "headline", "title", "body") | Q(Exists(in_reply))
    return Question.objects.public().filter(condition)


def search(text: str) -> Results:
    """Everything public that fits `text`; nothing where it holds no word."""
    words = _words(text)
    if not words:
        return Results([], [], [], [])
    topics = Topic.objects.filter(_each_word(words, "name", "original_name", "synonyms__name")).distinct()
    doctors = Doctor.objects.public().filter(_each_word(words, "name", "aliases__name")).distinct()
    articles = Article.objects.public().filter(_each_word(words, "title", "body"))
    return Results(
        questions=list(search_questions(text).for_cards().order_by("-answered_at", "-pk")[:SHOWN]),
        topics=list(topics[:SHOWN]),
        doctors=list(doctors[:SHOWN]),
        articles=list(articles.order_by("-published_at", "-pk")[:SHOWN]),
    )
