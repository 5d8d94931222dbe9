"""Portals to measure: each with a database of its own, filled, and served as in production."""

import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql

from portal.management.commands.serve import server
from tests.load.client import Connection
from tests.processes import FOLDER, KEPT, free_port

HOST = "127.0.0.1"
WORKERS = "2"
START_TIME = 60  # seconds
TICKS = os.sysconf("SC_CLK_TCK")
PREFIX = "portal_benchmark"
BEGUN = "begun"  # a file that names the database, from before it is filled


class Portal:
    """One engine with so many questions."""

    def __init__(self, engine, number, folder, postgres=None):
        self.engine, self.number, self.server, self.pages = engine, number, None, {}
        self.folder = Path(folder) / f"{engine}-{number}".lower()
        self.postgres, self.database = postgres, f"{PREFIX}_{os.getpid()}_{number}"
        self.folder.mkdir(parents=True, exist_ok=True)
        self.variables = {name: os.environ[name] for name in KEPT if name in os.environ}
        self.variables |= {"DATA_DIR": str(self.folder), "DJANGO_SETTINGS_MODULE": "tests.load.settings"}

    def __str__(self):
        return f"{self.engine} {self.number:,}"

    def run(self, *arguments, **options):
        return subprocess.run([sys.executable, *arguments], cwd=FOLDER, env=self.variables, check=True, **options)

    def prepare(self, texts=None):
        """An empty database, filled; the one that the folder says is there already; begun anew where that failed."""
        filled = self.folder / "filled"
        if not filled.exists():
            self.forget_what_was_begun()
        elif self.postgres:
            self.database = filled.read_text()
        if self.postgres:
            self.variables["DATABASE_URL"] = urlunsplit(urlsplit(self.postgres)._replace(path=f"/{self.database}"))
        if not filled.exists():
            (self.folder / BEGUN).write_text(self.database)
            self.create_database()
            self.run("manage.py", "migrate", "--verbosity", "0")
            self.run("manage.py", "collectstatic", "--noinput", "--verbosity", "0")
            given = ["--texts", str(texts)] if texts else []
            self.run("-m", "tests.load.rows", str(self.number), *given, stdout=subprocess.DEVNULL)
            filled.write_text(self.database)
        found = self.run("-m", "tests.load.addresses", stdout=subprocess.PIPE, text=True).stdout
        self.pages = {page["name"]: page for page in json.loads(found)}

    def forget_what_was_begun(self):
        """A database that an earlier run did not fill to the end."""
        begun = self.folder / BEGUN
        if self.postgres and begun.exists():
            self._tell_postgres("DROP DATABASE IF EXISTS {}", begun.read_text())
        for path in self.folder.glob("portal.sqlite3*"):
            path.unlink()

    def create_database(self):
        if self.postgres:
            self._tell_postgres("CREATE DATABASE {}")

    def drop_database(self):
        if self.postgres:
            self._tell_postgres("DROP DATABASE IF EXISTS {}")

    def _tell_postgres(self, statement, database=None):
        with psycopg.connect(self.postgres, autocommit=True) as connection:
            connection.execute(sql.SQL(statement).format(sql.Identifier(database or self.database)))

    def start(self):
        self.port = free_port()
        command = server(HOST, self.port, WORKERS)
        variables = self.variables | {"SITE_URL": f"http://{HOST}:{self.port}"}  # only its pages are kept
        self.server = subprocess.Popen(command, cwd=FOLDER, env=variables, start_new_session=True)
        until = time.monotonic() + START_TIME
        while time.monotonic() < until:
            with socket.socket() as probe:
                if probe.connect_ex((HOST, self.port)) == 0:
                    return
            time.sleep(0.05)
        raise TimeoutError(f"The server of {self} does not answer.")

    def end(self):
        if self.server:
            self.server.terminate()
            try:
                self.server.wait(15)
            except subprocess.TimeoutExpired:
                self.server.kill()
                self.server.wait()
            self.server = None

    def connections(self, number):
        return [Connection(HOST, self.port) for _number in range(number)]

    def processes(self):
        """The folders of the web processes in /proc, with the fields of their `stat`; none where there is no /proc."""
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                fields = (folder / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue  # it has ended meanwhile
            if int(fields[1]) == self.server.pid:
                yield folder, fields

    def cpu(self):
        """Seconds that the web processes have worked since they began."""
        return sum(int(fields[11]) + int(fields[12]) for _folder, fields in self.processes()) / TICKS

    def memory(self):
        """Megabytes of each web process: (resident, its share of them). Empty where the system does not say."""
        found = []
        for folder, _fields in self.processes():
            lines = (folder / "smaps_rollup").read_text().splitlines()[1:]
            sizes = {line.split()[0]: int(line.split()[1]) // 1024 for line in lines}
            found.append((sizes["Rss:"], sizes["Pss:"]))
        return found
