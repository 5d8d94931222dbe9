"""export_questions: writes public questions with their replies, one a line, as import_questions reads them."""

import sys
from contextlib import contextmanager
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from qa.importing.export import exported
from qa.importing.records import SOURCE, as_line
from qa.management.stopping import stopped
from qa.models import PORTAL, Question


class Command(BaseCommand):
    help = (
        "Write the imported questions that everybody can read, with their published replies, as JSON lines. What "
        "patients asked here is left out unless --asked-here-as is given; articles, photos, links and reviews are not "
        "part of a record."
    )

    def add_arguments(self, parser):
        parser.add_argument("file", nargs="?", type=Path, metavar="FILE", help="where to; the standard output if none")
        parser.add_argument("--source", action="append", metavar="NAME", help="only of this source; may be repeated")
        parser.add_argument(
            "--asked-here-as", default="", metavar="NAME",
            help="also what was asked here, for another portal: under this source, with the page's number as its id",
        )  # fmt: skip

    def handle(self, *args, file, source, asked_here_as, **options):
        if asked_here_as and (asked_here_as == PORTAL or not SOURCE.fullmatch(asked_here_as)):
            raise CommandError(f"“{asked_here_as}” cannot be a source; take small letters, such as the site's name.")
        for name in source or ():
            if not Question.objects.public().filter(source=name).exists():
                raise CommandError(f"Nothing was written: there is no public question of the source “{name}”.")
        number = 0
        end = stopped("Stopped before all was written; start it again.")
        with end, self.opened(file) as target, progress(Question.objects.public().count()) as bar:
            for key, data, problems in exported(source or (), asked_here_as):
                target.write(as_line(data).encode("utf-8", "replace") + b"\n")
                number += 1
                bar.update()
                self.warn(key, problems)
            bar.total = number
        if file:
            self.stdout.write(f"questions: {number} written to {file}")

    def warn(self, key, problems):
        with tqdm.external_write_mode():
            for problem in problems:
                self.stderr.write(f"question {key}: Importing would refuse it. {problem}")

    @contextmanager
    def opened(self, path):
        """The file, which is complete once it has its name; or the standard output."""
        if path is None:
            yield getattr(self.stdout._out, "buffer", sys.stdout.buffer)
            return
        try:
            if path.exists() and not path.is_file():  # /dev/stdout: no file is to take its place
                with path.open("wb") as target:
                    yield target
                return
            part = path.with_name(f"{path.name}.part")
            try:
                with part.open("wb") as target:
                    yield target
                part.replace(path)
            finally:
                part.unlink(missing_ok=True)
        except OSError as error:
            raise CommandError(f"{path}: It cannot be written: {error.strerror}.") from None


def progress(number):
    return tqdm(desc="Writing", total=number, unit=" questions", disable=None)
