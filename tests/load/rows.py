"""Fills an empty, migrated database with questions and all that hangs on them, fast: no model is made, no trigger runs.

    python -m tests.load.rows 10000 [--texts FOLDER]

FOLDER holds JSON lines of real questions, whose sentences are used; without it they are those of the archive. Topics,
specialties and doctors are drawn by Zipf's law, dates lie in the last twenty years. Prints what the benchmark needs.
"""

import argparse
import datetime
import itertools
import json
import os
import random
import sys

import django
from tqdm import tqdm

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.load.settings")
django.setup()

from django.db import connection, transaction  # noqa: E402
from django.utils import timezone  # noqa: E402
from django.utils.text import slugify  # noqa: E402

from accounts.models import Doctor, Specialty  # noqa: E402
from qa import planning, search, tallies  # noqa: E402
from qa.models import (  # noqa: E402
    Article,
    Flag,
    Helpful,
    Photo,
    PublicChange,
    Question,
    QuestionEvent,
    QuestionPart,
    QuestionTopic,
    RelatedQuestion,
    RelatedTopic,
    Reply,
    Topic,
)
from tests.load.bulk import bulk_load, insert  # noqa: E402
from tests.load.texts import Writer, zipf  # noqa: E402

BATCH = 5_000  # questions
YEARS = 20
SPECIALTIES = """Dermatology|Internal Medicine|Gynaecology|Paediatrics|Orthopaedics|Psychiatry|Ear, Nose and Throat|
Ophthalmology|Cardiology|Gastroenterology|Neurology|Urology|Endocrinology|Pulmonology|Rheumatology|Family Medicine|
Dentistry|Surgery|Oncology|Nephrology|Haematology|Infectious Diseases|Plastic Surgery|Rehabilitation|Nutrition|
Anaesthesiology|Radiology|Allergology|Sleep Medicine|Rare Disease""".replace("\n", "").split("|")
WAITING = 200  # of so many answered questions, one waits for a moderator, another for a doctor
HOUR = datetime.timedelta(hours=1)


