"""Running the portal's commands as an operator does: in a process and with an environment of their own."""

import os
import socket
import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parent.parent
PRODUCTION = {
    "SECRET_KEY": "only-for-tests".ljust(50, "-"),
    "ALLOWED_HOSTS": "127.0.0.1",
    "SITE_URL": "http://127.0.0.1",
    "EMAIL_URL": "memory:",
    "FROM_EMAIL": "no-reply@example.org",
}
KEPT = ("HOME", "LANG", "LC_ALL", "PATH", "SYSTEMROOT", "TMPDIR")


def environment(data_dir, **variables):
    """What a process is given: nothing of the tests' own settings, a database of its own."""
    kept = {name: os.environ[name] for name in KEPT if name in os.environ}
    return kept | {"DATA_DIR": str(data_dir), "PYTHONUNBUFFERED": "1"} | variables


def command(*arguments):
    return [sys.executable, str(FOLDER / "manage.py"), *arguments]


def manage(data_dir, *arguments, **variables):
    """`manage.py` with these arguments; its exit status and all that it said."""
    done = subprocess.run(
        command(*arguments),
        env=environment(data_dir, **variables),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
    )
    return done.returncode, done.stdout


def free_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]
