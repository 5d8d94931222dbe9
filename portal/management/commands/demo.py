"""`manage.py demo`, which `make run` calls: the whole portal on this machine, with the archive and demo people."""

import os
import subprocess

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.urls import reverse

from accounts.models import User
from portal.processes import free_port, manage, run_together
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


class Command(BaseCommand):
    help = "Prepares a database with the archive and demo people, and serves the portal with the worker beside it."

    def add_arguments(self, parser):
        parser.add_argument("--no-serve", action="store_true", help="Only prepare the database.")
        parser.add_argument("--port", help="The port to serve on; PORT or 8000 where it is not given.")

    def handle(self, no_serve, port, **options):
        if not settings.DEBUG:
            raise CommandError("The demo has known passwords, so it runs only where DEBUG is on: set DEBUG=1.")
        if not no_serve:
            port = free_port(HOST, port or os.environ.get("PORT") or "8000")
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
        # Without the reloader, which would start everything twice: who changes code uses `manage.py runserver`.
        commands = [manage("runserver", f"{HOST}:{port}", "--noreload"), manage("worker")]
        try:
            run_together(
                commands, lambda: self.say_where(address), HOST, port, variables=variables, stdout=subprocess.DEVNULL
            )
        except KeyboardInterrupt:
            self.say("\nEnding …")

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
