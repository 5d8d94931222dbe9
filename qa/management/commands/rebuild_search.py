"""`manage.py rebuild_search`: writes what search looks into."""

import time

from django.core.management.base import BaseCommand
from tqdm import tqdm

from qa.management.stopping import stopped
from qa.search import number_of_things, rebuild


class Command(BaseCommand):
    help = "Writes the search entries that are missing or outdated. Stopped, it goes on when it is started again."

    def add_arguments(self, parser):
        parser.add_argument("--all", action="store_true", help="Write all of them anew.")

    def handle(self, **options):
        begun = time.monotonic()
        how = " without --all" if options["all"] else ""
        end = stopped(f"Stopped. What is written stays; start it again{how}, and it goes on.")
        with end, tqdm(total=number_of_things(), unit=" things", disable=None, file=self.stderr) as bar:
            written = rebuild(bar.update, is_anew=options["all"])
        seconds = time.monotonic() - begun
        self.stdout.write(f"{written} entries written in {seconds:.1f} s ({written / seconds:.0f} a second).")
