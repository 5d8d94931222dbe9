"""Logs: whoever reads them finds no address of a private page."""

import http.client
import logging
import subprocess
import time

import pytest

from tests.factories import make_question
from tests.processes import PRODUCTION, command, environment, free_port, manage

KEY = "a-key-of-the-private-page"
PATHS = [f"/my/{KEY}/", f"/my/{KEY}", f"/my/{KEY}/stop/", f"/MY/{KEY}/", f"//my/{KEY}/x", f"/search/?q=/my/{KEY}/"]


def ask(port, path, method="GET", **headers):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request(method, path, headers=headers)
    return connection.getresponse().status


def wait_until_it_answers(port):
    for _attempt in range(200):
        try:
            return ask(port, "/healthz")
        except OSError:
            time.sleep(0.1)
    raise TimeoutError


@pytest.mark.parametrize("debug", ["0", "1"])
def test_the_server_writes_each_request_but_no_key(tmp_path, debug):
    variables = environment(tmp_path, **PRODUCTION | {"DEBUG": debug})
    manage(tmp_path, "migrate", **PRODUCTION)
    manage(tmp_path, "collectstatic", "--noinput", **PRODUCTION)
    port = free_port()
    arguments = command("runserver", f"127.0.0.1:{port}", "--noreload")
    log = tmp_path / "log"
    with (
        log.open("w") as output,
        subprocess.Popen(arguments, env=variables, stdout=output, stderr=subprocess.STDOUT) as server,
    ):
        try:
            wait_until_it_answers(port)
            for path in PATHS:
                ask(port, path)
                ask(port, path, "POST", Host="elsewhere.example.org")
        finally:
            server.terminate()
    said = log.read_text()
    for path in PATHS[:3]:
        assert f'"GET {path.replace(KEY, "***")} HTTP/1.1" ' in said
    assert "Not Found: /my/***/" in said
    assert KEY not in said


@pytest.mark.django_db
def test_a_page_that_is_not_found_is_logged_without_its_key(client, caplog):
    make_question(secret_key="another-key-of-a-page")
    client.get(f"/my/{KEY}/")
    assert "Not Found: /my/***/" in caplog.text
    assert KEY not in caplog.text


def test_nor_do_other_servers_and_errors_tell_it(caplog):
    with caplog.at_level(logging.INFO):
        logging.getLogger("gunicorn.access").info('%(h)s "%(r)s"', {"h": "-", "r": f"GET /my/{KEY}/ HTTP/1.1"})
        logging.getLogger("anybody").info("next=%s", f"%2Fmy%2F{KEY}%2F")
        try:
            raise ValueError(f"/my/{KEY}/")
        except ValueError:
            logging.getLogger("django.request").exception("Internal Server Error: %s", f"/my/{KEY}/")
    assert KEY not in caplog.text
    assert caplog.text.count("***") == 5  # twice in the line of code and the message of the error


@pytest.mark.parametrize("typed", ["gout", "%E7%99%BE", "%22gout%22", "gout/knee?", "/my/gout"])
def test_nobody_learns_what_was_searched_for(caplog, typed):
    with caplog.at_level(logging.INFO):
        for path in ("search/", "search/suggestions/"):
            logging.getLogger("anybody").info('"GET /%s?kind=all&q=%s&year=2004 HTTP/1.1" 200', path, typed)
    assert [record.getMessage() for record in caplog.records] == [
        f'"GET /{path}?kind=all&q=***&year=2004 HTTP/1.1" 200' for path in ("search/", "search/suggestions/")
    ]


def test_all_else_is_logged_as_it_is(caplog):
    with caplog.at_level(logging.INFO):
        logging.getLogger("anybody").info("100 %% of %s at /my/", "it")
        logging.getLogger("anybody").info("100 %")
    assert [record.getMessage() for record in caplog.records] == ["100 % of it at /my/", "100 %"]
    assert caplog.records[0].args == ("it",)
