"""`manage.py worker`: does what no page waits for. Today it sends e-mails to patients."""

import logging
import signal
import time

from django.core.management.base import BaseCommand
from django.db import InterfaceError, OperationalError, connection

from qa.notifications import send_waiting

logger = logging.getLogger(__name__)

PAUSE = 3  # seconds between two rounds
STEP = 0.2  # seconds until a signal is noticed


class Command(BaseCommand):
    help = "Sends e-mails to patients until it is told to end (Ctrl-C or SIGTERM)."

    def add_arguments(self, parser):
        parser.add_argument("--once", action="store_true", help="Send what waits now, then end.")

    def handle(self, once, **options):
        if once:
            sent = send_waiting()
            self.stdout.write("1 e-mail sent." if sent == 1 else f"{sent} e-mails sent.")
            return
        self.is_ending = False
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

    def work(self):
        try:
            send_waiting(is_ending=lambda: self.is_ending)
        except (OperationalError, InterfaceError) as error:  # the database is away: it may come back
            logger.warning("The database does not answer: %s", type(error).__name__)
            connection.close()

    def rest(self):
        until = time.monotonic() + PAUSE
        while not self.is_ending and time.monotonic() < until:
            time.sleep(STEP)
