"""A small load generator: a few kept connections over plain sockets, so that it takes little time of its own."""

import socket
import statistics
import threading
import time
from dataclasses import dataclass, field

TIMEOUT = 60  # seconds that one answer may take


@dataclass
class Answer:
    """One answer to a GET, with what was read off the wire."""

    status: int
    headers: dict
    size: int  # bytes of the body, as sent
    body: bytes = b""


@dataclass
class Timing:
    """What many answers took."""

    seconds: list = field(default_factory=list)
    elapsed: float = 0.0
    cpu: float = 0.0  # seconds that the server's processes worked
    size: int = 0
    failures: list = field(default_factory=list)

    @property
    def rate(self):
        """Answers a second."""
        return len(self.seconds) / self.elapsed if self.elapsed else 0.0

    @property
    def each_cpu(self):
        """Seconds that the server's processes worked for an answer."""
        return self.cpu / len(self.seconds) if self.seconds else 0.0

    def percentile(self, percent):
        """Milliseconds that `percent` of the answers took at most."""
        if len(self.seconds) < 2:
            return 1000 * sum(self.seconds)
        return 1000 * statistics.quantiles(self.seconds, n=100, method="inclusive")[percent - 1]


class Connection:
    """One kept connection to the server; opened again where the server closes it."""

    def __init__(self, host, port):
        self.address, self.socket, self.rest = (host, port), None, b""

    def get(self, path, headers=None, keep_body=False):
        own = {"Host": f"{self.address[0]}:{self.address[1]}", "Accept-Encoding": "gzip"}
        lines = [f"GET {path} HTTP/1.1", *(f"{name}: {value}" for name, value in {**own, **(headers or {})}.items())]
        request = "\r\n".join([*lines, "", ""]).encode()
        for attempt in (1, 2):
            try:
                return self._exchange(request, keep_body)
            except (ConnectionError, EOFError):  # the server closed it between two requests
                self.close()
                if attempt == 2:
                    raise
        raise AssertionError

    def _exchange(self, request, keep_body):
        if self.socket is None:
            self.socket = socket.create_connection(self.address, TIMEOUT)
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.sendall(request)
        head, _end, self.rest = self._read_until(b"\r\n\r\n").partition(b"\r\n\r\n")
        status, *lines = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _colon, value in (line.partition(":") for line in lines)}
        number = int(status.split()[1])
        body = b"" if number == 304 else self._read_body(headers)
        if headers.get("connection") == "close":
            self.close()
        return Answer(number, headers, len(body), body if keep_body else b"")

    def _read_until(self, mark):
        data = self.rest
        while mark not in data:
            data += self._receive()
        return data

    def _read_body(self, headers):
        if headers.get("transfer-encoding") == "chunked":
            return self._read_chunks()
        while len(self.rest) < int(headers["content-length"]):
            self.rest += self._receive()
        length = int(headers["content-length"])
        body, self.rest = self.rest[:length], self.rest[length:]
        return body

    def _read_chunks(self):
        body = b""
        while True:
            size, _end, self.rest = self._read_until(b"\r\n").partition(b"\r\n")
            length = int(size, 16)
            while len(self.rest) < length + 2:
                self.rest += self._receive()
            body, self.rest = body + self.rest[:length], self.rest[length + 2 :]
            if not length:
                return body

    def _receive(self):
        piece = self.socket.recv(262144)
        if not piece:
            raise EOFError
        return piece

    def close(self):
        if self.socket is not None:
            self.socket.close()
        self.socket, self.rest = None, b""


def load(connections, paths, seconds, headers=None, accepted=(200,)):
    """GET the paths, each connection in a thread of its own, for so many seconds; every connection at least once.

    `paths` is a function of (connection's number, turn) to a path.
    """
    total, lock, until = Timing(), threading.Lock(), time.perf_counter() + seconds

    def run(number, connection):
        turn, own = 0, Timing()
        while not turn or time.perf_counter() < until:
            began = time.perf_counter()
            path, turn = paths(number, turn), turn + 1
            try:
                answer = connection.get(path, headers)
            except (OSError, EOFError) as error:
                connection.close()
                own.failures.append(f"{type(error).__name__} {path}")
                continue
            own.seconds.append(time.perf_counter() - began)
            own.size += answer.size
            if answer.status not in accepted:
                own.failures.append(f"{answer.status} {path}")
        with lock:
            total.seconds += own.seconds
            total.size += own.size
            total.failures += own.failures

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(connections)]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    total.elapsed = time.perf_counter() - began
    return total
