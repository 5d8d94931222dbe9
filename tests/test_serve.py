"""Serving as in production: `make serve` and the command behind it."""

import gzip
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

import pytest
from django.core.management import CommandError, call_command

from portal.processes import free_port as free_port_at
from tests.processes import FOLDER, PRODUCTION, command, environment, free_port, manage

KEY = "a-key-of-a-private-page"


def get(address, **headers):
    request = urllib.request.Request(address, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=10) as response:
            return response.status, response.headers, response.read()
    except urllib.error.HTTPError as error:
        return error.code, error.headers, error.read()


def wait_until_ready(address):
    """The worker gives its first sign of life a moment after the server's."""
    for _attempt in range(100):
        if get(f"{address}/readyz")[0] == 200:
            return True
        time.sleep(0.1)
    return False


def test_the_portal_is_served_with_its_worker_and_ends_with_nothing_left_behind(tmp_path):
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    variables = environment(tmp_path, **PRODUCTION, PORT=str(port), WORKERS="1")
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(command("serve"), env=variables, **pipes) as process:
        while address not in (line := process.stdout.readline()):
            assert line, process.stderr.read()
        assert wait_until_ready(address)
        status, headers, page = get(f"{address}/", **{"Accept-Encoding": "gzip"})
        assert (status, headers["Content-Encoding"]) == (200, "gzip")
        style = re.search(r'href="(/static/css/base\.\w+\.css)"', gzip.decompress(page).decode()).group(1)
        status, headers, _style = get(address + style, **{"Accept-Encoding": "gzip"})
        assert (status, headers["Content-Encoding"]) == (200, "gzip")
        assert "immutable" in headers["Cache-Control"]
        assert get(f"{address}/my/{KEY}/")[0] == 404
        for _who in ("make", "the group of processes"):
            process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=20) == 0
        said = process.stdout.read() + process.stderr.read()  # ends only when all processes have closed it
    assert "The worker has ended." in said
    assert KEY not in said
    with pytest.raises(OSError, match="refused"):
        urllib.request.urlopen(f"{address}/healthz", timeout=5)


TOGETHER = """
import os, signal, subprocess, sys
from portal import processes

port, moment = int(sys.argv[1]), sys.argv[2]


def all_signals_at(now):
    if now == moment:
        signal.pthread_sigmask(signal.SIG_BLOCK, processes.SIGNALS)
        for number in processes.SIGNALS:
            os.kill(os.getpid(), number)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, processes.SIGNALS)


class Popen(subprocess.Popen):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        all_signals_at("start")

    def poll(self):
        all_signals_at("look")
        return super().poll()

    def terminate(self):
        all_signals_at("end")
        super().terminate()


subprocess.Popen = Popen
server = [sys.executable, "-c", f"import socket, time; s = socket.create_server(('127.0.0.1', {port})); time.sleep(60)"]
other = [sys.executable, "-c", "import time; time.sleep(60)"]


def ready():
    all_signals_at("ready")
    os.kill(os.getpid(), signal.SIGTERM)


try:
    processes.run_together([server, other], ready, "127.0.0.1", port)
except KeyboardInterrupt:
    print("has ended")
"""


@pytest.mark.parametrize("moment", ["start", "look", "ready", "end"])
def test_however_many_signals_come_and_whenever_no_process_is_left_behind(moment):
    program = [sys.executable, "-c", TOGETHER, str(free_port()), moment]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, "cwd": FOLDER}
    with subprocess.Popen(program, start_new_session=True, **pipes) as process:
        said, errors = process.communicate(timeout=20)  # ends only when all processes have closed both
    assert (said, errors) == ("has ended\n", "")


AGAIN = """
import pathlib, sys
from django.conf import settings
from portal import processes

settings.configure()
processes.FIRST_PAUSE = 0.1
port, begun = int(sys.argv[1]), pathlib.Path(sys.argv[2])
listen = f"s = socket.create_server(('127.0.0.1', {port}))"
third = f"while pathlib.Path({str(begun)!r}).read_text() != 'xxx': time.sleep(0.01)"
server = [sys.executable, "-c", f"import pathlib, socket, time; {listen}\\n{third}"]
other = [sys.executable, "-c", "import sys; open(sys.argv[1], 'a').write('x'); sys.exit(3)", str(begun)]
processes.run_together([server, other], lambda: None, "127.0.0.1", port)
"""


def test_what_ends_beside_the_server_is_started_again_and_the_server_goes_on(tmp_path):
    """The server ends once the other has begun three times."""
    begun = tmp_path / "begun"
    begun.touch()
    program = [sys.executable, "-c", AGAIN, str(free_port()), str(begun)]
    done = subprocess.run(program, cwd=FOLDER, capture_output=True, text=True, timeout=30, check=False)
    assert "CommandError: The server has ended" in done.stderr
    pauses = re.findall(r"has ended \(status 3\); .* It is started again in ([\d.]+) seconds", done.stderr)
    assert pauses[:2] == ["0.1", "0.2"]


def test_what_is_missing_is_said(tmp_path):
    for name in PRODUCTION:
        rest = {key: value for key, value in PRODUCTION.items() if key != name}
        status, said = manage(tmp_path, "serve", **rest)
        assert status == 1
        assert f"{name} is missing: set it to" in said
        assert "Traceback" not in said


def test_a_development_is_not_served_to_the_world(settings):
    settings.DEBUG = True
    with pytest.raises(CommandError, match="DEBUG must be off"):
        call_command("serve")


@pytest.mark.parametrize("number", ["0", "many", "-1", "9999"])
def test_the_number_of_processes_must_be_one(number):
    with pytest.raises(CommandError, match="WORKERS is"):
        call_command("serve", f"--workers={number}")


@pytest.mark.parametrize("host", ["no.such.host.invalid", "203.0.113.1", "::g"])
def test_the_address_must_be_one_of_this_machine(host):
    with pytest.raises(CommandError, match=f"{host} is no address of this machine"):
        free_port_at(host, "8000")


def test_a_port_that_is_taken_is_said_to_be():
    with socket.create_server(("127.0.0.1", 0)) as other, pytest.raises(CommandError, match="is taken by another"):
        free_port_at("127.0.0.1", str(other.getsockname()[1]))
