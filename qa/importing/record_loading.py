"""Writes records into the database, batch by batch: each batch whole or not at all, and nothing twice.

A batch that was written stays; an import that was ended in between goes on after it.
"""

import uuid
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from django.db import connection, transaction
from django.utils import timezone

from accounts.models import Sex
from qa.asking import urgent_findings
from qa.importing.loading import SOURCE, reply_key
from qa.importing.moments import Moments
from qa.importing.record_updates import update_records
from qa.importing.records import LINES, Record
from qa.importing.tables import Table, lock_imports, make_room, reserve_keys
from qa.importing.vocabulary import Vocabulary
from qa.models import (
    LOADED,
    EventKind,
    LoadedRecord,
    OnBehalfOf,
    PartCoverage,
    Question,
    QuestionEvent,
    QuestionPart,
    QuestionStatus,
    QuestionTopic,
    Reply,
    ReplyStatus,
)
from qa.planning import analyze

QUESTION_COLUMNS = (
    "source", "source_id", "language", "specialty_id", "headline", "title", "body", "pseudonym", "age_from", "age_to",
    "sex", "on_behalf_of", "asked_at", "answered_at", "changed_at", "is_excerpt", "status", "is_urgent",
)  # fmt: skip
REPLY_COLUMNS = (
    "doctor_id", "specialty_id", "body", "created_at", "published_at", "next_step", "cannot_assess", *LINES,
    "see_specialty_id", "credential_title", "credential_affiliation", "review_by", "reaffirmed_at",
)  # fmt: skip
BULK = 10_000  # new questions, after which a database should look at its tables anew
GROWING = (Question, QuestionPart, QuestionTopic, Reply, PartCoverage, LoadedRecord)
MAX_LISTED = 10_000  # of the records that were kept; the others are counted
KEYS = uuid.UUID("0b9a6a53-9d0c-5a0e-8b8f-6a0c1f6f4d11")  # the namespace of the keys of loaded replies


@dataclass(frozen=True)
class Kept:
    """A record that was not loaded over what the portal holds, and why."""

    line: int
    source: str
    source_id: str
    reason: str


