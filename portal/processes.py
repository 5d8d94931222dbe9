"""Starting the portal's own processes side by side, and ending them together.

A signal only notes that all is to end, and is looked at between two steps: however many come, and whenever (make sends
one more than the terminal does), each process that was started is known and ended.
"""

import errno
import logging
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from functools import partial

from django.conf import settings
from django.core.management.base import CommandError

logger = logging.getLogger(__name__)

START_TIME = 30  # seconds until a server must answer
END_TIME = 10  # seconds that processes have to end
STEP = 0.05  # seconds between two looks
FIRST_PAUSE = 1  # seconds until a process beside the server is started again; then twice as long each time
LONGEST_PAUSE = 60  # seconds; what ran for longer than this begins with the first pause
SIGNALS = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]


def manage(*arguments):
    """The command line that runs `manage.py` with these arguments."""
    return [sys.executable, str(settings.BASE_DIR / "manage.py"), *arguments]


def free_port(host, text):
    """The port as a number, once nobody else listens there."""
    if not (text.isdecimal() and 0 < int(text) < 65536):
        raise CommandError(f"The port is {text!r}, but must be a number from 1 to 65535.")
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, int(text)))
        except PermissionError:
            raise CommandError(f"Port {text} is not open to you. Choose one above 1023, such as PORT=8001.") from None
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise CommandError(f"{host} is no address of this machine: {error.strerror}.") from None
            raise CommandError(
                f"Port {text} is taken by another program. Choose another port, such as PORT=8001."
            ) from None
    return int(text)


def run_together(commands, ready, host, port, variables=None, **first):
    """Run the commands until the server ends or a signal comes; then end all.

    Where another one ends by itself the server goes on, and it is started again after a pause.

    Args:
        commands: command lines; the first one is the server that listens on `host` and `port`.
        ready: called once the server answers.
        variables: the environment of the processes; this process's own where it is None.
        first: more for `subprocess.Popen` of the server.

    Raises CommandError where the server ends by itself, KeyboardInterrupt after a signal, whichever.
    """
    processes, start = [], partial(subprocess.Popen, env=variables, start_new_session=True)
    pauses = [Pause() for _command in commands]
    signals = []
    for number in SIGNALS:
        signal.signal(number, lambda number, _frame: signals.append(number))
    try:
        for command in commands:  # in sessions of their own: Ctrl-C reaches us only, and each is ended once
            _go_on(signals)
            processes.append(start(command, **({} if processes else first)))
        _wait_until_it_answers(processes[0], host, port, signals)
        ready()
        while processes[0].poll() is None:
            _go_on(signals)
            for number, command in enumerate(commands[1:], 1):
                if processes[number].poll() is not None and pauses[number].is_over(command, processes[number]):
                    processes[number] = start(command)
            time.sleep(STEP)
        raise CommandError("The server has ended; what it said stands above.")
    finally:
        _end(processes)


class Pause:
    """How long a process that ends again and again is left alone."""

    def __init__(self):
        self.seconds, self.until, self.begun = FIRST_PAUSE, None, time.monotonic()

    def is_over(self, command, process):
        """Whether the process, which has ended, is to be started again now; asked until it is."""
        now = time.monotonic()
        if self.until is None:
            if now - self.begun > LONGEST_PAUSE:
                self.seconds = FIRST_PAUSE
            said = "“%s” has ended (status %s); what it said stands above. It is started again in %s seconds."
            logger.error(said, command[-1], process.returncode, self.seconds)
            self.until, self.seconds = now + self.seconds, min(2 * self.seconds, LONGEST_PAUSE)
        if now < self.until:
            return False
        self.until, self.begun = None, now
        return True


def _wait_until_it_answers(server, host, port, signals):
    until = time.monotonic() + START_TIME
    while time.monotonic() < until:
        _go_on(signals)
        if server.poll() is not None:
            raise CommandError("The server ended at once; what it said stands above.")
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
            if probe.connect_ex((host, port)) == 0:
                return
        time.sleep(STEP)
    raise CommandError(f"The server did not answer within {START_TIME} seconds.")


def _go_on(signals):
    if signals:
        raise KeyboardInterrupt


def _end(processes):
    """End the processes, with force those that take too long, and what they may have left in their sessions."""
    for process in processes:
        process.terminate()
    for process in processes:
        with suppress(subprocess.TimeoutExpired):
            process.wait(END_TIME)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
