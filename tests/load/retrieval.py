"""How well the finder finds: recall@10, MRR@10 and nDCG@10 on sets of questions with known counterparts.

    python -m tests.load.retrieval [FOLDER] [--only NAME]

FOLDER (or RETRIEVAL_DATA) holds a folder for each set, with corpus.jsonl and queries.jsonl ("id" and "text" a line) and
qrels.tsv (query, document, 1). Each is loaded into a database of its own as public questions, on SQLite and, where a
server answers, on PostgreSQL; then the finder of `qa.related` is asked, without and with the extra `semantic`, and as a
rebuild of all related questions asks it.
"plain" is what to compare with: SQLite's bm25 of any of the words. Constants were chosen on the queries called "tuned".
Two more sets are made of medquad_sample.jsonl (a question finds its own answer; "unseen": no constant was chosen on it)
and of the pairs that medquad gives in pairs_ccby.jsonl (the same asked of another name). Figures to read, never a pass
or fail.
"""

import argparse
import hashlib
import json
import math
import os
import re
import sqlite3
import subprocess
import sys
import time
from collections import defaultdict
from pathlib import Path

import django
from django.db import connection
from django.utils import timezone
from tqdm import tqdm

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
django.setup()

from accounts.models import Specialty  # noqa: E402
from qa import embedding, related  # noqa: E402
from qa.models import Question, QuestionStatus  # noqa: E402
from qa.related.finding import find_matches_of  # noqa: E402
from qa.search import Finder, catch_up  # noqa: E402
from qa.search.words import recount  # noqa: E402
from tests.__main__ import environment, find_postgres, own_database  # noqa: E402

SHOWN = 10
BATCH = 32  # queries
TITLE = 200  # characters
IN_PROCESS = "RETRIEVAL_ENGINE"  # set in the process that measures one engine


def read_sets(folder, only):
    """Each set there is: its name, documents and queries by id, and what is right for each query."""
    for path in sorted(folder.glob("*/qrels.tsv")):
        documents, queries = (read_texts(path.with_name(name)) for name in ("corpus.jsonl", "queries.jsonl"))
        right = defaultdict(set)
        for line in path.read_text(encoding="utf-8").splitlines():
            query, document, is_right = line.split("\t")
            if is_right != "0":
                right[query].add(document)
        yield path.parent.name, documents, queries, right
    for name, file, read in MADE:
        if (folder / file).exists():
            yield name, *read(folder / file)


def read_texts(path):
    with path.open(encoding="utf-8") as lines:
        return {record["id"]: record["text"] for record in map(json.loads, lines)}


def answers(path):
    """Answers are the documents, their questions the queries; one asked twice has two right answers."""
    with path.open(encoding="utf-8") as lines:
        records = [json.loads(line) for line in lines]
    asked = defaultdict(set)
    for record in records:
        asked[record["title"]].add(record["id"])
    documents = {record["id"]: record["answer"] for record in records}
    queries = {f"asked {record['id']}": record["title"] for record in records}
    return documents, queries, {key: asked[title] for key, title in queries.items()}


def pairs(path):
    """Questions are documents and queries alike; right are those that ask the same of another name for the thing."""
    with path.open(encoding="utf-8") as lines:
        records = [json.loads(line) for line in lines]
    right = defaultdict(set)
    for record in records:
        if record["source"] == "medquad-focus" and record["label"] == 1:
            right[record["q1"]].add(record["q2"])
            right[record["q2"]].add(record["q1"])
    texts = {text: text for text in sorted(right)}
    return texts, texts, right


MADE = (
    ("medquad_answers (unseen)", "medquad_sample.jsonl", answers),
    ("medquad_pairs", "pairs_ccby.jsonl", pairs),
)


def is_held_out(query):
    return hashlib.sha256(query.encode()).digest()[0] % 2 == 1


def load(documents):
    """A public question of each document, found by search. Returns the id of the document of each key."""
    Question.objects.all().delete()
    specialty = Specialty.objects.get_or_create(name="Any", slug="any")[0]
    now = timezone.now()
    fields = {"specialty": specialty, "status": QuestionStatus.ANSWERED, "answered_at": now, "asked_at": now}
    rows = Question.objects.bulk_create(
        Question(title=text[:TITLE], body=text[TITLE:], source_id=number, source="measured", **fields)
        for number, text in enumerate(documents.values())
    )
    while catch_up():
        pass
    recount()  # without the words of the set before
    return dict(zip((row.pk for row in rows), documents, strict=True))


def figures(ranks, right):
    """Recall@10, MRR@10 and nDCG@10, the mean of all queries of `ranks`."""
    recall = reciprocal = gain = 0.0
    for query, found in ranks.items():
        hits = [place for place, document in enumerate(found[:SHOWN], 1) if document in right[query]]
        recall += len(hits) / len(right[query])
        reciprocal += 1 / hits[0] if hits else 0
        ideal = sum(1 / math.log2(place + 1) for place in range(1, min(SHOWN, len(right[query])) + 1))
        gain += sum(1 / math.log2(place + 1) for place in hits) / ideal
    return [total / (len(ranks) or 1) for total in (recall, reciprocal, gain)]


