"""What resembles a text: candidates by their words, ordered by their meaning where vectors are at hand."""

from collections import Counter
from dataclasses import dataclass

from django.utils import timezone

from accounts.models import Specialty
from qa import embedding
from qa.models import Question
from qa.related.meaning import vectors_of
from qa.search import candidates

CANDIDATES = 200
WORDS = 0.2  # how much common words count beside a meaning, which counts 1
ALIKE_WORDS = 0.26  # how alike two texts must be by their words for one to be shown under the other
ALIKE_MEANING = 0.4  # the same by vectors, where they are compared: the cosine
VECTORS_NEEDED = 0.5  # of the candidates; where fewer have a vector, words alone decide
IN_FULL, REVIEWED, RECENT = 0.02, 0.02, 0.02  # added to the score, which is about 1 for the same question
CONSIDERED = 40  # the best candidates, of which it is looked up how well they were answered
FOR_SPECIALTIES = 20  # questions by which a specialty is suggested


@dataclass(frozen=True)
class Match:
    """A public question that resembles a text; the higher the score, the more."""

    question_id: int
    specialty_id: int
    score: float
    is_alike: bool = True  # enough to be shown as resembling the text; the best match may be far from it


def find_similar(text: str, limit: int = 4) -> list[Question]:
    """Public questions that resemble `text`, the closest first, ready for cards.

    Args:
        text: what a patient has written, title and body together.
        limit: how many at most.
    """
    keys = [match.question_id for match in find_matches(text, CONSIDERED) if match.is_alike][:limit]
    found = Question.objects.comparable().for_cards().in_bulk(keys)
    return [found[key] for key in keys if key in found]


def suggest_specialties(text: str, limit: int = 3) -> list[Specialty]:
    """The specialties of the questions that resemble `text`, the likeliest first."""
    weights = Counter()
    for match in find_matches(text, FOR_SPECIALTIES):
        weights[match.specialty_id] += match.score**2
    likeliest = [key for key, _weight in weights.most_common(limit)]
    found = Specialty.objects.in_bulk(likeliest)
    return [found[key] for key in likeliest]


def find_matches(
    text: str, limit: int = 4, with_meaning: bool = False, vector: bytes | None = None, besides: int | None = None
) -> list[Match]:
    """What resembles `text`, the closest first.

    Args:
        text: title and body together.
        limit: how many at most.
        with_meaning: compare meanings as well, which needs the model in this process.
        vector: that of `text`, where it is known already; then meanings are compared without the model.
        besides: the key of the question that the text is of.
    """
    found = [each for each in candidates(text, CANDIDATES) if each.question_id != besides]
    if not found:
        return []
    most = max(each.score for each in found)
    scores = {each.question_id: each.score / most for each in found}
    if with_meaning and vector is None:
        vector = (embedding.embed([text]) or [None])[0]
    alike = {each.question_id for each in found if each.likeness >= ALIKE_WORDS}
    if meanings := _meanings(scores, vector):
        scores = _with_meaning(scores, meanings)
        alike = {key for key, meaning in meanings.items() if meaning >= ALIKE_MEANING}
    best = sorted(scores, key=lambda key: (-scores[key], -key))[: max(CONSIDERED, limit)]
    rows = Question.objects.comparable().filter(pk__in=best).with_standing()
    rows = rows.values_list("pk", "specialty", "is_answered_in_full", "is_reviewed", "answered_at")
    matches = [Match(key, at, scores[key] + _standing(*standing), key in alike) for key, at, *standing in rows]
    return sorted(matches, key=lambda match: (-match.score, -match.question_id))[:limit]


def _meanings(keys, vector):
    """How much each of the questions means the same as a vector; of none where too few have one."""
    vectors = vectors_of(keys) if vector is not None else {}
    if len(vectors) < VECTORS_NEEDED * len(keys):
        return {}
    return dict(zip(vectors, embedding.likeness(vector, list(vectors.values())), strict=True))


def _with_meaning(scores, meanings):
    """The scores by words with what the vectors say."""
    usual = sum(meanings.values()) / len(meanings)  # for those that have none yet
    return {key: meanings.get(key, usual) + WORDS * score for key, score in scores.items()}


def _standing(is_answered_in_full, is_reviewed, answered_at):
    """How well a question was answered: a little, so that it decides only between questions equally close."""
    years = (timezone.now() - answered_at).days / 365
    return IN_FULL * is_answered_in_full + REVIEWED * is_reviewed + RECENT / (1 + max(years, 0))
