"""`manage.py worker`: does what no page waits for. It sends e-mails to patients, keeps search and related questions in
step, forgets what is too old, and tells doctors whose licence ends soon."""

import logging
import signal
import time

from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.db import InterfaceError, OperationalError, connection

from accounts.licences import tell_expiring
from qa import related
from qa.heartbeat import beat
from qa.models import PublicChange
from qa.notifications import send_waiting, thank_reporters
from qa.planning import analyze_daily
from qa.retention import forget_expired_counts, forget_expired_drafts, forget_visitors, sweep_photos
from qa.search import catch_up, recount_regularly
from qa.tallies import keep_counted

logger = logging.getLogger(__name__)

PAUSE = 3  # seconds between two rounds
RELATING = 5  # seconds of a round for links between questions
FORGET_EVERY = 600  # seconds
STEP = 0.2  # seconds until a signal is noticed


class Command(BaseCommand):
    is_ending = False
    help = "Sends e-mails to patients and forgets old drafts, until it is told to end (Ctrl-C or SIGTERM)."

    def add_arguments(self, parser):
        parser.add_argument("--once", action="store_true", help="Send what waits now, then end.")

    def handle(self, once, **options):
        if once:
            self.forget()
            keep_counted()
            self.keep_search_in_step()
            self.relate()
            sent = send_waiting() + tell_expiring() + thank_reporters()
            self.stdout.write("1 e-mail sent." if sent == 1 else f"{sent} e-mails sent.")
            return
        self.forget_at = time.monotonic()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self.end)
        logger.info("The worker has started.")
        while not self.is_ending:
            self.work()
            self.rest()
        logger.info("The worker has ended.")

    def end(self, *args):
        """A signal: finish the e-mail at hand, then end."""
        self.is_ending = True

    def is_to_end(self):
        """Asked before each e-mail, of which a slow mail server may make a long round."""
        beat()
        return self.is_ending

    def work(self):
        try:
            beat()
            self.keep_search_in_step()
            send_waiting(is_ending=self.is_to_end)
            keep_counted()
            PublicChange.objects.trim()
            self.relate()
            if time.monotonic() >= self.forget_at:
                self.forget()
                tell_expiring()
                thank_reporters()
                self.forget_at = time.monotonic() + FORGET_EVERY
        except (OperationalError, InterfaceError) as error:  # the database is away: it may come back
            logger.warning("The database does not answer: %s", type(error).__name__)
            connection.close()
        except OSError as error:  # the folder of photos, for instance
            logger.warning("Could not do all that was due: %s", type(error).__name__)

    def keep_search_in_step(self):
        while catch_up() and not self.is_to_end():
            pass

    def relate(self):
        until = time.monotonic() + RELATING  # e-mails are not to wait, however many questions were imported
        while time.monotonic() < until and related.catch_up() and not self.is_to_end():
            pass

    def forget(self):
        """What is too old: drafts and their sessions, who voted, reported or signed in, files without a photo."""
        forget_expired_drafts()
        forget_visitors()
        forget_expired_counts()
        sweep_photos()
        recount_regularly()
        analyze_daily()
        call_command("clearsessions")

    def rest(self):
        until = time.monotonic() + PAUSE
        while not self.is_ending and time.monotonic() < until:
            time.sleep(STEP)
