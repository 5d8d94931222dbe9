#!/usr/bin/env python3
"""Django's command line for this project: `python manage.py help` lists what it can do."""

import os
import sys
import tempfile

from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line

STOPPED = 130  # what shells say of a command that was ended by Ctrl-C
HELP = ("-h", "--help")
ENOUGH_FOR_HELP = {"DEBUG": "1", "DATA_DIR": tempfile.gettempdir()}


def main():
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    if asks_for_help(sys.argv[1:]):
        os.environ.update(ENOUGH_FOR_HELP | os.environ)
    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        sys.exit(f"The portal is not configured rightly: {error}")
    except KeyboardInterrupt as stop:
        print(f"\n{stop}" if stop.args else "\nStopped.", file=sys.stderr)
        sys.exit(STOPPED)


def asks_for_help(arguments):
    """Whether nothing is to run: `help …`, `--help`, `COMMAND --help`. That needs none of what production requires."""
    is_of_command = len(arguments) == 2 and arguments[1] in HELP
    return not arguments or arguments[0] in ("help", *HELP) or is_of_command


if __name__ == "__main__":
    main()
