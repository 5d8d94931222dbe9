"""A file of records, read twice: once to find all that is wrong, and once to load what is good and new.

What was loaded before, as it is, is told by numbers kept of each record, and skipped the second time.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path

from qa.errors import DocumentError
from qa.importing.lines import NotARecord, RawLine, parse, read_lines
from qa.importing.mapping import Mapping
from qa.importing.record_loading import Loader, is_same, loaded_records
from qa.importing.records import LINES, Reader, Record
from qa.importing.vocabulary import Vocabulary
from qa.models import LoadedRecord
from qa.screening import screen

BATCH = 2000  # records written in one transaction
BAD, NEW, LOADED = 0, 1, 2  # what a line was found to be


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
        self.found = Counter()
        self._kinds = bytearray()  # by the number of the line
        self._lines: dict[int, int] = {}  # by the key of a record, the line it stands in

    def check(self, on_bad: Callable[[RawLine, list[str]], None], tick: Callable[[int], object]) -> None:
        """Read all lines and write nothing.

        Args:
            on_bad: is told of each bad line, with a sentence for each thing that is wrong.
            tick: is told the number of each line that was read.
        """
        was_loaded = LoadedRecord.objects.exists()
        batch = []
        for raw in read_lines(self.path):
            record, problems = self._read(raw)
            if record and (earlier := self._lines.setdefault(record.key, raw.number)) != raw.number:
                record, problems = None, [f"Line {earlier} has the same source and id."]
            self._mark(raw.number, NEW if record else BAD)
            if problems:
                self.found[BAD] += 1
                on_bad(raw, problems)
            elif was_loaded:
                batch.append(record)
                if len(batch) == BATCH:
                    self._mark_loaded(batch)
                    batch = []
            tick(raw.number)
        self._mark_loaded(batch)
        self._lines = {}

    def load(self, loader: Loader, tick: Callable[[int], object], privacy: "PrivacyCount | None" = None) -> None:
        """Write what `check` found good and new.

        Args:
            loader: writes and counts.
            tick: is told the number of the last line of each batch that was written.
            privacy: counts what the privacy check finds in the texts.

        Raises:
            DocumentError: where the file has changed since; what was written stays.
        """
        loader.tally["unchanged"] += self._kinds.count(LOADED)
        batch = []
        for record in self._good():
            batch.append(record)
            if privacy:
                privacy.count(record)
            if len(batch) == BATCH:
                loader.load(batch)
                batch = []
                tick(record.line)
        if batch:
            loader.load(batch)
            tick(batch[-1].line)

    def _good(self) -> Iterator[Record]:
        for raw in read_lines(self.path):
            kind = self._kinds[raw.number] if raw.number < len(self._kinds) else None
            if kind == NEW:
                record, problems = self._read(raw)
                if problems:
                    raise DocumentError(raw.number, f"The file has changed while it was read: {problems[0]}")
                yield record
            elif kind is None:
                raise DocumentError(raw.number, "The file has grown while it was read; start again.")

    def _read(self, raw):
        try:
            given = parse(raw.data)
        except NotARecord as problem:
            return None, [str(problem)]
        return self.reader.read(raw.number, self.mapping.apply(given, raw.data) if self.mapping else given)

    def _mark(self, number, kind):
        self._kinds.extend(bytes(number + 1 - len(self._kinds)))
        self._kinds[number] = kind

    def _mark_loaded(self, records):
        loaded = loaded_records(records) if records else {}
        for record in records:
            if is_same(record, loaded):
                self._kinds[record.line] = LOADED


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
