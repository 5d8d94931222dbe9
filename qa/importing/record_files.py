"""A file of records: first all of it is checked, then what was found good and new is loaded.

What was loaded before, as it is, is told by numbers kept of each record. What is new waits in a file of its own in
between, so that no line is read twice and nothing is held in memory.
"""

import marshal
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from django.db import DatabaseError

from qa.errors import BatchRefused
from qa.failures import describe
from qa.importing.lines import NotARecord, RawLine, parse, read_lines
from qa.importing.mapping import Mapping
from qa.importing.record_loading import Loader, is_same, loaded_records
from qa.importing.records import LINES, Reader, Record
from qa.importing.vocabulary import Vocabulary
from qa.models import LoadedRecord
from qa.screening import screen

BATCH = 2000  # records written in one transaction


class RecordFile:
    """One file on its way into the database.

    Args:
        path: a file of one JSON object a line.
        vocabulary: the specialties, topics and doctors.
        mapping: how the lines become records; None where they are.
        needs_reply: refuse questions without a reply; else doctors alone see them.
    """

    def __init__(self, path: Path, vocabulary: Vocabulary, mapping: Mapping | None = None, needs_reply: bool = True):
        self.path, self.vocabulary, self.mapping = path, vocabulary, mapping
        self.reader = Reader(vocabulary, needs_reply)
        self.bad = self.new = self.unchanged = 0
        self.waiting = tempfile.TemporaryFile(dir=settings.DATA_DIR)  # noqa: SIM115 - goes with the process, however it ends

    def check(self, on_bad: Callable[[RawLine, list[str]], None], tick: Callable[[int], object]) -> None:
        """Read all lines and write nothing into the database.

        Args:
            on_bad: is told of each bad line, with a sentence for each thing that is wrong.
            tick: is told the number of each line that was read.

        Raises OSError, with a name, where the file cannot be read or what waits cannot be put aside.
        """
        was_loaded = LoadedRecord.objects.exists()
        lines, batch = {}, []  # by the key of a record, the line it stands in
        for raw in read_lines(self.path):
            record, problems = self._read(raw)
            if record and (earlier := lines.setdefault(record.key, raw.number)) != raw.number:
                problems = [f"Line {earlier} has the same source and id."]
            if problems:
                self.bad += 1
                on_bad(raw, problems)
            else:
                batch.append(record)
            if len(batch) == BATCH:
                self._put_aside(batch, was_loaded)
                batch = []
            tick(raw.number)
        self._put_aside(batch, was_loaded)
        with naming(settings.DATA_DIR):
            self.waiting.flush()

    def load(self, loader: Loader, tick: Callable[[int], object], privacy: "PrivacyCount | None" = None) -> None:
        """Write what `check` found good and new.

        Args:
            loader: writes and counts.
            tick: is told how many records each batch had that was written.
            privacy: counts what the privacy check finds in the texts.

        Raises BatchRefused where the database does not take a batch; those before it are written.
        """
        loader.tally["unchanged"] += self.unchanged
        for batch in self._batches():
            for record in batch if privacy else ():
                privacy.count(record)
            try:
                loader.load(batch)
            except DatabaseError as error:
                raise BatchRefused(batch[0].line, batch[-1].line, describe(error)) from None
            tick(len(batch))
            loader.keep_planned()
        loader.finish()

    def _read(self, raw):
        try:
            given = parse(raw.data)
        except NotARecord as problem:
            return None, [str(problem)]
        return self.reader.read(raw.number, self.mapping.apply(given, raw.data) if self.mapping else given)

    def _put_aside(self, records, was_loaded):
        loaded = loaded_records(records) if was_loaded else {}
        for record in records:
            if is_same(record, loaded):
                self.unchanged += 1
            else:
                self.new += 1
                with naming(settings.DATA_DIR):
                    marshal.dump((record.line, record.data, record.key, record.content, record.topics), self.waiting)

    def _batches(self) -> Iterator[list[Record]]:
        self.waiting.seek(0)
        for start in range(0, self.new, BATCH):
            yield [Record(*marshal.load(self.waiting)) for _ in range(start, min(start + BATCH, self.new))]


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """What goes wrong with a file that is open names none by itself: a full disk, for instance."""
    try:
        yield
    except OSError as error:
        error.filename = error.filename or str(path)
        raise


class PrivacyCount:
    """What the privacy check finds in texts that everybody will read: numbers and lines, never the words."""

    def __init__(self):
        self.records = 0
        self.lines = defaultdict(list)

    def count(self, record: Record) -> None:
        """Screen all texts of the record."""
        data = record.data
        texts = [data.get(name, "") for name in ("headline", "title", "body", "pseudonym")] + data.get("parts", [])
        texts += [reply.get(name, "") for reply in data.get("replies", ()) for name in ("body", *LINES)]
        rules = {finding.rule for text in texts if text for finding in screen(text, ["privacy"])}
        self.records += bool(rules)
        for rule in sorted(rules):
            self.lines[rule].append(record.line)
