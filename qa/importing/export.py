"""Public questions as records: what anyone may read of them, in the form that importing gives records.

Never an address, a key, a photo, medicines, allergies or a network; nothing that was removed, withdrawn or erased.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator

from django.db.models import QuerySet

from qa.importing.moments import written
from qa.importing.records import AllNames, Reader, Record, plain_name, without_empty
from qa.models import PORTAL, PartCoverage, Question, QuestionPart, QuestionTopic, Reply

BATCH = 1000

QUESTION = (
    "pk", "source", "source_id", "language", "specialty__name", "headline", "title", "body", "pseudonym", "age_from",
    "age_to", "sex", "on_behalf_of", "asked_at", "answered_at", "is_excerpt",
)  # fmt: skip
REPLY = (
    "pk", "question_id", "doctor__name", "specialty__name", "published_at", "body", "next_step", "see_specialty__name",
    "cannot_assess", "may_be_about", "urgent_if", "whom_to_see", "credential_title", "credential_affiliation",
    "review_by", "reaffirmed_at",
)  # fmt: skip


def exported(sources: Collection[str] = (), asked_here_as: str = "") -> Iterator[tuple[int, dict, list[str]]]:
    """Each public question as a record with its published replies, in the order of the primary keys.

    Args:
        sources: which imported ones; all where empty.
        asked_here_as: the source to name for questions asked here, which are left out without. Their ids here are no
            secret: they are the numbers of their pages, and their times are days.

    Returns: triples of the question's key, the record in its one form, and a sentence for each thing in it that
        importing would refuse; then the record is as it stands in the database.
    """
    walked, last = Question.objects.with_visibility().order_by("pk").values_list(*QUESTION, "is_visible"), 0
    while batch := list(walked.filter(pk__gt=last)[:BATCH]):
        last = batch[-1][0]
        reader = Reader(AllNames(), needs_reply=False)
        wanted = [row for *row, is_visible in batch if is_visible and _is_wanted(row[1], sources, asked_here_as)]
        for key, data in raw_records(wanted).items():
            if data["source"] == PORTAL:
                data = _as_of_elsewhere(key, data, asked_here_as)
            record, problems = reader.read(0, data)
            yield key, record.data if record else without_empty(data), problems


def _is_wanted(source, sources, asked_here_as):
    return bool(asked_here_as) if source == PORTAL else not sources or source in sources


def current_records(questions: QuerySet) -> dict[int, Record]:
    """What the questions hold now, by primary key, without those that no record could hold."""
    reader = Reader(AllNames(), needs_reply=False)
    batch = raw_records(list(questions.order_by("pk").values_list(*QUESTION)))
    found = {key: reader.read(0, data)[0] for key, data in batch.items()}
    return {key: record for key, record in found.items() if record}


def raw_records(rows: list[tuple]) -> dict[int, dict]:
    """The records of so many rows with the columns QUESTION, as the database holds them."""
    keys = [row[0] for row in rows]
    parts, numbers = _parts(keys)
    replies, topics = _replies(keys, numbers), _topics(keys)
    found = {}
    for key, source, source_id, language, specialty, *texts, asked_at, answered_at, is_excerpt in rows:
        headline, title, body, pseudonym, first, last, sex, on_behalf_of = texts
        found[key] = {
            "source": source,
            "id": source_id,
            "language": language,
            "specialty": specialty,
            "topics": topics[key],
            "headline": headline,
            "title": title,
            "body": body,
            "parts": parts[key],
            "pseudonym": pseudonym,
            "age_band": "" if first is None else f"{first}-{last}",
            "sex": sex,
            "on_behalf_of": on_behalf_of,
            "asked": written(asked_at),
            "answered": written(answered_at) if replies[key] else "",
            "is_excerpt": is_excerpt,
            "replies": replies[key],
        }
    return found


def _parts(keys):
    """The texts of the parts by question, and the position of each part in its question, from 0."""
    texts, numbers = defaultdict(list), {}
    rows = QuestionPart.objects.filter(question__in=keys).order_by("question", "position")
    for pk, question, text in rows.values_list("pk", "question_id", "text"):
        numbers[pk] = len(texts[question])
        texts[question].append(text)
    return texts, numbers


def _replies(keys, numbers):
    replies, by_key = defaultdict(list), {}
    for row in Reply.objects.published().filter(question__in=keys).values_list(*REPLY):
        pk, question, doctor, specialty, published_at, *rest, review_by, reaffirmed_at = row
        names = ("body", "next_step", "see_specialty", "cannot_assess", *REPLY[9:12], "title", "affiliation")
        by_key[pk] = {
            "doctor": plain_name(doctor),
            "specialty": specialty,
            "date": written(published_at),
            **{name: value or "" for name, value in zip(names, rest, strict=True)},
            "review_by": str(review_by or ""),
            "reaffirmed": written(reaffirmed_at),
            "coverage": [],
        }
        replies[question].append(by_key[pk])
    covered = PartCoverage.objects.filter(part__question__in=keys) if numbers else PartCoverage.objects.none()
    for reply, part, coverage in covered.values_list("reply_id", "part_id", "coverage"):
        if reply not in by_key:
            continue
        said = by_key[reply]["coverage"]
        said += [""] * (numbers[part] + 1 - len(said))
        said[numbers[part]] = coverage
    return replies


def _topics(keys):
    topics = defaultdict(list)
    rows = QuestionTopic.objects.filter(content_object__in=keys).values_list("content_object_id", "tag__name")
    for question, name in rows:
        topics[question].append(name)
    return topics


def _as_of_elsewhere(key, data, source):
    days = {name: data[name][:10] for name in ("asked", "answered")}
    replies = [reply | {name: reply[name][:10] for name in ("date", "reaffirmed")} for reply in data["replies"]]
    return data | days | {"source": source, "id": str(key), "replies": replies}
