"""Records that have changed since they were loaded: written over the question, unless somebody changed it here.

What counts as changed here: other words, replies or facts than were loaded; another status; a reply, draft, review or
decision of somebody. Then the question stays as it is. Topics are looked at for themselves.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from django.utils import timezone

from qa.importing.export import current_records
from qa.models import (
    RELOADED,
    EventKind,
    Question,
    QuestionEvent,
    QuestionPart,
    QuestionTopic,
    Reply,
)

if TYPE_CHECKING:  # it imports this module
    from qa.importing.record_loading import Loader
    from qa.importing.records import Record

ERASED = "It was erased here."
ELSEWHERE = "The portal has another text of this source and id, which no file of records brought."
CHANGED_HERE = "Somebody changed it here since it was loaded."
TOPICS_CHANGED_HERE = "Somebody changed its topics here since it was loaded."
UNANSWERED = "It has no reply any longer, but everybody can read the one that was loaded."


class Update:
    """A batch of changed records against what the portal holds.

    Args:
        loader: counts, and writes rows.
        loaded: by the records' keys, the question's key and the numbers of content and topics that were loaded last.
        there: by source and id, the keys of questions that the portal holds without having loaded them.
    """

    def __init__(self, loader: Loader, loaded: dict[int, list[int]], there: dict[tuple[str, str], int]) -> None:
        self.loader, self.loaded, self.there = loader, loaded, there
        self.content: list[tuple[int, Record]] = []  # with the question's key, what is to be written over it
        self.topics: list[tuple[int, Record]] = []  # of these the topics are
        self.numbers: list[tuple[int, int, int]] = []  # by the records' keys, those to be remembered

    def run(self, records: list[Record]) -> None:
        """Decide on each, then write all that is to be written."""
        pairs = [(self._question(record), record) for record in records]
        keys = {key for key, _record in pairs if key is not None}
        questions = Question.objects.filter(pk__in=keys)
        self.rows = {row["pk"]: row for row in questions.select_for_update().values("pk", "source", "source_id")}
        self.current = current_records(questions)
        self.worked_on = set(questions.worked_on().values_list("pk", flat=True))
        for key, record in pairs:
            self._decide(key, record)
        self._write()

    def _question(self, record):
        if record.key in self.loaded:
            return self.loaded[record.key][0]
        return self.there[record.data["source"], record.data["id"]]

    def _decide(self, key, record):
        row, now = self.rows.get(key), self.current.get(key)
        if row is None or (row["source"], row["source_id"]) != (record.data["source"], record.data["id"]):
            self.loader.keep(record, ERASED)
        elif now and (now.content, now.topics) == (record.content, record.topics):
            self.loader.tally["unchanged"] += 1
            self._remember(record)
        elif record.key not in self.loaded:
            self.loader.keep(record, ELSEWHERE)
        elif reason := self._reason_to_keep(key, record, now):
            self.loader.keep(record, reason)
        else:
            self._take(key, record, now)

    def _reason_to_keep(self, key, record, now):
        """Why the content stays; None where it may be written or need not be."""
        _question, content, _topics = self.loaded[record.key]
        if record.content == content:
            return None
        if now is None or now.content != content or key in self.worked_on:
            return CHANGED_HERE
        return UNANSWERED if "replies" in now.data and "replies" not in record.data else None

    def _take(self, key, record, now):
        _question, content, topics = self.loaded[record.key]
        is_new_content = record.content != content
        is_new_topics = record.topics != topics
        may_set_topics = now is not None and now.topics == topics
        if is_new_content:
            self.content.append((key, record))
        if is_new_topics and may_set_topics:
            self.topics.append((key, record))
        if is_new_content or may_set_topics:
            self.loader.tally["updated"] += 1
        else:
            self.loader.keep(record, TOPICS_CHANGED_HERE)
        self._remember(record, is_new_content, is_new_topics and may_set_topics)

    def _remember(self, record, content=True, topics=True):
        if record.key in self.loaded:
            _question, *numbers = self.loaded[record.key]
            new = [record.content if content else numbers[0], record.topics if topics else numbers[1]]
            if new != numbers:
                self.numbers.append((record.key, *new))

    def _write(self):
        self.loader.vocabulary.make(record for _key, record in [*self.content, *self.topics])
        keys = [key for key, _record in self.content]
        QuestionPart.objects.filter(question__in=keys).delete()
        self.loader.rewrite(self.content, self._replies_to_write_over(keys))
        now = timezone.now()
        QuestionEvent.objects.bulk_create(
            QuestionEvent(question_id=key, kind=EventKind.EDITED, note=RELOADED, created_at=now) for key in keys
        )
        QuestionTopic.objects.filter(content_object__in=[key for key, _record in self.topics]).delete()
        self.loader.write_topics(self.topics)
        self.loader.remember(self.numbers)

    def _replies_to_write_over(self, keys):
        """The replies by question, without those that the records have no longer, which are deleted."""
        there = defaultdict(list)
        for question, pk in Reply.objects.published().filter(question__in=keys).values_list("question_id", "pk"):
            there[question].append(pk)
        gone = []
        for key, record in self.content:
            kept = len(record.data.get("replies", ()))
            gone += there[key][kept:]
            del there[key][kept:]
        Reply.objects.filter(pk__in=gone).delete()
        return there


def update_records(
    loader: Loader,
    records: list[Record],
    loaded: dict[int, list[int]],
    there: dict[tuple[str, str], int],
) -> None:
    """Write a batch of changed records where nobody has changed them here, in the current transaction.

    Args:
        loader: counts what becomes of each ("updated", "unchanged", "kept"), and writes rows.
        records: those whose content or topics are not what was loaded last, or that were never loaded.
        loaded: by the records' keys, the question's key and the numbers of content and topics that were loaded last.
        there: by source and id, the keys of questions that the portal holds without having loaded them.
    """
    Update(loader, loaded, there).run(records)
