"""What resembles a text: candidates by their words, ordered by their meaning where vectors are at hand."""

from collections import Counter
from dataclasses import dataclass

from django.db.models import TextField, Value
from django.db.models.functions import MD5, Concat
from django.utils import timezone

from accounts.models import Specialty
from qa import embedding
from qa.embedding import service
from qa.models import Question
from qa.related.meaning import vectors_of
from qa.search import Finder, candidates

CANDIDATES = 200
WORDS = 0.2  # how much common words count beside a meaning, which counts 1
ALIKE_WORDS = 0.26  # how alike two texts must be by their words for one to be shown under the other
ALIKE_MEANING = 0.4  # the same by vectors, where they are compared: the cosine
NEAR = 0.5  # of the best score; to whoever asks nothing is shown that is so much further off than the closest
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
    """Public questions that resemble `text`, the closest first, ready for cards; by meaning where the worker lends it.

    Args:
        text: what a patient has written, title and body together.
        limit: how many at most.
    """
    matches = find_matches(text, CONSIDERED, vector=service.ask(text))
    near = [match for match in matches if match.is_alike and match.score >= NEAR * matches[0].score]
    keys = [match.question_id for match in near[:limit]]
    found = Question.objects.comparable().for_cards().in_bulk(keys)
    return [found[key] for key in keys if key in found]


def suggest_specialties(text: str, limit: int = 3) -> list[Specialty]:
    """The specialties of the questions that resemble `text`, the likeliest first."""
    weights = Counter()
    for match in find_matches(text, FOR_SPECIALTIES, vector=service.ask(text)):
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
    if with_meaning and vector is None and found:
        vector = (embedding.embed([text]) or [None])[0]
    return _matches([found], [vector], limit)[0]


def find_matches_of(texts: dict[int, str], vectors: dict[int, bytes], finder: Finder, limit: int) -> list[list[Match]]:
    """As `find_matches` of each question's text, at once.

    Args:
        texts: by the questions' keys.
        vectors: those there are of them.
        finder: what finds their candidates; it is the quicker the more it has found.
        limit: how many for each at most.
    """
    found = finder.candidates(list(texts.values()), CANDIDATES)
    found = [[each for each in some if each.question_id != key] for key, some in zip(texts, found, strict=True)]
    return _matches(found, [vectors.get(key) for key in texts], limit)


def _matches(found, vectors, limit):
    """For each text what of its candidates resembles it, the closest first."""
    known = {each.question_id for some, vector in zip(found, vectors, strict=True) if vector for each in some}
    known = vectors_of(known) if known else {}
    scored = [_scored(some, vector, known) for some, vector in zip(found, vectors, strict=True)]
    best = [sorted(scores, key=lambda key: (-scores[key], -key))[: max(CONSIDERED, limit)] for scores, _alike in scored]
    standing = _standing({key for keys in best for key in keys})
    matches = (
        [Match(key, standing[key][0], scores[key] + standing[key][1], key in alike) for key in keys if key in standing]
        for keys, (scores, alike) in zip(best, scored, strict=True)
    )
    return [_closest_of_each_text(each, standing)[:limit] for each in matches]


def _closest_of_each_text(matches, standing):
    """The closest first; of questions with the very same text the first one only."""
    found = {}
    for match in sorted(matches, key=lambda match: (-match.score, -match.question_id)):
        found.setdefault(standing[match.question_id][2], match)
    return list(found.values())


def _scored(found, vector, known):
    """The scores of candidates by question, by words and by meaning, and which of them are alike enough."""
    most = max((each.score for each in found), default=1)
    scores = {each.question_id: each.score / most for each in found}
    alike = {each.question_id for each in found if each.likeness >= ALIKE_WORDS}
    if meanings := _meanings(scores, vector, known):
        scores = _with_meaning(scores, meanings)
        alike = {key for key, meaning in meanings.items() if meaning >= ALIKE_MEANING}
    return scores, alike


def _meanings(keys, vector, known):
    """How much each of the questions means the same as a vector; of none where too few have one."""
    vectors = {key: known[key] for key in keys if key in known} if vector is not None else {}
    if not vectors or len(vectors) < VECTORS_NEEDED * len(keys):
        return {}
    return dict(zip(vectors, embedding.likeness(vector, list(vectors.values())), strict=True))


def _with_meaning(scores, meanings):
    """The scores by words with what the vectors say."""
    usual = sum(meanings.values()) / len(meanings)  # for those that have none yet
    return {key: meanings.get(key, usual) + WORDS * score for key, score in scores.items()}


def _standing(keys):
    """Of questions that may be shown the specialty, how well they were answered (a little, so that it decides only
    between questions equally close), and what stands for the text."""
    rows = Question.objects.comparable().filter(pk__in=keys).with_standing()
    rows = rows.annotate(text=MD5(Concat("title", Value("\n"), "body", output_field=TextField())))
    rows = rows.values_list("pk", "specialty", "is_answered_in_full", "is_reviewed", "answered_at", "text")
    found, now = {}, timezone.now()
    for key, specialty, is_answered_in_full, is_reviewed, answered_at, text in rows:
        years = (now - answered_at).days / 365
        score = IN_FULL * is_answered_in_full + REVIEWED * is_reviewed + RECENT / (1 + max(years, 0))
        found[key] = (specialty, score, text)
    return found