class Loader:
    """Loads records, and counts what became of them: "created", "updated", "unchanged", "kept"; and the "urgent" ones.

    Args:
        vocabulary: the names, as the reader of the records knew them.
    """

    def __init__(self, vocabulary: Vocabulary):
        self.vocabulary = vocabulary
        self.moments = Moments()
        self.tally: Counter[str] = Counter()
        self._analyze_at = BULK
        self.kept: list[Kept] = []
        make_room()
        self._questions = Table(Question, "id", *QUESTION_COLUMNS, wants_news=False)
        self._replies = Table(Reply, "id", *REPLY_COLUMNS)
        self._new_replies = Table(Reply, "id", *REPLY_COLUMNS, "key", "question_id", status=ReplyStatus.PUBLISHED.value)
        self._parts = Table(QuestionPart, "id", "question_id", "position", "text")
        self._coverages = Table(PartCoverage, "reply_id", "part_id", "coverage")
        self._topics = Table(QuestionTopic, "content_object_id", "tag_id")
        self._loaded = Table(LoadedRecord, "key", "question_id", "content", "topics")
        self._numbers = Table(LoadedRecord, "key", "content", "topics")
        now = timezone.now()
        self._events = Table(
            QuestionEvent, "question_id", kind=EventKind.ACCEPTED, note=LOADED, created_at=now, notified_at=now
        )
        self._findings = Table(
            QuestionEvent, "question_id", "note", kind=EventKind.ADVICE_PASSED, created_at=now, notified_at=now
        )

    @transaction.atomic
    def load(self, records: list[Record]) -> None:
        """Write one batch: what is new, and what has changed where nobody has changed it here."""
        lock_imports()
        loaded = loaded_records(records)
        fresh = [record for record in records if record.key not in loaded]
        known = [record for record in records if record.key in loaded]
        there = _questions_of(fresh)
        self.create([record for record in fresh if _place(record) not in there])
        same = [record for record in known if is_same(record, loaded)]
        self.tally["unchanged"] += len(same)
        changed = [record for record in known if not is_same(record, loaded)]
        changed += [record for record in fresh if _place(record) in there]
        if changed:
            update_records(self, changed, loaded, there)

    def keep_planned(self) -> None:
        """After each batch, on PostgreSQL: it plans by what it last knew of its tables. Of empty ones it thinks that
        reading them whole is how to find the records of a batch, and each batch would take longer than the one before.
        """
        if connection.vendor == "postgresql" and self.tally["created"] >= self._analyze_at:
            analyze(*GROWING)
            self._analyze_at *= 2

    def finish(self) -> None:
        """After the last batch."""
        if self.tally["created"] > BULK:
            analyze(*GROWING)

    def keep(self, record: Record, reason: str) -> None:
        """The portal keeps what it holds."""
        self.tally["kept"] += 1
        if len(self.kept) < MAX_LISTED:
            self.kept.append(Kept(record.line, record.data["source"], record.data["id"], reason))

    def create(self, records: list[Record]) -> None:
        """Write questions that the portal does not have."""
        self.vocabulary.make(records)
        keys = list(reserve_keys(Question, len(records)))
        pairs = list(zip(keys, records, strict=True))
        self._write_questions(self._questions.insert, pairs)
        self.write_content(pairs)
        self.write_topics(pairs)
        self._loaded.insert([(record.key, key, record.content, record.topics) for key, record in pairs])
        self._events.insert([(key,) for key, record in pairs if "replies" not in record.data])
        self.tally["created"] += len(records)

    def rewrite(self, pairs: list[tuple[int, Record]], there: dict[int, list[int]]) -> None:
        """Write records over their questions.

        Args:
            pairs: of a question's key and its record; the question has no parts any longer.
            there: by the question's key, the keys of its replies, which are written over in this order.
        """
        self._write_questions(self._questions.update, pairs)
        self.write_content(pairs, there)

    def remember(self, rows: list[tuple[int, int, int]]) -> None:
        """Write down what was loaded last: rows of a record's key, and the numbers of its content and topics."""
        self._numbers.update(rows)

    def _write_questions(self, write, pairs):
        """Their rows; with those that cannot wait, what says so in them, as where a question is asked here."""
        found = {key: _danger_in(record.data) for key, record in pairs}
        write([self._question_row(key, record.data, is_urgent=bool(found[key])) for key, record in pairs])
        self._findings.insert([(key, f"{one.kind}: {one.rule}") for key, findings in found.items() for one in findings])
        self.tally["urgent"] += sum(map(bool, found.values()))

    def _question_row(self, key, data, is_urgent):
        first, last = map(int, data["age_band"].split("-")) if "age_band" in data else (None, None)
        answered_at = self.moments.of(data.get("answered")) if "replies" in data else None
        asked_at = self.moments.of(data.get("asked"))
        return (
            key,
            data["source"],
            data["id"],
            data["language"],
            self.vocabulary.specialty_id(data["specialty"]),
            data.get("headline", ""),
            data["title"],
            data["body"],
            data.get("pseudonym", ""),
            first,
            last,
            data.get("sex", Sex.UNSTATED.value),
            data.get("on_behalf_of", OnBehalfOf.SELF.value),
            asked_at,
            answered_at,
            answered_at or asked_at,
            data.get("is_excerpt", False),
            QuestionStatus.ANSWERED.value if "replies" in data else QuestionStatus.OPEN.value,
            is_urgent,
        )

    def _reply_row(self, key, reply):
        see, date = reply.get("see_specialty"), self.moments.of(reply.get("date"))
        return (
            key,
            self.vocabulary.doctor_id(reply["doctor"]),
            self.vocabulary.specialty_id(reply["specialty"]),
            reply["body"],
            date,
            date,
            *(reply.get(name, "") for name in ("next_step", "cannot_assess", *LINES)),
            self.vocabulary.specialty_id(see) if see else None,
            reply.get("title", ""),
            reply.get("affiliation", ""),
            self.moments.of(reply["review_by"]).date() if "review_by" in reply else None,
            self.moments.of(reply["reaffirmed"]) if "reaffirmed" in reply else None,
        )

    def write_content(self, pairs: list[tuple[int, Record]], there: dict[int, list[int]] | None = None) -> None:
        """Write the parts and replies of questions.

        Args:
            pairs: of a question's key and its record; the question has no parts.
            there: by the question's key, the keys of its replies; the first ones are written over.
        """
        parts = [(key, at, text) for key, r in pairs for at, text in enumerate(r.data.get("parts", ()), 1)]
        part_keys = dict(zip(((key, at) for key, at, _ in parts), reserve_keys(QuestionPart, len(parts)), strict=True))
        self._parts.insert([(part_keys[key, at], key, at, text) for key, at, text in parts])
        replies = {(key, at): (r.data, reply) for key, r in pairs for at, reply in enumerate(r.data.get("replies", ()))}
        keys = {(question, at): pk for question, pks in (there or {}).items() for at, pk in enumerate(pks)}
        new = [place for place in replies if place not in keys]
        keys |= zip(new, reserve_keys(Reply, len(new)), strict=True)
        rows = {place: self._reply_row(keys[place], reply) for place, (_data, reply) in replies.items()}
        self._new_replies.insert(
            [(*rows.pop(place), key_of_reply(replies[place][0], place[1]), place[0]) for place in new]
        )
        self._replies.update(list(rows.values()))
        self._coverages.insert(
            [
                (keys[question, at], part_keys[question, number], coverage)
                for (question, at), (_data, reply) in replies.items()
                for number, coverage in enumerate(reply.get("coverage", ()), 1)
                if coverage
            ]
        )

    def write_topics(self, pairs: list[tuple[int, Record]]) -> None:
        """File the questions under the topics, where they stand under none of them."""
        named = [(key, name) for key, record in pairs for name in record.data.get("topics", ())]
        self._topics.insert(list(dict.fromkeys((key, self.vocabulary.topic_id(name)) for key, name in named)))