class World:
    """The few rows that the many lead to, and the dice."""

    def __init__(self, number, writer):
        self.number, self.writer, self.random = number, writer, random.Random(2)
        self.begin = timezone.now() - datetime.timedelta(days=365 * YEARS)
        self.step = datetime.timedelta(days=365 * YEARS) / number
        self.specialties = list(range(1, len(SPECIALTIES) + 1))
        self.topics = list(range(1, min(3000, 40 + number // 50) + 1))
        self.doctors = list(range(1, min(2000, 20 + number // 250) + 1))
        self.specialty_weights, self.topic_weights = zipf(len(self.specialties)), zipf(len(self.topics))
        self.doctor_weights = zipf(len(self.doctors), 0.7)
        homes = self.draw(self.specialties, self.specialty_weights, len(self.topics))
        self.home_of = dict(zip(self.topics, homes, strict=True))
        self.keys = itertools.count(1)

    def draw(self, things, weights, number):
        return self.random.choices(things, cum_weights=weights, k=number)

    def fill(self):
        """Specialties, topics and doctors."""
        insert(Specialty, ["id", "name", "slug"], [(n, s, slugify(s)) for n, s in enumerate(SPECIALTIES, 1)])
        names = [word.capitalize() for word in self.writer.rare[: len(self.topics)]]
        insert(Topic, ["id", "name", "slug", "kind"], [(n, w, slugify(w), "condition") for n, w in enumerate(names, 1)])
        pairs = {(topic, home) for topic, home in self.home_of.items()}
        pairs |= {(t, self.random.choice(self.specialties)) for t in self.topics[:: max(1, len(self.topics) // 500)]}
        insert(Topic.specialties.through, ["topic_id", "specialty_id"], sorted(pairs))
        doctors = [(n, f"Doctor {n:04}", f"doctor-{n:04}", True) for n in self.doctors]
        insert(Doctor, ["id", "name", "slug", "is_from_archive"], doctors)
        homes = self.draw(self.specialties, self.specialty_weights, len(self.doctors))
        insert(Doctor.specialties.through, ["doctor_id", "specialty_id"], list(zip(self.doctors, homes, strict=True)))


def fill_answered(world, first, number):
    """Answered questions with the keys from `first` on, and all that hangs on them."""
    write, dice = world.writer, world.random
    asked = [world.begin + world.step * (first + n) for n in range(number)]
    specialties = world.draw(world.specialties, world.specialty_weights, number)
    titles, bodies = write.texts(number, 1, 1), write.texts(number, 2, 9)
    rare = write.rare_words(number)
    rows = (
        (first + n, specialties[n], titles[n][:150], f"{bodies[n]} {rare[n][0]} {rare[n][1]}", asked[n], 20, 29,
         "answered", asked[n] + 9 * HOUR, asked[n] + 9 * HOUR, f"load-{first + n}")
        for n in range(number)
    )  # fmt: skip
    insert(
        Question,
        ["id", "specialty_id", "title", "body", "asked_at", "age_from", "age_to", "status", "answered_at",
         "changed_at", "source_id"],
        rows,
        pseudonym="Blue Heron", sex="female", source="load",
    )  # fmt: skip
    fill_replies(world, first, asked, specialties)
    fill_topics(world, first, asked)
    related = [
        (first + n, other, position)
        for n in range(number)
        for position, other in enumerate({dice.randrange(1, first + n) for _ in range(4)} if first + n > 8 else (), 1)
    ]
    insert(RelatedQuestion, ["question_id", "related_id", "position"], related, origin="computed")
    with_parts = range(first, first + number, 4)
    parts = [(next(world.keys), key, position, "What is it?") for key in with_parts for position in (1, 2)]
    insert(QuestionPart, ["id", "question_id", "position", "text"], parts)
    photos = [(key, 1, f"{key}.webp", asked[0], asked[0]) for key in range(first, first + number, 50)]
    columns = ["question_id", "position", "file", "consented_at", "accepted_at"]
    insert(Photo, columns, photos, audience="public", hints="[]")


def fill_replies(world, first, asked, specialties):
    """One reply each, and of every fifth question another one; with votes and events."""
    number = len(asked)
    every_fifth = range(0, number, 5)
    of = [*range(number), *every_fifth]
    bodies, doctors = world.writer.texts(len(of), 3, 9), world.draw(world.doctors, world.doctor_weights, len(of))
    rows = (
        (key, f"{key:032x}", first + n, doctors[index], specialties[n], bodies[index], asked[n] + 9 * HOUR, asked[n])
        for index, n in enumerate(of)
        for key in [first * 2 + index]
    )
    columns = ["id", "key", "question_id", "doctor_id", "specialty_id", "body", "published_at", "created_at"]
    insert(Reply, columns, rows, status="published", next_step="routine")
    votes = [(first * 2 + n, bool(n % 3), f"{first + n:032x}", asked[n]) for n in range(0, number, 3)]
    insert(Helpful, ["reply_id", "is_helpful", "visitor", "created_at"], votes)
    events = [(first + n, "replied", asked[n] + 9 * HOUR, asked[n] + 9 * HOUR) for n in range(number)]
    insert(QuestionEvent, ["question_id", "kind", "created_at", "notified_at"], events)


def fill_topics(world, first, asked):
    """One or two topics each, and four related ones."""
    number = len(asked)
    drawn = iter(world.draw(world.topics, world.topic_weights, 6 * number))
    about, related = [], []
    for key in range(first, first + number):
        about += [
            (topic, key, asked[key - first] + 9 * HOUR)
            for topic in set(itertools.islice(drawn, world.random.randint(1, 2)))
        ]
        topics = set(itertools.islice(drawn, 4))
        related += [(key, topic, world.home_of[topic], position) for position, topic in enumerate(topics, 1)]
    insert(QuestionTopic, ["tag_id", "content_object_id", "listed_at"], about)
    insert(RelatedTopic, ["question_id", "topic_id", "specialty_id", "position"], related, origin="computed")


def fill_waiting(world, first):
    """What waits at the desks: pending and open questions, flags; and articles of their own."""
    number = max(20, world.number // WAITING)
    columns = ["id", "specialty_id", "title", "body", "asked_at", "status", "changed_at", "source_id", "is_urgent"]
    now, titles, bodies = timezone.now(), world.writer.texts(2 * number, 1, 1), world.writer.texts(2 * number, 2, 9)
    specialties = world.draw(world.specialties, world.specialty_weights, 2 * number)
    rows = [
        (first + n, specialties[n], titles[n][:150], bodies[n], now - HOUR * n, "open" if n % 2 else "pending",
         now - HOUR * n, f"load-{first + n}", n % 40 == 0)
        for n in range(2 * number)
    ]  # fmt: skip
    insert(Question, columns, rows, pseudonym="Blue Heron", source="portal")
    flags = [(key, "other", "Please look at this.", now) for key in range(1, number // 4)]
    insert(Flag, ["question_id", "reason", "note", "created_at"], flags)
    texts = world.writer.texts(50, 20, 40)
    articles = [(f"Article {n}", f"article-{n}", text, now - HOUR * n) for n, text in enumerate(texts)]
    insert(Article, ["title", "slug", "body", "published_at"], articles, status="published", origin="editor")


def fill(number, folder=None):
    world = World(number, Writer(number, folder))
    with bulk_load():
        world.fill()
        with tqdm(total=number, unit=" questions", desc=connection.vendor, mininterval=2) as bar:
            for first in range(1, number + 1, BATCH):
                size = min(BATCH, number - first + 1)
                with transaction.atomic():
                    fill_answered(world, first, size)
                bar.update(size)
        with transaction.atomic():
            fill_waiting(world, number + 1)
    PublicChange.objects.create()
    tallies.recount()


def fill_search():
    with tqdm(total=search.number_of_things(), unit=" entries", desc="search", mininterval=2) as bar:
        search.rebuild(bar.update)


def main():
    parser = argparse.ArgumentParser(prog="python -m tests.load.rows", description=__doc__.splitlines()[0])
    parser.add_argument("number", type=int, help="answered questions")
    parser.add_argument("--texts", help="a folder of JSON lines with title and body")
    parser.add_argument("--no-search", action="store_true", help="leave search without entries")
    options = parser.parse_args()
    if Question.objects.exists():
        sys.exit("This database holds questions already: give an empty one.")
    fill(options.number, options.texts)
    if not options.no_search:
        fill_search()
    planning.analyze()
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("VACUUM")
    print(json.dumps({"questions": options.number}))


if __name__ == "__main__":
    main()
