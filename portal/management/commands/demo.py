"""`manage.py demo`, which `make run` calls: the whole portal on this machine, with the archive and demo people."""

import os
import signal
import socket
import subprocess
import sys
import time

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.urls import reverse

from accounts.models import User
from qa.models import Question
from qa.search import rebuild

FIXTURES = ["archive", "demo"]
PASSWORD = "demo"
STAFF = [
    ("administrator", "admin@example.org"),
    ("doctor", "doctor@example.org"),
    ("another doctor", "doctor2@example.org"),
    ("moderator", "moderator@example.org"),
    ("editor", "editor@example.org"),
]
PATIENT = "patient@example.org"
PATIENT_KEY = "demo-answered-itchy-blisters"
HOST = "127.0.0.1"
START_TIME = 30  # seconds until the server must answer
END_TIME = 10  # seconds that server and worker have to end
SIGNALS = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]


class Command(BaseCommand):
    help = "Prepares a database with the archive and demo people, and serves the portal with the worker beside it."

    def add_arguments(self, parser):
        parser.add_argument("--no-serve", action="store_true", help="Only prepare the database.")
        parser.add_argument("--port", help="The port to serve on; PORT or 8000 where it is not given.")

    def handle(self, no_serve, port, **options):
        if not settings.DEBUG:
            raise CommandError("The demo has known passwords, so it runs only where DEBUG is on: set DEBUG=1.")
        if not no_serve:
            port = free_port(port or os.environ.get("PORT") or "8000")
        self.prepare()
        if not no_serve:
            self.serve(port)

    def prepare(self):
        self.say("Preparing the database …")
        call_command("migrate", verbosity=0)  # makes the roles as well
        number = Question.objects.count()
        if number:
            self.say(f"The database holds {number} questions already: it is kept as it is.")
        else:
            call_command("loaddata", *FIXTURES, verbosity=0)
            self.say(f"Loaded the archive and the demo: {Question.objects.count()} questions.")
        rebuild()

    def serve(self, port):
        address = f"http://{HOST}:{port}"
        variables = {"SITE_URL": address, "DJANGO_RUNSERVER_HIDE_WARNING": "true"} | os.environ
        manage = [sys.executable, str(settings.BASE_DIR / "manage.py")]
        processes = []
        for number in SIGNALS:
            signal.signal(number, interrupt)
        try:
            # Without the reloader, which would start everything twice: who changes code uses `manage.py runserver`.
            server = subprocess.Popen(
                [*manage, "runserver", f"{HOST}:{port}", "--noreload"], env=variables, stdout=subprocess.DEVNULL
            )
            processes.append(server)
            processes.append(subprocess.Popen([*manage, "worker"], env=variables))
            wait_until_it_answers(server, port)
            self.say_where(address)
            if server.wait():
                raise CommandError("The server has ended; what it said stands above.")
        except KeyboardInterrupt:
            self.say("\nEnding …")
        finally:
            end(processes)

    def say_where(self, address):
        self.say(f"\n{settings.SITE_NAME} is at {address}/ (Ctrl-C ends it)\n")
        existing = set(User.objects.values_list("email", flat=True))
        staff = [(role, email) for role, email in STAFF if email in existing]
        if staff:
            self.say(f"Staff sign in at {address}{reverse('admin:index')} with the password “{PASSWORD}”:")
            for role, email in staff:
                self.say(f"  {role:16}{email}")
        self.say(f"E-mails to patients are shown at {address}{reverse('demo_mailbox')}")
        if Question.objects.filter(secret_key=PATIENT_KEY).exists():
            private_page = address + reverse("my_question", args=[PATIENT_KEY])
            self.say(f"The patient {PATIENT} has a private page: {private_page}\n")

    def say(self, line):
        self.stdout.write(line)
        self.stdout.flush()


def free_port(text):
    """The port as a number, once nobody else listens there."""
    if not (text.isdecimal() and 0 < int(text) < 65536):
        raise CommandError(f"The port is {text!r}, but must be a number from 1 to 65535.")
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, int(text)))
        except PermissionError:
            raise CommandError(f"Port {text} is not open to you. Choose one above 1023: make run PORT=8001.") from None
        except OSError:
            raise CommandError(
                f"Port {text} is taken by another program. Choose another port: make run PORT=8001."
            ) from None
    return int(text)


def wait_until_it_answers(server, port):
    until = time.monotonic() + START_TIME
    while time.monotonic() < until:
        if server.poll() is not None:
            raise CommandError("The server ended at once; what it said stands above.")
        with socket.socket() as probe:
            if probe.connect_ex((HOST, port)) == 0:
                return
        time.sleep(0.05)
    raise CommandError(f"The server did not answer within {START_TIME} seconds.")


def interrupt(*args):
    """A signal, whichever: end as Ctrl-C does."""
    raise KeyboardInterrupt


def end(processes):
    """End the processes, with force those that take too long. A second Ctrl-C leaves none behind."""
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    for process in processes:
        process.terminate()
    for process in processes:
        try:
            process.wait(END_TIME)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
