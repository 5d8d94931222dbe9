"""`manage.py worker`: does what no page waits for. It sends e-mails to patients, keeps search and related questions in
step, forgets what is too old, and tells doctors whose licence ends soon. And it lends its model to the pages."""

import logging
import signal
import time
from functools import partial

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import InterfaceError, OperationalError, connection

from accounts.licences import tell_expiring
from qa import related
from qa.embedding import service
from qa.failures import describe
from qa.heartbeat import beat
from qa.models import PublicChange
from qa.notifications import send_waiting, thank_reporters
from qa.planning import analyze_daily
from qa.retention import forget_expired_counts, forget_expired_drafts, forget_rejected, forget_visitors, sweep_photos
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
        self.due, self.sent = {}, 0
        if once:
            failed = self.work()
            self.stdout.write("1 e-mail sent." if self.sent == 1 else f"{self.sent} e-mails sent.")
            if failed:
                raise CommandError(f"Not done: {', '.join(failed)}. The log says where it failed.")
            return
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self.end)
        logger.info("The worker has started.")
        while not self.is_ending:
            self.work()
            service.answer()
            self.rest()
        service.end()
        logger.info("The worker has ended.")

    def end(self, *args):
        """A signal: finish the e-mail at hand, then end."""
        self.is_ending = True

    def is_to_end(self):
        """Asked before each e-mail, of which a slow mail server may make a long round."""
        beat()
        return self.is_ending

    def work(self):
        """One round: each chore that is due, whatever becomes of the others. The names of those that failed."""
        failed = []
        for name, chore, every in self.chores():
            if self.is_ending or time.monotonic() < self.due.get(name, 0):
                continue
            try:
                chore()
            except Exception as error:  # noqa: BLE001 - whatever it is, the other chores are to be done
                failed.append(name)
                if isinstance(error, (OperationalError, InterfaceError)) and not self.has_database():
                    logger.warning("The database does not answer: %s", type(error).__name__)
                    break  # it may come back
                logger.error("Could not do “%s”: %s", name, describe(error))
            else:
                self.due[name] = time.monotonic() + every
        return failed

    def chores(self):
        """What there is to do, in this order: a name, the verb, and the seconds until it is due again."""
        often, seldom = 0, FORGET_EVERY
        return [
            ("give a sign of life", beat, often),
            ("keep search in step", self.keep_search_in_step, often),
            ("send e-mails", self.send, often),
            ("count what pages show", keep_counted, often),
            ("forget public changes", PublicChange.objects.trim, often),
            ("relate questions", self.relate, often),
            ("forget drafts", forget_expired_drafts, seldom),
            ("forget rejected questions", forget_rejected, seldom),
            ("forget visitors", forget_visitors, seldom),
            ("forget what was limited", forget_expired_counts, seldom),
            ("delete files without a photo", sweep_photos, seldom),
            ("count words", recount_regularly, seldom),
            ("analyze tables", analyze_daily, seldom),
            ("forget sessions", partial(call_command, "clearsessions"), seldom),
            ("tell doctors whose licence ends", self.tell_doctors, seldom),
            ("thank reporters", self.thank, seldom),
        ]

    def send(self):
        self.sent += send_waiting(is_ending=self.is_to_end)

    def tell_doctors(self):
        self.sent += tell_expiring(is_ending=self.is_to_end)

    def thank(self):
        self.sent += thank_reporters(is_ending=self.is_to_end)

    def keep_search_in_step(self):
        while catch_up() and not self.is_to_end():
            pass

    def relate(self):
        until = time.monotonic() + RELATING  # e-mails are not to wait, however many questions were imported
        while time.monotonic() < until and related.catch_up() and not self.is_to_end():
            pass

    def has_database(self):
        connection.close()
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1")
        except (OperationalError, InterfaceError):
            connection.close()
            return False
        return True

    def rest(self):
        until = time.monotonic() + PAUSE
        while not self.is_ending and time.monotonic() < until:
            time.sleep(STEP)
