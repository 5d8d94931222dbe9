"""import_pages FILE…: reads documents of the archive into the database, all of them or none."""

import json
import os
from collections import Counter
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from tqdm import tqdm

from qa.errors import DocumentError
from qa.importing.documents import parse_document
from qa.importing.editorial import apply_editorial, read_editorial
from qa.importing.loading import PART_OF_PAGE, load_document
from qa.management.stopping import stopped


class Command(BaseCommand):
    help = "Import documents of the archive. If one is refused, its line is named and nothing at all is written."

    def add_arguments(self, parser):
        parser.add_argument("files", nargs="+", metavar="FILE", help="a question page or an article, as plain text")
        parser.add_argument("--editorial", metavar="FILE", help="a TOML file of what editors add to the documents")
        parser.add_argument("--report", metavar="FILE", help="write what was done and found odd there, as JSON")

    def handle(self, *args, files, editorial, report, **options):
        self.refused = []
        documents = [(name, *found) for name in files if (found := self.read(name, parse_document))]
        additions = self.read(editorial, read_editorial) if editorial else None
        self.stop_if_refused()
        with stopped("Stopped. Nothing was imported; start it again."), transaction.atomic():
            outcomes = self.load(documents)
            changed = self.apply(editorial, additions[1]) if additions else 0
            self.stop_if_refused()
            if report:
                self.write_report(report, outcomes, changed)
        self.print_summary(outcomes, changed if additions else None)

    def read(self, name, parse):
        """The bytes of the file and what `parse` makes of them; None where it is refused."""
        try:
            data = Path(name).read_bytes()
            return data, parse(data)
        except IsADirectoryError:
            self.refuse(name, "This is a folder; name the files in it.")
        except OSError as error:
            self.refuse(name, f"It cannot be read: {error.strerror}.")
        except DocumentError as error:
            self.refuse(name, error)

    def refuse(self, name, reason):
        self.refused.append(name)
        self.stderr.write(f"{name}: {reason}")

    def stop_if_refused(self):
        if self.refused:
            raise CommandError("Nothing was imported, because of the reasons above.")

    def load(self, documents):
        outcomes = []
        for name, data, page in tqdm(documents, desc="Importing", unit=" documents", disable=None):
            try:
                outcomes.append(load_document(page, data, os.fsencode(Path(name).name).decode("utf-8", "replace")))
            except DocumentError as error:
                self.refuse(name, error)
        return outcomes

    def apply(self, name, additions):
        try:
            return apply_editorial(additions)
        except DocumentError as error:
            self.refuse(name, error)

    def write_report(self, path, outcomes, changed):
        tally, codes = totals(outcomes)
        report = {
            "tally": {what: {how: number for (w, how), number in tally.items() if w == what} for what in PART_OF_PAGE},
            "editorial_rows_changed": changed,
            "anomalies_by_code": codes,
            "documents": [{"name": outcome.record.name, "anomalies": outcome.anomalies} for outcome in outcomes],
        }
        try:
            Path(path).write_text(json.dumps(report, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        except OSError as error:
            raise CommandError(
                f"{path}: The report cannot be written: {error.strerror}. Nothing was imported."
            ) from None

    def print_summary(self, outcomes, changed):
        tally, codes = totals(outcomes)
        for what in PART_OF_PAGE:
            numbers = ", ".join(f"{tally[what, how]} {how}" for how in ("created", "updated", "unchanged"))
            self.stdout.write(f"{what}: {numbers}")
        if changed is not None:
            self.stdout.write(f"editorial: {changed} rows changed")
        by_code = ", ".join(f"{code} {number}" for code, number in codes.items())
        self.stdout.write(f"anomalies: {sum(codes.values())}" + (f" ({by_code})" if by_code else ""))


def totals(outcomes):
    """The tally of all documents, and the number of anomalies by code, most frequent first."""
    tally = sum((outcome.tally for outcome in outcomes), Counter())
    codes = Counter(anomaly["code"] for outcome in outcomes for anomaly in outcome.anomalies)
    return tally, dict(sorted(codes.items(), key=lambda item: (-item[1], item[0])))
