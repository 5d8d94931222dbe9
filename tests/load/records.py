"""How fast records are imported, imported again and exported, and how much memory it takes.

    python -m tests.load.records 100000
    python -m tests.load.records 100000 --postgres postgres://postgres@127.0.0.1:5432/postgres

Makes a file of so many records, and a database of its own that is deleted afterwards. Figures to read, no pass or fail.
"""

import argparse
import json
import os
import random
import subprocess
import tempfile
import time
from bisect import bisect
from itertools import accumulate
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
from tqdm import tqdm

from tests.processes import command, environment

NAME = "records_load"  # the database made on PostgreSQL
SEED = 20

SPECIALTIES = """Dermatology, Internal Medicine, Pediatrics, Gynecology, Orthopedics, Urology, Neurology, Cardiology,
Ophthalmology, Psychiatry, Gastroenterology, Ear Nose and Throat, Dentistry, Endocrinology, Plastic Surgery,
Rheumatology, Pulmonology, Oncology, Nephrology, Infectious Disease, Surgery,
Rehabilitation, Nutrition, Rare Disease"""
PLACES = """skin, stomach, back, knee, head, chest, eye, throat, leg, hand, ear, neck, shoulder, foot, tooth, hip,
nose, scalp, elbow, ankle, wrist, lip, tongue, thigh, shin, heel, finger, toe, jaw, belly, groin,
armpit, eyelid, calf, nail"""
SIGNS = """pain, rash, itching, swelling, cough, fever, spots, bleeding, burning, numbness, cramps, dizziness, lump,
tiredness, nausea, discharge, redness, stiffness, weakness, tingling, ringing, blisters, dryness, bruise, palpitations,
shaking, sweating, hoarseness, diarrhea, constipation, heartburn, insomnia, blurred vision, hair loss, weight loss"""
CAUSES = """eczema, an allergy, an infection, a fungus, stress, reflux, a pinched nerve, arthritis, an ulcer, shingles,
psoriasis, scabies, vasculitis, tendinitis, migraine, anemia, thyroid trouble, gout, a cyst, hives, rosacea, asthma,
bronchitis, a kidney stone, a hernia, sciatica, glaucoma, celiac disease, endometriosis, tinnitus, lupus, scleroderma"""
TREATMENTS = """a moisturiser, rest, a warm compress, paracetamol, ibuprofen, an antihistamine, a cortisone cream,
stretching, plenty of water, an antifungal cream, a splint, eye drops, a blood test, an ultrasound, a biopsy,
an X-ray"""
SINCE = """two days, a week, ten days, two weeks, a month, three months, half a year, a year, several years"""
ASKING = [
    "For {since} I have had {sign} on my {place}.", "It started with {sign} near the {place} and now there is {sign2}.",
    "I have tried {treatment}, but it did not help much.", "My {place} feels worse in the evening, with some {sign}.",
    "A friend told me that it could be {cause}.", "Could this be {cause} or rather {cause2}?",
    "Do I need {treatment}, or can I wait?", "I am worried because of the {sign}.", "There is no {sign2} so far.",
    "The {sign} comes and goes, mostly after work.", "Which doctor should I see about my {place}?",
]  # fmt: skip
REPLYING = [
    "From what you write, {cause} is more likely than {cause2}.", "{sign} of the {place} often goes by itself.",
    "You can try {treatment} for {since}.", "If the {sign} gets worse, please see a doctor in person.",
    "Without looking at your {place} nobody can tell for sure.", "I would also think of {cause}.",
    "Please do not use {treatment} for longer than {since}.", "{treatment} usually helps with {sign}.",
]  # fmt: skip


class Zipf:
    """Draws entries of a list, the first most often, the n-th one n times less often."""

    def __init__(self, entries):
        self.entries = entries
        self.totals = list(accumulate(1 / rank for rank in range(1, len(entries) + 1)))

    def draw(self, chance):
        return self.entries[bisect(self.totals, chance.random() * self.totals[-1])]


def listed(text):
    return Zipf([" ".join(entry.split()) for entry in text.split(",")])


WORDS = {
    "place": listed(PLACES), "sign": listed(SIGNS), "sign2": listed(SIGNS), "cause": listed(CAUSES),
    "cause2": listed(CAUSES), "treatment": listed(TREATMENTS), "since": listed(SINCE),
}  # fmt: skip
FILED = listed(SPECIALTIES)
FIRST = listed("Lin, Chen, Huang, Chang, Lee, Wang, Wu, Liu, Tsai, Yang, Hsu, Cheng, Hsieh, Kuo, Hung, Chiu, Liao, Lai")
LAST = listed("An, Bo, Chun, Da, En, Fang, Guo, Hao, Jia, Kai, Lan, Mei, Nan, Pei, Rui, Shu, Ting, Wen, Xin, Yi, Zhi")
TOPICS = Zipf([f"{sign} of the {place}".title() for place in WORDS["place"].entries for sign in WORDS["sign"].entries])
DOCTORS = Zipf([f"{first} {last}" for first in FIRST.entries for last in LAST.entries])


