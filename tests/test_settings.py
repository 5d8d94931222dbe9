"""Settings: a wrong or missing variable stops the start with a sentence that names it."""

import json
import re
import subprocess
import sys
from importlib.util import find_spec

import pytest

from tests.processes import FOLDER, environment, manage

PRODUCTION = {
    "SECRET_KEY": "k4!vGq0w#Zr8yTn2^bJx6mLs9@dFh3pCe7uKa5oWi1-Xz5Qj0Rt",
    "ALLOWED_HOSTS": "portal.example.org",
    "SITE_URL": "https://portal.example.org",
    "DATABASE_URL": "postgres://portal:pass@db.example.org:5432/portal?sslmode=require",
    "FROM_EMAIL": "Portal <no-reply@example.org>",
    "EMAIL_URL": "smtp://user:p%40ss@mail.example.org:587?tls=1",
    "BEHIND_PROXY": "1",
}
HELP = [["--help"], ["help", "worker"], ["worker", "--help"], ["serve", "-h"]]
REQUIRED = ["SECRET_KEY", "ALLOWED_HOSTS", "SITE_URL", "FROM_EMAIL", "EMAIL_URL"]
WRONG = [
    ("DEBUG", "maybe"),
    ("SITE_URL", "portal.example.org"),
    ("SITE_URL", "https://portal.example.org/path/"),
    ("SITE_URL", "https://portal.example.org:port"),
    ("SECRET_KEY", "short"),
    ("SECRET_KEY", "a" * 60),
    ("EMERGENCY_NUMBER", "abc"),
    ("CRISIS_LINE", "tel:1925"),
    ("ALLOWED_HOSTS", " , "),
    ("ALLOWED_HOSTS", "https://portal.example.org"),
    ("ALLOWED_HOSTS", "portal.example.org www.example.org"),
    ("FROM_EMAIL", "Portal"),
    ("FROM_EMAIL", "Portal <no-reply>"),
    ("DATABASE_URL", "mysql://localhost/portal"),
    ("DATABASE_URL", "sqlite:///"),
    ("DATABASE_URL", "sqlite:////dev/null/portal.sqlite3"),
    ("DATABASE_URL", "postgres://localhost"),
    ("DATABASE_URL", "postgres://localhost:port/portal"),
    ("DATABASE_POOL_SIZE", "-1"),
    ("DATABASE_POOL_SIZE", "many"),
    ("REDIS_URL", "localhost:6379"),
    ("REDIS_URL", "redis://"),
    ("REDIS_URL", "redis://cache.example.org:port"),
    ("EMAIL_URL", "mail.example.org"),
    ("EMAIL_URL", "smtp://"),
    ("EMAIL_URL", "smtp://mail.example.org:port"),
    ("EMAIL_URL", "smtp://mail.example.org?tls=maybe"),
    ("EMAIL_URL", "smtp://mail.example.org?tsl=1"),
    ("EMAIL_URL", "smtp://mail.example.org?tls=1&ssl=1"),
    ("EMAIL_URL", "file:"),
    ("TIME_ZONE", "Atlantis"),
    ("TIME_ZONE", "Europe"),
    ("SSL_REDIRECT", "sometimes"),
    ("BEHIND_PROXY", "2"),
    ("DATA_DIR", "/dev/null/portal"),
]
TRY_EACH = """
import importlib, json, os, sys
from django.core.exceptions import ImproperlyConfigured
said, usual = [], dict(os.environ)
for variables in json.load(sys.stdin):
    os.environ.clear()
    os.environ.update(usual | variables)
    sys.modules.pop("portal.settings", None)
    try:
        settings = importlib.import_module("portal.settings")
        said.append({name: getattr(settings, name) for name in os.environ["SHOWN"].split(",") if name})
    except ImproperlyConfigured as error:
        said.append(str(error))
json.dump(said, sys.stdout, default=str)
"""


