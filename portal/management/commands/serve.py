"""`manage.py serve`, which `make serve` calls: the portal as in production, with its worker beside it."""

import os
import sys

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from portal.processes import free_port, manage, run_together

THREADS = 4  # of each web process; as many as the PostgreSQL connections that its pool may keep


class Command(BaseCommand):
    help = "Brings database and static files up to date, and serves the portal as in production, with the worker."
    requires_system_checks = []

    def add_arguments(self, parser):
        parser.add_argument("--host", help="The address to listen on; HOST or 127.0.0.1 where it is not given.")
        parser.add_argument("--port", help="The port to listen on; PORT or 8000 where it is not given.")
        parser.add_argument("--workers", help="Web processes; WORKERS or one for each core where it is not given.")

    def handle(self, host, port, workers, **options):
        if settings.DEBUG:
            raise CommandError("This serves as in production, so DEBUG must be off. For development: make run.")
        host = host or os.environ.get("HOST") or "127.0.0.1"
        workers = workers or os.environ.get("WORKERS") or str(os.cpu_count() or 1)
        if not (workers.isdecimal() and 0 < int(workers) <= 256):
            raise CommandError(f"WORKERS is {workers!r}, but must be a number of processes from 1 to 256.")
        port = free_port(host, port or os.environ.get("PORT") or "8000")
        self.say("Bringing database and static files up to date …")
        call_command("migrate", verbosity=0)
        call_command("collectstatic", interactive=False, verbosity=0)
        commands = [server(host, port, workers), manage("worker")]
        try:
            run_together(commands, lambda: self.say_where(host, port), host, port)
        except KeyboardInterrupt:
            self.say("\nEnding …")

    def say_where(self, host, port):
        shown = f"[{host}]" if ":" in host else host
        self.say(f"{settings.SITE_NAME} listens on http://{shown}:{port}/ as {settings.SITE_URL} (Ctrl-C ends it)")

    def say(self, line):
        self.stdout.write(line)
        self.stdout.flush()


def server(host, port, workers):
    """The command line of the web server. Its log of requests stays off: the server in front writes one."""
    return [
        *(sys.executable, "-m", "granian", "--interface", "wsgi", "--http", "1", "--no-ws"),
        *("--host", host, "--port", str(port), "--workers", workers, "--blocking-threads", str(THREADS)),
        *("--respawn-failed-workers", "--workers-kill-timeout", "8", "--log-level", "warning"),
        "portal.wsgi:application",
    ]