def loaded_records(records: Iterable[Record]) -> dict[int, tuple]:
    """What was loaded before of these records: question, content and topics by the record's key."""
    found = LoadedRecord.objects.filter(pk__in=[record.key for record in records])
    return {key: values for key, *values in found.values_list("key", "question_id", "content", "topics")}


def is_same(record: Record, loaded: dict[int, tuple]) -> bool:
    """Whether the record was loaded as it is."""
    return record.key in loaded and loaded[record.key][1:] == [record.content, record.topics]


def key_of_reply(data: dict, number: int) -> uuid.UUID:
    """The same for the same reply on every portal; that of documents for the first reply of the archive."""
    if data["source"] == SOURCE and number == 0:
        return reply_key(data["id"])
    return uuid.uuid5(KEYS, f"{data['source']}/{data['id']}/{number}")


def _danger_in(data):
    """What the patient's words say of danger, where doctors are still to answer them."""
    if "replies" in data:
        return []
    texts = (data["title"], data["body"], "\n".join(data.get("parts", ())), data.get("pseudonym", ""))
    return urgent_findings(filter(None, texts))


def _place(record):
    return record.data["source"], record.data["id"]


def _questions_of(records):
    """The keys of the questions that the portal holds at the same source and id, by both."""
    by_source = {}
    for record in records:
        by_source.setdefault(record.data["source"], []).append(record.data["id"])
    return {
        (source, source_id): pk
        for source, ids in by_source.items()
        for pk, source_id in Question.objects.filter(source=source, source_id__in=ids).values_list("pk", "source_id")
    }
