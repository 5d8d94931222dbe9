"""The benchmark, with few questions: it must not rot."""

import json
import os
import subprocess
import sys

import pytest
from django.db import connection

from tests.load.client import Connection
from tests.load.portals import Portal
from tests.processes import FOLDER, KEPT


def test_the_benchmark_measures_every_page(tmp_path):
    engine = "sqlite" if connection.vendor == "sqlite" else "postgresql"
    variables = {name: os.environ[name] for name in KEPT if name in os.environ}
    if engine == "postgresql":
        variables["TEST_POSTGRES_URL"] = os.environ["DATABASE_URL"].rpartition("/")[0] + "/postgres"
    report = tmp_path / "report.json"
    command = [sys.executable, "-m", "tests.load.benchmark", "200", "--few", "0", "--seconds", "0", "--engine", engine]
    command += ["--json", str(report)]
    done = subprocess.run(command, cwd=FOLDER, env=variables, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    assert "Not measured" not in done.stdout
    (pages,) = json.loads(report.read_text())["portals"].values()
    assert {"question", "question, kept", "home", "search: common word", "ask: similar", "doctors' queue"} <= set(pages)
    public = {name: page["queries"] for name, page in pages.items() if "queue" not in name and "to decide" not in name}
    most = {"ask: similar": 8}  # who asks has a session and a draft as well
    assert {name: number for name, number in public.items() if number > most.get(name, 6)} == {}
    assert (pages["question, kept"]["queries"], pages["question, unchanged"]["queries"]) == (1, 1)


def test_the_size_of_a_page_is_told_as_it_was_written_though_it_is_sent_compressed(live_server):
    """A bare view of as many bytes does the same work only where it is given as many to compress."""
    connection_to = Connection(live_server.thread.host, live_server.thread.port)
    sent = connection_to.get("/privacy/")
    written = connection_to.get("/privacy/", {"Accept-Encoding": "identity"})
    connection_to.close()
    assert (sent.headers.get("content-encoding"), written.headers.get("content-encoding")) == ("gzip", None)
    assert written.size > 2 * sent.size


@pytest.mark.parametrize(
    ("folder", "status", "sentence"),
    [
        ("nowhere", 2, "there is no folder {}"),
        ("empty", 0, "There are no sets to measure with in {}: name their folder"),
    ],
)
def test_a_folder_without_sets_to_measure_with_is_named(tmp_path, folder, status, sentence):
    (tmp_path / "empty").mkdir()
    command = [sys.executable, "-m", "tests.load.retrieval", str(tmp_path / folder)]
    done = subprocess.run(command, cwd=FOLDER, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == status
    assert sentence.format(tmp_path / folder) in done.stdout + done.stderr


class Interrupted(Portal):
    """Ends once its database is filled, before that is written down."""

    def run(self, *arguments, **options):
        done = super().run(*arguments, **options)
        if "tests.load.rows" in arguments:
            raise KeyboardInterrupt
        return done


def test_a_database_that_was_not_filled_to_the_end_is_filled_anew(tmp_path):
    is_sqlite = connection.vendor == "sqlite"
    server = None if is_sqlite else os.environ["DATABASE_URL"].rpartition("/")[0] + "/postgres"
    engine = "SQLite" if is_sqlite else "PostgreSQL"
    with pytest.raises(KeyboardInterrupt):
        Interrupted(engine, 200, tmp_path, server).prepare()
    portal = Portal(engine, 200, tmp_path, server)
    try:
        portal.prepare()
        assert "question" in portal.pages
    finally:
        portal.drop_database()
