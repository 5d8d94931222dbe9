"""`manage.py rebuild_related`: the computed links of all questions, anew."""

import signal
import subprocess
import sys
import time

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from qa import embedding
from qa.management.stopping import stopped
from qa.models import Embedding, Question, RelatedChange
from qa.related import embed_missing, rebuild_some, start_rebuild
from qa.search import Finder

LOOK = 0.5  # seconds between two looks at how far the processes are
SELDOM = 60  # seconds between two lines where no terminal shows them
STOPPED = "Stopped. What is done stays; start it again, and it goes on."


class Command(BaseCommand):
    help = "Computes similar questions and related topics of all questions. Begun again, it goes on where it ended."

    def add_arguments(self, parser):
        parser.add_argument("--processes", type=int, default=1, help="How many share the work (default: 1).")
        parser.add_argument("--left", action="store_true", help="Say how many questions wait, and do nothing.")
        parser.add_argument("--part", type=int, help="Do one process's part; for the command itself.")

    def handle(self, processes, part, left, **options):
        if left:
            number = RelatedChange.objects.count()
            self.stdout.write("1 question waits." if number == 1 else f"{number} questions wait.")
            return
        if processes < 1:
            raise CommandError("There must be one process at least.")
        if part is not None:
            self.work(part, processes)
            return
        with stopped(STOPPED):
            self.rebuild(processes)

    def rebuild(self, processes):
        left, goes_on = start_rebuild()
        if goes_on:
            self.stdout.write(f"An earlier run was not finished: {left} questions are left.")
        if not embedding.is_installed():
            self.stdout.write("Questions are compared by their words only: the extra 'semantic' is not installed.")
        began = time.monotonic()
        others = self.start(processes)
        try:
            self.watch(others, left)
        finally:
            for other in others:
                other.terminate()
                other.wait()
        if any(other.returncode for other in others):
            raise CommandError("Not all could be done; begun again, the command goes on from here.")
        self.stdout.write(f"{left} questions in {time.monotonic() - began:.0f} seconds.")

    def start(self, processes):
        """The processes, which know nothing of Ctrl-C, as they inherit: we end them."""
        program = [sys.executable, str(settings.BASE_DIR / "manage.py"), "rebuild_related", f"--processes={processes}"]
        usual = signal.signal(signal.SIGINT, signal.SIG_IGN)
        others = [subprocess.Popen([*program, f"--part={number}"]) for number in range(processes)]
        signal.signal(signal.SIGINT, usual)
        return others

    def watch(self, others, left):
        """A bar that follows what the database says is done, then a second one."""
        vectors = Embedding.objects.filter(model=embedding.MODEL)
        have, waiting, own = vectors.count(), RelatedChange.objects.all(), RelatedChange.objects.for_rebuild(0, 1)
        to_relate = own.count()
        to_embed = Question.objects.without_embedding(embedding.MODEL).count() if embedding.is_installed() else 0
        if to_embed:
            with tqdm(desc="Meaning", unit=" texts", total=to_embed, **pace()) as bar:
                while move(bar, vectors.count() - have) < to_embed and own.count() >= to_relate and running(others):
                    time.sleep(LOOK)
        with tqdm(desc="Links", unit=" questions", total=left, **pace()) as bar:
            while running(others):
                time.sleep(LOOK)
                move(bar, left - waiting.count())

    def work(self, part, of):
        if embedding.is_installed():
            embed_missing(part, of)
        finder = Finder()
        while rebuild_some(finder, part, of):
            pass


def running(processes):
    return any(process.poll() is None for process in processes)


def move(bar, done):
    """Move the bar on, never back; where it stands then."""
    bar.update(max(min(done, bar.total) - bar.n, 0))
    return bar.n


def pace():
    """How often a bar is drawn: as usual for who sits in front of it, seldom in a file."""
    return {} if sys.stderr.isatty() else {"mininterval": SELDOM, "maxinterval": SELDOM, "miniters": 1}
