"""import_questions FILE: loads questions with their replies, one a line; README.md has the table of fields."""

import json
import os
from collections import Counter
from contextlib import ExitStack
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from qa.errors import BatchRefused, DocumentError
from qa.importing.lines import copy_line, count_lines
from qa.importing.mapping import LISTS, read_map
from qa.importing.record_files import PrivacyCount, RecordFile, naming
from qa.importing.record_loading import Loader
from qa.importing.vocabulary import Unknown, Vocabulary
from qa.management.stopping import stopped

HINTS = {  # of problems that begin so
    "There is no specialty “": "--specialties create makes it",
    "There is no topic “": "--topics create makes it, --topics ignore leaves it out",
    **{f"“{name}” must be a list": "[split] in a --map says at which mark a text is cut into one" for name in LISTS},
}
MOST_NAMED = 20  # lines with the same problem; the others are counted
MOST_COUNTED = 100_000  # problems, each another one
MOST_SUMMED_UP = 50  # problems
STOPPED = "Stopped. What is loaded stays; start it again, and it goes on."
OUTCOMES = ("created", "updated", "unchanged", "kept")


class Command(BaseCommand):
    help = (
        "Load questions with their replies from a file of one JSON object a line. All lines are checked first; if one "
        "is bad, each problem is named and nothing is written. Started again, it loads what is new or has changed."
    )

    def add_arguments(self, parser):
        parser.add_argument("file", type=Path, metavar="FILE", help="JSON lines in UTF-8; README.md lists the fields")
        parser.add_argument("--map", type=Path, metavar="FILE", help="TOML or .json: other names of fields and values")
        parser.add_argument(
            "--skip-bad", type=Path, nargs="?", const=Path(), metavar="FILE",
            help="load the good lines, and write the bad ones there (by default FILE.bad beside the file)",
        )  # fmt: skip
        parser.add_argument(
            "--check",
            action="store_true",
            help="say what is wrong, and write nothing; the exit code is 1 if a line is bad",
        )
        parser.add_argument(
            "--specialties", choices=["refuse", "create"], default="refuse", help="what to do with unknown ones"
        )
        parser.add_argument("--topics", choices=list(Unknown), default="refuse", help="what to do with unknown ones")
        parser.add_argument(
            "--open-unanswered", action="store_true",
            help="load questions without a reply for doctors to answer, urgent where they speak of danger",
        )  # fmt: skip
        parser.add_argument(
            "--report", type=Path, metavar="FILE",
            help="write there, as JSON, what was kept and what the privacy check finds (which takes much longer)",
        )  # fmt: skip

    def handle(self, *args, file, map, skip_bad, check, report, **options):
        self.counted = Counter()  # lines, by what is wrong with them
        mapping = self.read_map(map) if map else None
        names = Vocabulary(Unknown(options["specialties"]), Unknown(options["topics"]))
        records = RecordFile(file, names, mapping, needs_reply=not options["open_unanswered"])
        if str(file) == "-" or (file.exists() and not file.is_file()):
            raise CommandError(
                f"{file}: It cannot be read: an import reads a file twice, so it takes no pipe and no folder."
            )
        bad_file = skip_bad and (file.with_name(f"{file.name}.bad") if skip_bad == Path() else skip_bad)
        try:
            lines = count_lines(file)
            if any(path and path.exists() and path.samefile(file) for path in (bad_file, report)):
                raise CommandError(f"{file}: What is written must not take the place of what is read.")
            self.find_problems(records, lines, None if check else bad_file)
        except OSError as error:
            raise CommandError(f"{error.filename or file}: It cannot be read or written: {error.strerror}.") from None
        self.sum_up()
        bad = records.bad
        if bad and not skip_bad:
            raise CommandError(f"Nothing was imported, because of {number_of_lines(bad, 'bad ')}.")
        if not (bad or records.new or records.unchanged):
            raise CommandError(f"{file}: There is nothing in it.")
        if check:
            self.end_check(f"lines: {lines}, bad: {bad}; nothing was written", bad)
            return
        loader, privacy = Loader(names), PrivacyCount() if report else None
        self.load(records, loader, privacy)
        self.print_summary(loader, bad, bad_file)
        if report:
            self.write_report(report, loader, bad, privacy)

    def end_check(self, said, bad):
        if bad:
            raise CommandError(said)
        self.stdout.write(said)

    def read_map(self, path):
        try:
            return read_map(path.read_bytes(), is_json=path.suffix == ".json")
        except OSError as error:
            raise CommandError(f"{path}: It cannot be read: {error.strerror}.") from None
        except DocumentError as error:
            raise CommandError(f"{path}: {error}") from None

    def find_problems(self, records, lines, bad_file):
        """Name all problems; the bad lines are kept as they are, each in its place."""
        incomplete = f", and {bad_file} is not complete" if bad_file else ""
        with stopped(f"Stopped. Nothing was imported{incomplete}; start it again."), ExitStack() as stack:
            bar = stack.enter_context(progress("Checking", lines))
            target = None

            def on_bad(raw, problems):
                nonlocal target
                self.name(raw.number, problems)
                if bad_file:
                    target = target or stack.enter_context(bad_file.open("wb"))
                    with naming(bad_file):
                        copy_line(records.path, raw.start, target)

            records.check(on_bad, lambda number: bar.update(number - bar.n))
            with naming(bad_file or records.path):
                stack.close()  # and so writes the last of the bad lines

    def name(self, line, problems):
        """What is wrong with a line, but for what is wrong with so many that they are only counted."""
        with tqdm.external_write_mode():
            for problem in problems:
                if problem in self.counted or len(self.counted) < MOST_COUNTED:
                    self.counted[problem] += 1
                if self.counted[problem] <= MOST_NAMED:
                    self.stderr.write(f"line {line}: {problem}")

    def sum_up(self):
        """After the lines, the most frequent first: what is wrong with many, and what there is a remedy for."""
        many = [
            (problem, number) for problem, number in self.counted.most_common() if number > MOST_NAMED or hint(problem)
        ]
        for problem, number in many[:MOST_SUMMED_UP]:
            self.stderr.write(f"{problem.rstrip('.')}: {number_of_lines(number)}{hint(problem)}.")
        if len(many) > MOST_SUMMED_UP:
            self.stderr.write(f"Other problems: {len(many) - MOST_SUMMED_UP:,}.")

    def load(self, records, loader, privacy):
        try:
            with stopped(STOPPED), progress("Loading", records.new) as bar:
                records.load(loader, bar.update, privacy)
        except BatchRefused as refusal:
            raise CommandError(f"{refusal} What was loaded before stays; start again to go on after it.") from None

    def print_summary(self, loader, bad, bad_file):
        numbers = ", ".join(f"{loader.tally[how]} {how}" for how in OUTCOMES)
        self.stdout.write(f"questions: {numbers}")
        if loader.tally["urgent"]:
            self.stdout.write(f"urgent: {loader.tally['urgent']} of the open ones, first at the doctors' desk")
        if bad:
            self.stdout.write(f"bad lines: {bad}, written to {bad_file}")
        if loader.kept:
            self.stdout.write("kept: the portal's own text stays, because it was changed or erased here")

    def write_report(self, path, loader, bad, privacy):
        report = {
            "questions": {how: loader.tally[how] for how in OUTCOMES},
            "bad_lines": bad,
            "kept": [{"line": kept.line, "source": kept.source, "id": kept.source_id, "why": kept.reason}
                     for kept in loader.kept],
            "privacy": {
                "questions_with_findings": privacy.records,
                "rules": {rule: {"questions": len(lines), "lines": lines}
                          for rule, lines in sorted(privacy.lines.items())},
            },
        }  # fmt: skip
        self.stdout.write(f"privacy: findings in {privacy.records} of the questions loaded now, listed in {path}")
        try:
            path.write_text(json.dumps(report, ensure_ascii=False, indent=1) + os.linesep, encoding="utf-8")
        except OSError as error:
            raise CommandError(f"{path}: The report cannot be written: {error.strerror}.") from None


def hint(problem):
    """What to do about it, where there is something."""
    return next((f"; {how}" for beginning, how in HINTS.items() if problem.startswith(beginning)), "")


def number_of_lines(number, kind=""):
    return f"{number:,} {kind}{'line' if number == 1 else 'lines'}"


def progress(what, lines):
    """A bar with rate and time left, where somebody sees it."""
    return tqdm(desc=what, total=lines, unit=" lines", disable=None, smoothing=0.05)
