"""How often each screening rule hits real questions, on what words, and how long one screen takes.

    python -m tests.load.screening QUESTIONS.jsonl [--sample 3] [--kind emergency]

The file holds one record a line with "title" and "body". Figures to read and judge, never a pass or fail.
"""

import argparse
import json
import os
import random
import statistics
import time
from collections import defaultdict
from pathlib import Path

import django
from tqdm import tqdm

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
django.setup()

from qa.screening import all_rules, screen  # noqa: E402

LENGTH = 2000  # characters of a text whose screening is timed
TIMED = 200  # texts of that length
AROUND = 50  # characters shown before and after a hit


def read_texts(path):
    """Title and body of each record, in one text."""
    with path.open(encoding="utf-8") as lines:
        records = [json.loads(line) for line in lines if line.strip()]
    return ["\n".join(filter(None, [record.get("title"), record.get("body")])) for record in records]


def print_hits(texts, kinds, sample):
    """For each rule: how many texts it hits, and some of the hits with the words around them."""
    found = defaultdict(dict)
    for number, text in enumerate(tqdm(texts, unit=" texts")):
        for finding in screen(text, kinds=kinds):
            found[finding.rule].setdefault(number, finding)
    for rule in all_rules():
        if kinds and rule.kind not in kinds:
            continue
        hits = found[rule.id]
        print(f"{len(hits):6d}  {len(hits) / len(texts):6.1%}  {rule.kind}: {rule.id}")
        for number in random.Random(0).sample(sorted(hits), min(sample, len(hits))):
            print(f"           {number}: {words_around(texts[number], hits[number])}")
    any_hit = {number for hits in found.values() for number in hits}
    print(f"{len(any_hit):6d}  {len(any_hit) / len(texts):6.1%}  of {len(texts)} texts have a hit")


def words_around(text, finding):
    before = text[max(0, finding.start - AROUND) : finding.start]
    after = text[finding.end : finding.end + AROUND]
    return " ".join(f"…{before}[{text[finding.start : finding.end]}]{after}…".split())


def print_times(texts, kinds):
    """Milliseconds of one screen of LENGTH characters, median and 95th percentile, and their ratio to a plain search.

    The plain search (one word, letter by letter, small or capital) says how fast this machine is.
    """
    pile = "\n".join(random.Random(0).sample(texts, len(texts)))
    while len(pile) < LENGTH * TIMED:
        pile += "\n" + pile
    pieces = [pile[start : start + LENGTH] for start in range(0, LENGTH * TIMED, LENGTH)]
    screen(pieces[0])
    times = [milliseconds(lambda piece=piece: screen(piece, kinds=kinds)) for piece in tqdm(pieces, unit=" texts")]
    plain = statistics.median(milliseconds(lambda piece=piece: piece.casefold().split()) for piece in pieces)
    median, slow = statistics.median(times), statistics.quantiles(times, n=20)[-1]
    print(f"One screen of {LENGTH} characters: median {median:.2f} ms, 95th percentile {slow:.2f} ms,")
    print(f"which is {median / plain:.0f} and {slow / plain:.0f} times as long as splitting the text into words.")


def milliseconds(act):
    began = time.perf_counter()
    act()
    return (time.perf_counter() - began) * 1000


def main():
    parser = argparse.ArgumentParser(prog="python -m tests.load.screening", description=__doc__.splitlines()[0])
    parser.add_argument("file", type=Path, help="JSON lines with title and body")
    parser.add_argument("--sample", type=int, default=3, help="hits to show of each rule")
    parser.add_argument("--kind", action="append", help="only rules of this kind; may be given again")
    options = parser.parse_args()
    if not options.file.is_file():
        print(f"Skipped: the hits and times of the screening rules, because there is no file {options.file}.")
        return
    texts = read_texts(options.file)
    if not texts:
        print(f"Skipped: the hits and times of the screening rules, because {options.file} holds no record.")
        return
    print_hits(texts, options.kind, options.sample)
    print_times(texts, options.kind)


if __name__ == "__main__":
    main()
