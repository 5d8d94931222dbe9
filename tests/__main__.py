"""`python -m tests`: all tests on SQLite, then on PostgreSQL where a server answers, and what was skipped and why.

What it does not know itself it passes on to pytest: `python -m tests -k reply`.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ElementTree
from collections import Counter
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg

FOLDER = Path(__file__).resolve().parent.parent
POSTGRES_SERVERS = ["postgres://postgres@127.0.0.1:5432/postgres", "postgres:///postgres"]
# What would make the tests another portal than the default one.
PORTAL_VARIABLES = """
    ALLOWED_HOSTS BEHIND_PROXY CRISIS_LINE DATABASE_POOL_SIZE DATABASE_URL DATA_DIR DEBUG DJANGO_SETTINGS_MODULE
    EMAIL_URL EMBEDDING_MODEL EMERGENCY_NUMBER FROM_EMAIL REDIS_URL SECRET_KEY SITE_NAME SITE_URL SSL_REDIRECT TIME_ZONE
""".split()  # noqa: SIM905
ON_ALL_CORES = ["-n", "auto", "--dist", "loadfile"]
SAYING = ["-rfEs", "--durations=10", "--durations-min=5"]  # what failed or was skipped, and what took 5 seconds or more
NO_TESTS = 5  # what pytest ends with where none was chosen


class Run:
    """One run of pytest: its exit status, its numbers, and the reasons for which it skipped."""

    def __init__(self, name, database_url, arguments):
        print(f"\n=== {name} ===\n", flush=True)
        began = time.monotonic()
        with tempfile.TemporaryDirectory() as folder:
            report = Path(folder, "report.xml")
            command = [sys.executable, "-m", "pytest", *ON_ALL_CORES, *SAYING, f"--junitxml={report}", *arguments]
            self.status = subprocess.run(command, cwd=FOLDER, env=environment(database_url), check=False).returncode
            cases = ElementTree.parse(report).findall(".//testcase") if report.exists() else []
        self.name = name
        self.seconds = time.monotonic() - began
        self.skips = Counter(
            skip.get("message") or "no reason given"
            for case in cases
            for skip in case.findall("skipped")
            if skip.get("type") == "pytest.skip"
        )
        self.failed = sum(1 for case in cases if case.find("failure") is not None or case.find("error") is not None)
        self.passed = len(cases) - self.failed - self.skips.total()

    def __str__(self):
        numbers = f"{self.passed} passed, {self.failed} failed, {self.skips.total()} skipped"
        return f"{self.name}: {numbers} in {self.seconds:.0f} seconds"


def environment(database_url):
    """This process's own, without the portal's variables: the tests choose theirs."""
    usual = {name: value for name, value in os.environ.items() if name not in PORTAL_VARIABLES}
    return usual | {"DATABASE_URL": database_url}


def find_postgres():
    """The address of a server where a test database can be made, or None; and the reason why not."""
    reasons = []
    for address in [os.environ["TEST_POSTGRES_URL"]] if os.environ.get("TEST_POSTGRES_URL") else POSTGRES_SERVERS:
        shown = urlunsplit(urlsplit(address)._replace(netloc=urlsplit(address).netloc.rpartition("@")[2]))
        try:
            with psycopg.connect(address, connect_timeout=3) as connection:
                query = "SELECT rolcreatedb OR rolsuper FROM pg_roles WHERE rolname = current_user"
                if connection.execute(query).fetchone()[0]:
                    return address, ""
                reasons.append(f"the role may not make databases at {shown}")
        except psycopg.Error:
            reasons.append(f"no server answers at {shown}")
    return None, " and ".join(reasons)


def own_database(address):
    """The address with a database name of this process's own, so that two runs at once do not meet."""
    return urlunsplit(urlsplit(address)._replace(path=f"/portal_{os.getpid()}"))


def main():
    parser = argparse.ArgumentParser(prog="python -m tests", description=__doc__, allow_abbrev=False)
    parser.add_argument("--skip-nothing", action="store_true", help="fail where anything was skipped")
    own, for_pytest = parser.parse_known_args()
    skip_nothing = own.skip_nothing or os.environ.get("SKIP_NOTHING", "") not in ("", "0")

    runs = [Run("SQLite", "", for_pytest)]
    address, reason = find_postgres()
    if address:
        runs.append(Run("PostgreSQL", own_database(address), for_pytest))

    print("\n=== Summary ===\n")
    skipped = [] if address else [f"the PostgreSQL run: {reason}"]
    for run in runs:
        print(run)
        skipped += [f"{number} with {run.name}: {why}" for why, number in run.skips.items()]
    for what in skipped:
        print(f"Skipped: {what}")
    statuses = {run.status for run in runs}
    if statuses - {0, NO_TESTS}:
        return 1
    if statuses == {NO_TESTS}:
        return NO_TESTS
    if skipped and skip_nothing:
        print("Nothing was to be skipped, so this counts as a failure.")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