def plain_ranks(documents, queries):
    """What a plain full-text search finds: any of the words, by bm25, with the endings of English words cut."""
    index = sqlite3.connect(":memory:")
    index.execute("CREATE VIRTUAL TABLE texts USING fts5(id UNINDEXED, text, tokenize='porter unicode61')")
    index.executemany("INSERT INTO texts VALUES (?, ?)", documents.items())
    found = "SELECT id FROM texts WHERE texts MATCH ? ORDER BY bm25(texts) LIMIT ?"
    ranks = {}
    for query, text in queries.items():
        words = " OR ".join(f'"{word}"' for word in dict.fromkeys(re.findall(r"\w+", text.lower())))
        rows = index.execute(found, [words, SHOWN + 1]) if words else []
        ranks[query] = [key for (key,) in rows if key != query][:SHOWN]
    return ranks


def measure(name, documents, queries, right):
    report(name, "plain", plain_ranks(documents, queries), right)
    ids = load(documents)
    ways = [("words", {})]
    if embedding.is_usable():
        began = time.perf_counter()
        related.embed_missing(progress=tqdm(total=len(ids), unit=" texts", desc="embedding", leave=False))
        print(f"{name:28} {len(ids) / (time.perf_counter() - began):.0f} texts embedded a second")
        ways.append(("words and meaning", {"with_meaning": True}))
    for way, options in ways:
        ranks, times = {}, []
        for query, text in tqdm(queries.items(), unit=" queries", desc=way, leave=False):
            began = time.perf_counter()
            found = related.find_matches(text, limit=SHOWN + 1, **options)
            times.append(time.perf_counter() - began)
            ranks[query] = [key for match in found if (key := ids[match.question_id]) != query]
        report(name, way, ranks, right)
        print(f"{name:28} {way:18} {sorted(times)[len(times) // 2] * 1000:.1f} ms a query", flush=True)
    report(name, "words, in batches", ranks_in_batches(ids, queries), right)


def ranks_in_batches(ids, queries):
    """What a rebuild of all related questions finds by words."""
    finder, ranks, waiting = Finder(), {}, list(queries.items())
    while waiting:
        batch, waiting = waiting[:BATCH], waiting[BATCH:]
        texts = {-place: text for place, (_query, text) in enumerate(batch, 1)}  # keys that no question has
        found = find_matches_of(texts, {}, finder, SHOWN + 1)
        for (query, _text), matches in zip(batch, found, strict=True):
            ranks[query] = [key for match in matches if (key := ids[match.question_id]) != query]
    return ranks


def report(name, way, ranks, right):
    halves = {"all": ranks}
    if "unseen" not in name:
        halves["tuned"] = {query: found for query, found in ranks.items() if not is_held_out(query)}
        halves["held out"] = {query: found for query, found in ranks.items() if is_held_out(query)}
    for half, chosen in halves.items():
        recall, reciprocal, gain = figures(chosen, right)
        print(f"{name:28} {way:18} {half:9} recall {recall:.3f}  MRR {reciprocal:.3f}  nDCG {gain:.3f}", flush=True)


def measure_engine(sets):
    """In a database made for this and dropped afterwards."""
    usual = connection.settings_dict["NAME"]
    print(f"\n=== {connection.display_name} ===", flush=True)
    connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    try:
        for found in sets:
            measure(*found)
    finally:
        connection.creation.destroy_test_db(usual, verbosity=0)


def main():
    parser = argparse.ArgumentParser(prog="python -m tests.load.retrieval", description=__doc__.splitlines()[0])
    parser.add_argument("folder", nargs="?", type=Path, default=os.environ.get("RETRIEVAL_DATA", ""))
    parser.add_argument("--only", default="", help="sets whose name holds this")
    options = parser.parse_args()
    is_named = str(options.folder) != "."
    if not options.folder.is_dir():
        parser.error(f"there is no folder {options.folder}")
    sets = list(read_sets(options.folder, options.only)) if is_named else []
    sets = [found for found in sets if options.only in found[0]]
    if not sets:
        where = f" in {options.folder}" if is_named else ""
        print(f"There are no sets to measure with{where}: name their folder, or set RETRIEVAL_DATA to it.")
        return 0
    if os.environ.get(IN_PROCESS):
        measure_engine(sets)
        return 0
    address, reason = find_postgres()
    if not address:
        print(f"Without PostgreSQL: {reason}.")
    databases = ["", own_database(address)] if address else [""]
    command = [sys.executable, "-m", "tests.load.retrieval", *sys.argv[1:]]
    runs = [subprocess.run(command, env=environment(url) | {IN_PROCESS: "1"}, check=False) for url in databases]
    return max(run.returncode for run in runs)


if __name__ == "__main__":
    sys.exit(main())
