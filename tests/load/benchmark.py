"""How fast the portal's pages are, on SQLite and PostgreSQL, with few questions and with many.

    make benchmark                  10,000 and 100,000 questions
    make benchmark N=1000000        10,000 and a million

Fills databases of its own, serves them as in production on this machine, and measures all pages of all of them in
turns, so that whatever else the machine does strikes all alike. Each page is compared to a bare view of as many bytes
on the same server. Prints a table and writes JSON; nothing passes or fails.
"""

import argparse
import itertools
import json
import os
import platform
import shutil
import sys
import tempfile
import time
from pathlib import Path

from tqdm import tqdm

from tests.__main__ import find_postgres
from tests.load.client import Timing, load
from tests.load.portals import Portal

CONNECTIONS = 2
ROUNDS = 8  # short ones: the machine may be half as fast a minute later
COUNTED = 8  # times that a page's queries are counted, until each thread has answered once
FEW = 10_000
FIGURES = [("rate", 0), ("p50", 1), ("p99", 1), ("bare", 1), ("cpu", 1)]  # of a page, and their digits
turns = itertools.count()


def ask_once(portal, page, keep=False, **headers):
    (connection,) = portal.connections(1)
    try:
        return connection.get(path_of(page, 0, next(turns)), {**page["headers"], **headers}, keep_body=keep)
    finally:
        connection.close()


def path_of(page, number, turn):
    """The address of the next request; another one each time where nothing kept may answer."""
    path = page["paths"][(turn * CONNECTIONS + number) % len(page["paths"])]
    return f"{path}{'&' if '?' in path else '?'}n={next(turns)}" if page["cold"] else path


class Measured:
    """What was measured of one page of one portal."""

    def __init__(self, portal, page):
        self.portal, self.page, self.timing, self.bare = portal, page, Timing(), Timing()
        first = ask_once(portal, page, **{"Accept-Encoding": "identity"})
        self.status, self.size = first.status, first.size
        self.headers = dict(page["headers"])
        if page["unchanged"]:
            self.headers["If-None-Match"] = first.headers["etag"]
        counted = [ask_once(portal, page, **{**self.headers, "X-Count-Queries": "1"}) for _time in range(COUNTED)]
        self.queries = min(int(answer.headers.get("x-queries", 0)) for answer in counted)  # the first ones connect
        self.answers = (304,) if page["unchanged"] else (200,)

    def measure(self, seconds):
        if self.status != 200:
            return
        connections = self.portal.connections(CONNECTIONS)
        bare = lambda number, turn: f"/bare/{self.size}/"  # noqa: E731
        for total, paths, headers, accepted, share in (
            (self.bare, bare, {}, (200,), 0.4),
            (self.timing, lambda number, turn: path_of(self.page, number, turn), self.headers, self.answers, 0.6),
        ):
            load(connections, paths, 0, headers, accepted)  # once, to be warm
            before = self.portal.cpu()
            found = load(connections, paths, seconds * share, headers, accepted)
            total.cpu += self.portal.cpu() - before
            total.seconds += found.seconds
            total.elapsed += found.elapsed
            total.failures += found.failures
        for connection in connections:
            connection.close()

    def result(self):
        if self.status != 200 or self.timing.failures or not (self.timing.rate and self.bare.rate):
            return {"status": self.status, "failures": self.timing.failures[:3]}
        return {
            "rate": round(self.timing.rate, 1),
            "p50": round(self.timing.percentile(50), 2),
            "p99": round(self.timing.percentile(99), 2),
            "bare": round(self.bare.rate / self.timing.rate, 2),
            "cpu": round(self.timing.each_cpu / self.bare.each_cpu, 2) if self.bare.each_cpu else 0.0,
            "cpu_ms": round(1000 * self.timing.each_cpu, 2),
            "queries": self.queries,
            "bytes": self.size,
        }


def measure(portals, seconds):
    """Every page of every portal, in turns; {portal: {page: result}}."""
    names = list(dict.fromkeys(name for portal in portals for name in portal.pages))
    todo = {
        (portal, name): Measured(portal, portal.pages[name])
        for name in names
        for portal in portals
        if name in portal.pages
    }
    rounds = ROUNDS if seconds else 1
    with tqdm(total=rounds * len(todo), unit=" pages", desc="measuring", mininterval=2) as bar:
        for _round in range(rounds):
            for measured in todo.values():
                measured.measure(seconds / rounds)
                bar.update()
    found = {str(portal): {} for portal in portals}
    for (portal, name), measured in todo.items():
        found[str(portal)][name] = measured.result()
    return found


