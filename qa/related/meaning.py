"""The vectors of public questions, and what they say of candidates."""

from collections.abc import Iterable

from django.db import transaction

from qa import embedding
from qa.models import Embedding, Question, RelatedChange

AT_ONCE = 64


def embed_missing(part: int = 0, of: int = 1, progress=None) -> int:
    """Give each public question a vector that has none, or one of another model. Returns how many.

    Args:
        part, of: only those whose key leaves `part` when divided by `of`, so that several processes share the work.
        progress: a bar of tqdm that is moved on.
    """
    number = after = 0
    missing = Question.objects.without_embedding(embedding.MODEL).share(part, of)
    while questions := list(missing.filter(pk__gt=after)[:AT_ONCE]):
        done = embed(questions)
        if not done:
            break
        number += done
        after = questions[-1].pk
        if progress is not None:
            progress.update(done)
    return number


def embed(questions: Iterable[Question]) -> int:
    """Give each of these questions its vector, but those that somebody is changing just now; how many there are: none
    without a model."""
    texts = {question.pk: text_of(question) for question in questions}
    vectors = embedding.embed(list(texts.values()))
    if vectors is None:
        return 0
    with transaction.atomic():
        RelatedChange.objects.take_turn()  # so that none is left alone because others relate it
        # Whoever changes or erases a text meanwhile must not get the vector of what was there before.
        locked = Question.objects.relatable().filter(pk__in=texts).order_by("pk")
        locked = locked.select_for_update(no_key=True, skip_locked=True)
        unchanged = {question.pk for question in locked if text_of(question) == texts[question.pk]}
        Embedding.objects.bulk_create(
            (
                Embedding(question_id=key, model=embedding.MODEL, vector=vector)
                for key, vector in zip(texts, vectors, strict=True)
                if key in unchanged
            ),
            update_conflicts=True,
            unique_fields=["question"],
            update_fields=["model", "vector"],
        )
    return len(texts)


def vectors_of(keys: Iterable[int]) -> dict[int, bytes]:
    """The vectors there are, by question."""
    rows = Embedding.objects.filter(pk__in=keys, model=embedding.MODEL)
    return {key: bytes(vector) for key, vector in rows.values_list("pk", "vector")}


def text_of(question: Question) -> str:
    """What a question says, first what says most."""
    heading = question.title if question.headline in ("", question.title) else f"{question.headline}\n{question.title}"
    return f"{heading}\n{question.body}"
