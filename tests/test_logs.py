"""Logs: whoever reads them finds no address of a private page, and nothing of a row that a database did not take."""

import http.client
import logging
import re
import subprocess
import time

import pytest
from django.conf import settings
from django.db import IntegrityError, transaction
from django.urls import path, reverse

from qa.models import Question
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


def test_the_readme_lets_the_server_in_front_write_neither():
    readme = (settings.BASE_DIR / "README.md").read_text(encoding="utf-8")
    silent = re.search(r"location ~\* (\S+) { access_log off; error_log /dev/null crit;", readme)[1]
    for address in (reverse("my_question", args=[KEY]), reverse("invitation", args=[KEY])):
        assert re.match(silent, address)
    for name in ("search", "search_suggestions"):
        assert re.match(silent, reverse(name))
    written = re.search(r"log_format portal '(.*)';", readme)[1]
    assert not re.search(r"\$(request\b(?!_)|request_uri|args|query_string|http_referer)", written)
    assert "access_log /var/log/nginx/portal.log portal;" in readme


def test_all_else_is_logged_as_it_is(caplog):
    with caplog.at_level(logging.INFO):
        logging.getLogger("anybody").info("100 %% of %s at /my/", "it")
        logging.getLogger("anybody").info("100 %")
    assert [record.getMessage() for record in caplog.records] == ["100 % of it at /my/", "100 %"]
    assert caplog.records[0].args == ("it",)


# What a database says of an error: PostgreSQL quotes the whole row


def break_constraint():
    with transaction.atomic():
        Question.objects.update(status="purple")


def asks_too_much(request):
    break_constraint()


def words_it_anew(request):
    try:
        break_constraint()
    except IntegrityError as error:
        raise ValueError(f"Not kept: {error}") from None


VIEWS = [asks_too_much, words_it_anew]
urlpatterns = [path(f"{view.__name__}/", view) for view in VIEWS]


@pytest.mark.urls(__name__)
@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.__name__)
@pytest.mark.django_db
def test_an_error_of_the_database_is_logged_by_kind_and_place_without_the_row(client, caplog, view):
    make_question(title="Purple rash", body="Purple body", contact_email="heron@example.org", secret_key="purple-key")
    client.raise_request_exception = False
    assert client.get(f"/{view.__name__}/").status_code == 500
    assert f"Internal Server Error: /{view.__name__}/" in caplog.text
    assert re.search(r"IntegrityError at \S+\.py:\d+", caplog.text)
    assert all(record.exc_info is None for record in caplog.records)  # for whatever handler may look there
    for word in ("purple", "heron", "failing row", "question_status_known"):
        assert word not in caplog.text.lower()


@pytest.mark.django_db
def test_nor_does_a_message_quote_it(caplog):
    make_question(title="Purple rash")
    try:
        break_constraint()
    except IntegrityError as error:
        logging.getLogger("anybody").exception("Not done (%s)", error)
    assert "Not done (IntegrityError)" in caplog.text
    assert "urple" not in caplog.text


def test_other_errors_are_logged_with_their_traceback(caplog):
    try:
        raise ValueError("Of no database")
    except ValueError:
        logging.getLogger("anybody").exception("It failed")
    assert "Traceback (most recent call last)" in caplog.text
    assert "ValueError: Of no database" in caplog.text