def table(found, memory):
    """The figures of all portals, a page a line, one table for each engine."""
    lines = []
    engines = dict.fromkeys(name.split()[0] for name in found)
    for engine in engines:
        portals = [name for name in found if name.startswith(engine)]
        columns = "".join(f" {name.split()[1]}: /s | p50 | p99 | bare | cpu |" for name in portals)
        lines += ["", f"| {engine} | queries |{columns}{' growth |' if len(portals) > 1 else ''}"]
        lines += ["|---|" + "---:|" * (lines[-1].count("|") - 2)]
        for page in found[portals[0]]:
            results = [found[name].get(page, {}) for name in portals]
            cells = [page, str(max(result.get("queries", 0) for result in results))]
            for result in results:
                figures = (
                    [f"{result[key]:.{digits}f}" for key, digits in FIGURES]
                    if "p50" in result
                    else ["–"] * len(FIGURES)
                )
                cells += figures
            if len(portals) > 1:
                first, last = (result.get("p50") for result in (results[0], results[-1]))
                cells.append(f"{last / first:.1f}" if first and last else "–")
            lines.append("| " + " | ".join(cells) + " |")
        lines += ["", *(f"Memory of the web processes of {name}: {memory[name]}" for name in portals)]
    return "\n".join(lines)


def in_words(sizes):
    if not sizes:
        return "not told by this system"
    return ", ".join(f"{resident} MB resident, of which {share} MB its own share" for resident, share in sizes)


def machine():
    return f"{platform.machine()}, {len(os.sched_getaffinity(0))} cores, Python {platform.python_version()}"


def main():
    parser = argparse.ArgumentParser(prog="python -m tests.load.benchmark", description=__doc__.splitlines()[0])
    parser.add_argument("number", type=int, nargs="?", default=100_000, help="questions of the larger portals")
    parser.add_argument("--engine", choices=["sqlite", "postgresql"], help="this one only")
    parser.add_argument("--few", type=int, default=FEW, help="questions of the smaller portals; 0 for none")
    parser.add_argument("--seconds", type=float, default=3, help="that each page of each portal is measured")
    parser.add_argument("--texts", type=Path, help="a folder of JSON lines to take sentences from")
    parser.add_argument("--folder", type=Path, help="where databases are kept for the next time; otherwise none is")
    parser.add_argument("--json", type=Path, default=Path("var/benchmark.json"), help="the file to write")
    options = parser.parse_args()
    address, reason = find_postgres() if options.engine != "sqlite" else (None, "not asked for")
    if not address:
        print(f"Skipped: PostgreSQL, because {reason}.")
    engines = {"SQLite": None} if options.engine != "postgresql" else {}
    engines |= {"PostgreSQL": address} if address else {}
    folder = options.folder or Path(tempfile.mkdtemp(prefix="portal-benchmark-"))
    numbers = sorted({number for number in (options.few, options.number) if number})
    portals = [Portal(engine, number, folder, server) for engine, server in engines.items() for number in numbers]
    report(portals, options)


def report(portals, options):
    began = time.monotonic()
    try:
        found, memory = fill_and_measure(portals, options)
    finally:
        for portal in portals:
            portal.end()
            if not options.folder:
                portal.drop_database()
        if not options.folder:
            shutil.rmtree(portals[0].folder.parent)
    print(f"\n{machine()}; {CONNECTIONS} connections; milliseconds")
    print("bare: how many bare views of as many bytes it costs, by answers a second; cpu: by time of the web processes")
    print(table(found, memory))
    options.json.parent.mkdir(parents=True, exist_ok=True)
    options.json.write_text(json.dumps({"machine": machine(), "portals": found, "memory": memory}, indent=1) + "\n")
    print(f"\nWritten to {options.json} after {(time.monotonic() - began) / 60:.0f} minutes.")
    failures = {(name, page) for name, pages in found.items() for page in pages if "p50" not in pages[page]}
    for name, page in sorted(failures):
        print(f"Not measured: {page} of {name}: {found[name][page]}")


def fill_and_measure(portals, options):
    for portal in portals:
        print(f"Filling {portal} …", flush=True)
        portal.prepare(options.texts)
    for portal in portals:
        portal.start()
    pages = max((len(portal.pages) for portal in portals), default=0)
    minutes = pages * len(portals) * options.seconds * 1.2 / 60
    print(f"Measuring {pages} pages: about {minutes:.0f} minutes.", flush=True)
    found = measure(portals, options.seconds)
    return found, {str(portal): in_words(portal.memory()) for portal in portals}


if __name__ == "__main__":
    sys.exit(main())
