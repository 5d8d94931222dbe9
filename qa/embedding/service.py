"""Vectors for processes that serve pages: the worker makes them, so that not each of them holds the model.

Over a socket in DATA_DIR a text goes one way and its vector comes back. Where nobody answers in time, there is none.
"""

import logging
import socket
import socketserver
import sys
import threading
from pathlib import Path

from django.conf import settings

from qa import embedding
from qa.failures import describe

PATIENCE = 0.5  # seconds that a page waits for a vector, which takes some hundredths of one
LONGEST = 20_000  # bytes of a text that are read; the model looks at its beginning only
SIZE = 384  # bytes of a vector

logger = logging.getLogger(__name__)

_server = None


def ask(text: str) -> bytes | None:
    """The vector of `text`, as `embedding.embed` makes it; None where no worker of this machine answers in time."""
    try:
        with socket.socket(socket.AF_UNIX) as asking:
            asking.settimeout(PATIENCE)
            asking.connect(_address())
            asking.sendall(text.encode(errors="replace")[:LONGEST])
            asking.shutdown(socket.SHUT_WR)
            with asking.makefile("rb") as answer:
                vector = answer.read(SIZE)
    except OSError:
        return None
    return vector if len(vector) == SIZE else None


def answer() -> bool:
    """See to it that somebody on this machine answers: this process, from a thread, where no other does.

    Returns whether it is this one. Without the model nobody does.
    """
    global _server
    if _server is None and embedding.is_usable() and not _is_answered():
        try:
            Path(_address()).unlink(missing_ok=True)  # left by a worker that was killed
            _server = _Server(_address(), _Asked)
            Path(_address()).chmod(0o600)
        except OSError as error:
            logger.warning("Nobody compares what patients ask by its meaning: %s", describe(error))
            return False
        threading.Thread(target=_server.serve_forever, name="embedding", daemon=True).start()
    return _server is not None


def end() -> None:
    """Answer no more."""
    global _server
    if _server is not None:
        _server.shutdown()
        _server.server_close()
        Path(_address()).unlink(missing_ok=True)
        _server = None


def _address():
    return str(settings.DATA_DIR / "embedding.socket")


def _is_answered():
    with socket.socket(socket.AF_UNIX) as asking:
        asking.settimeout(PATIENCE)
        return asking.connect_ex(_address()) == 0


class _Asked(socketserver.StreamRequestHandler):
    timeout = PATIENCE  # whoever connects and says nothing holds nobody up

    def handle(self):
        text = self.rfile.read(LONGEST).decode(errors="ignore")
        vectors = embedding.embed([text]) if text else None
        if vectors:
            self.wfile.write(vectors[0])


class _Server(socketserver.UnixStreamServer):
    def handle_error(self, request, client_address):
        error = sys.exception()
        if not isinstance(error, OSError):  # whoever asked has gone, or said nothing
            logger.error("A text could not be compared by its meaning: %s", describe(error))