def try_each(cases, data_dir, shown="", **usual):
    """What the settings are, or say, in each environment; all in one process, because starting takes its time."""
    done = subprocess.run(
        [sys.executable, "-c", TRY_EACH],
        env=environment(data_dir, SHOWN=shown, **usual),
        cwd=FOLDER,
        input=json.dumps(cases),
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return json.loads(done.stdout)


def test_each_wrong_value_is_refused_with_a_sentence_that_names_it(tmp_path):
    said = try_each([{name: value} for name, value in WRONG], tmp_path, **PRODUCTION)
    for (name, value), sentence in zip(WRONG, said, strict=True):
        assert isinstance(sentence, str), f"{name}={value} was accepted"
        shown = (
            re.sub(":.*", ":…", value.strip()) if name in ("DATABASE_URL", "EMAIL_URL", "REDIS_URL") else value.strip()
        )
        shown = "…" if name == "SECRET_KEY" else shown
        assert sentence.startswith(f"{name} is {shown!r}, but must be ")
        assert sentence.endswith(".") or "?" in sentence


def test_a_password_in_a_wrong_address_is_not_said(tmp_path):
    wrong = [
        {"DATABASE_URL": "mysql://portal:secret@db.example.org/portal"},
        {"DATABASE_URL": "mysql:/portal:secret@db/portal"},
        {"EMAIL_URL": "smtp:portal:secret@mail.example.org"},
        {"REDIS_URL": "http://portal:secret@cache.example.org"},
    ]
    for said in try_each(wrong, tmp_path, **PRODUCTION):
        assert "must be" in said
        assert "secret" not in said


def test_each_required_variable_is_missed_unless_debug_is_on(tmp_path):
    said = try_each([{name: ""} for name in REQUIRED], tmp_path, **PRODUCTION)
    for name, sentence in zip(REQUIRED, said, strict=True):
        assert sentence.startswith(f"{name} is missing: set it to ")
    assert try_each([{}], tmp_path, DEBUG="1") == [{}]


def test_the_command_line_says_the_sentence_and_ends(tmp_path):
    status, said = manage(tmp_path, "check", **PRODUCTION | {"SECRET_KEY": ""})
    assert (status, said) == (
        1,
        "The portal is not configured rightly: SECRET_KEY is missing: "
        "set it to a random text of 50 characters or more.\n",
    )


def test_a_production_has_nothing_for_check_deploy_to_find(tmp_path):
    status, said = manage(tmp_path, "check", "--deploy", "--fail-level", "WARNING", **PRODUCTION)
    assert status == 0, said
    assert "no issues" in said


def test_values_reach_the_settings_they_are_for(tmp_path):
    shown = "EMAIL_HOST,EMAIL_PORT,EMAIL_HOST_PASSWORD,EMAIL_USE_TLS,SITE_URL,DATABASES,SECURE_SSL_REDIRECT,DEBUG"
    cases = [{}, {"EMAIL_URL": "smtp://mail.example.org?ssl=1", "SITE_URL": "http://portal.example.org/"}]
    production, plain = try_each(cases, tmp_path, shown, **PRODUCTION)
    assert production["DEBUG"] is False
    assert production["EMAIL_HOST_PASSWORD"] == "p@ss"
    assert (production["EMAIL_HOST"], production["EMAIL_PORT"]) == ("mail.example.org", 587)
    assert production["EMAIL_USE_TLS"] is True
    assert production["SECURE_SSL_REDIRECT"] is True
    assert production["DATABASES"]["default"]["NAME"] == "portal"
    assert production["DATABASES"]["default"]["OPTIONS"] == {
        "keepalives_idle": 30,
        "keepalives_interval": 10,
        "keepalives_count": 3,
        "options": "-c max_parallel_workers_per_gather=0 -c jit=off",
        "sslmode": "require",
        "pool": {"min_size": 1, "max_size": 4},
    }
    assert plain["EMAIL_PORT"] == 465
    assert plain["SITE_URL"] == "http://portal.example.org"
    assert plain["SECURE_SSL_REDIRECT"] is False


def test_sqlite_waits_for_its_lock_and_writes_ahead(tmp_path):
    [found] = try_each([{"DATABASE_URL": ""}], tmp_path / "new" / "folder", "DATABASES", **PRODUCTION)
    options = found["DATABASES"]["default"]["OPTIONS"]
    assert options["transaction_mode"] == "IMMEDIATE"
    assert "journal_mode=WAL" in options["init_command"]
    assert (tmp_path / "new" / "folder").is_dir()


def test_a_cache_server_needs_its_package(tmp_path):
    [said] = try_each([{"REDIS_URL": "redis://cache.example.org/0"}], tmp_path, "CACHES", **PRODUCTION)
    if find_spec("redis"):
        assert said["CACHES"]["default"]["LOCATION"] == "redis://cache.example.org/0"
    else:
        assert said.startswith("REDIS_URL is set, but the package redis is missing: ")


@pytest.mark.parametrize("arguments", HELP, ids=" ".join)
def test_help_needs_no_settings(tmp_path, arguments):
    status, said = manage(tmp_path, *arguments)
    assert status == 0
    assert ("import_questions" if arguments == ["--help"] else "usage: ") in said


@pytest.mark.parametrize("arguments", [["worker", "--once"], ["worker", "--", "--help"], ["import_questions", "help"]])
def test_whatever_runs_needs_them(tmp_path, arguments):
    assert manage(tmp_path, *arguments) == (
        1,
        "The portal is not configured rightly: SITE_URL is missing: set it to an address such as https://example.org.\n",
    )
