"""What watches the portal: it is told the truth, by whatever name it asks."""

import subprocess
import time

import pytest
from django.core.cache import cache
from django.core.management import call_command
from django.db import connection

from portal.health import WORKER_MAY_BE_SILENT
from qa import heartbeat
from tests.processes import command, environment, manage


@pytest.fixture(autouse=True)
def no_worker(db):
    heartbeat.signs.clear()


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_any_host_name_is_answered_without_https(client, settings, path):
    heartbeat.beat()
    settings.SECURE_SSL_REDIRECT = True
    response = client.get(path, HTTP_HOST="10.0.0.7:8000")
    assert (response.status_code, response.text) == (200, "ok\n")
    assert "no-store" in response["Cache-Control"]
    assert client.post(path).status_code == 405


def test_other_pages_keep_to_the_names_of_the_portal(client):
    assert client.get("/", HTTP_HOST="10.0.0.7:8000").status_code == 400


def test_without_its_worker_the_portal_is_not_ready(client):
    assert "worker is silent" in client.get("/readyz").text
    heartbeat.signs.set(heartbeat.KEY, time.time() - WORKER_MAY_BE_SILENT - 1)
    assert client.get("/readyz").status_code == 503
    heartbeat.signs.set(heartbeat.KEY, time.time() - WORKER_MAY_BE_SILENT + 10)
    assert client.get("/readyz").status_code == 200


def test_clearing_the_cache_says_nothing_of_the_worker(client):
    heartbeat.beat()
    cache.clear()
    assert client.get("/readyz").status_code == 200


@pytest.mark.django_db(transaction=True)
def test_nor_is_it_with_a_migration_missing(client):
    heartbeat.beat()
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'qa' AND name <> '0001_initial'")
    try:
        assert "Migrations are missing" in client.get("/readyz").text
    finally:
        call_command("migrate", "qa", fake=True, verbosity=0)


def test_the_running_worker_gives_signs_of_life(tmp_path):
    manage(tmp_path, "migrate", DEBUG="1")
    silent = [*command("shell"), "--verbosity", "0", "-c", "from qa import heartbeat; print(heartbeat.silence())"]
    variables = environment(tmp_path, DEBUG="1")
    with subprocess.Popen(command("worker"), env=variables, stderr=subprocess.PIPE, text=True) as worker:
        try:
            assert "started" in worker.stderr.readline()
            time.sleep(1)
            said = subprocess.run(silent, env=variables, capture_output=True, text=True, check=True).stdout
        finally:
            worker.terminate()
    assert 0 <= float(said) < 10
