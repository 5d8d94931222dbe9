#!/usr/bin/env python3
"""Django's command line for this project: `python manage.py help` lists what it can do."""

import os
import sys

from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line

STOPPED = 130  # what shells say of a command that was ended by Ctrl-C


def main():
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        sys.exit(f"The portal is not configured rightly: {error}")
    except KeyboardInterrupt as stop:
        print(f"\n{stop}" if stop.args else "\nStopped.", file=sys.stderr)
        sys.exit(STOPPED)


if __name__ == "__main__":
    main()