def sentences(chance, patterns, least, most):
    chosen = [chance.choice(patterns) for _ in range(chance.randint(least, most))]
    text = "\n".join(pattern.format_map({name: z.draw(chance) for name, z in WORDS.items()}) for pattern in chosen)
    return "\n".join(line[:1].upper() + line[1:] for line in text.splitlines())


def make_record(number, chance):
    """A question with one reply or two, as an archive of many years would hold it."""
    asked = time.gmtime(1_072_915_200 + chance.randrange(21 * 365) * 86_400)
    day, specialty = time.strftime("%Y-%m-%d", asked), FILED.draw(chance)
    sign, place = WORDS["sign"].draw(chance), WORDS["place"].draw(chance)
    age = chance.choice(["6-11", "12-17", "18-29", "30-39", "40-49", "50-59", "60-69"])
    reply = {"doctor": DOCTORS.draw(chance), "specialty": specialty, "date": day}
    replies = [reply | {"body": sentences(chance, REPLYING, 2, 7)} for _ in range(1 + (chance.random() < 0.1))]
    if chance.random() < 0.3:
        replies[0]["next_step"] = chance.choice(["self_care", "routine", "soon", "today"])
    return {
        "source": "load", "id": f"q{number}", "language": "en", "specialty": specialty,
        "topics": sorted({TOPICS.draw(chance) for _ in range(chance.randint(0, 3))}),
        "headline": f"{sign} of the {place}: what it may be".capitalize(),
        "title": f"What is this {sign} on my {place}?",
        "body": sentences(chance, ASKING, 2, 9), "parts": [f"What helps with {sign}?"] * (chance.random() < 0.3),
        "pseudonym": chance.choice(["Blue Heron", "Grey Goose", "Red Fox", "Small Owl"]), "age_band": age,
        "sex": chance.choice(["female", "male"]), "asked": day, "replies": replies,
    }  # fmt: skip


def write_records(path, number, only_each=0):
    """Write so many records; or of those only each so many, which say one thing more."""
    chance = random.Random(SEED)
    with path.open("w", encoding="utf-8") as file:
        for at in tqdm(range(number), desc="Making the file", unit=" records", disable=None):
            record = make_record(at, chance)
            if only_each and at % only_each:
                continue
            if only_each:
                record["body"] += "\nSince yesterday it has been better."
            file.write(json.dumps(record, ensure_ascii=False) + "\n")


def run(data_dir, address, *arguments):
    """Runs manage.py: the seconds it took, those its processor worked, the most megabytes it held, what it said."""
    began = time.perf_counter()
    variables = {"DEBUG": "1", "DATABASE_URL": address}
    process = subprocess.Popen(command(*arguments), env=environment(data_dir, **variables), stdout=subprocess.PIPE)
    said = process.stdout.read()
    _pid, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"{arguments[0]} failed.")
    seconds = time.perf_counter() - began
    return seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, said.decode()


def measure(folder, address, number):
    """All steps, each as a row of the table."""
    records, changed, out = folder / "records.jsonl", folder / "changed.jsonl", folder / "out.jsonl"
    write_records(records, number)
    write_records(changed, number, only_each=10)
    create = ["--specialties", "create", "--topics", "create"]
    run(folder, address, "migrate", "--verbosity", "0")
    steps = [
        ("import", ["import_questions", str(records), *create]),
        ("import again", ["import_questions", str(records), *create]),
        ("import changes", ["import_questions", str(changed), *create]),
        ("export", ["export_questions", str(out)]),
    ]
    for what, arguments in steps:
        seconds, worked, memory, said = run(folder, address, *arguments)
        count = number // 10 if "changes" in what else number
        yield what, seconds, worked, count / seconds, memory, said.strip().replace(str(folder), "")
    sizes = [path.stat().st_size / 1e6 for path in (records, out)]
    print(f"File: {sizes[0]:.0f} MB; exported: {sizes[1]:.0f} MB.")


def print_table(rows):
    print(f"\n{'step':<16} {'seconds':>8} {'working':>8} {'questions/s':>12} {'memory MB':>10}  said")
    for what, seconds, worked, rate, memory, said in rows:
        print(f"{what:<16} {seconds:8.1f} {worked:8.1f} {rate:12,.0f} {memory:10.0f}  {said}", flush=True)


def main():
    parser = argparse.ArgumentParser(prog="python -m tests.load.records", description=__doc__.splitlines()[0])
    parser.add_argument("number", type=int, help="how many records")
    parser.add_argument("--postgres", metavar="URL", help="a database of a server where another one may be made")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="records-") as folder:
        if not options.postgres:
            print_table(measure(Path(folder), f"sqlite:///{folder}/portal.sqlite3", options.number))
            return
        with psycopg.connect(options.postgres, autocommit=True) as server:
            server.execute(f"DROP DATABASE IF EXISTS {NAME}")
            server.execute(f"CREATE DATABASE {NAME}")
            try:
                address = urlunsplit(urlsplit(options.postgres)._replace(path=f"/{NAME}"))
                print_table(measure(Path(folder), address, options.number))
            finally:
                server.execute(f"DROP DATABASE {NAME} WITH (FORCE)")


if __name__ == "__main__":
    main()
