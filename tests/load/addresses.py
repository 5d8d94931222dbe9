"""What the benchmark asks a filled portal for: prints each page's paths and headers, as JSON.

    python -m tests.load.addresses

Makes a moderator and a doctor, signs them in, and begins to ask a question.
"""

import datetime
import json
import os
import random

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.load.settings")
django.setup()

from django.conf import settings  # noqa: E402
from django.contrib.auth.models import Group  # noqa: E402
from django.test import Client  # noqa: E402
from django.urls import reverse  # noqa: E402
from django.utils import timezone  # noqa: E402

from accounts.models import Doctor, Specialty, User  # noqa: E402
from qa.models import Question, SearchSpelling, SearchWord, Tally, Topic  # noqa: E402

SAMPLE = 200  # different questions, words and texts
COMMON = 5  # words, the most frequent ones
DEEP = 500  # pages
PAGE_SIZE = 20
dice = random.Random(3)


def pages():
    """Each page's name with its paths; "cold" where each request is for another address, so that none is kept."""
    questions = sample(Question.objects.public().count())
    details = [question.get_absolute_url() for question in questions]
    specialty = Specialty.objects.get(pk=most(Tally.objects.of_specialties(), "specialty"))
    topic = Topic.objects.get(pk=most(Tally.objects.of_topics(), "topic"))
    doctor = Doctor.objects.get(pk=most(Tally.objects.of_doctors(), "doctor"))
    rare = Tally.objects.of_topics().order_by("number", "topic").values_list("topic", flat=True)[:SAMPLE]
    pair = Tally.objects.of_pairs().filter(topic=topic, specialty__in=topic.specialties.all()).order_by("-number")[0]
    yield page("question", details, cold=True)
    yield page("question, kept", details[:1])
    yield page("question, unchanged", details[:1], unchanged=True)
    yield page("home", [reverse("home")], cold=True)
    yield page("home, kept", [reverse("home")])
    yield page("specialty, page 1", [specialty.get_absolute_url()], cold=True)
    yield page(f"specialty, page {DEEP}", [specialty.get_absolute_url() + deep_in(specialty)], cold=True)
    yield page("specialties", [reverse("specialty_list")], cold=True)
    yield page("most used topic", [topic.get_absolute_url()], cold=True)
    yield page("it in a specialty", [reverse("specialty_topic", args=[pair.specialty.slug, topic.slug])], cold=True)
    yield page("rare topic", [row.get_absolute_url() for row in Topic.objects.filter(pk__in=list(rare))], cold=True)
    yield page("busiest doctor", [doctor.get_absolute_url()], cold=True)
    yield page("doctors", [reverse("doctor_list")], cold=True)
    yield page("topics", [reverse("topic_list")], cold=True)
    yield page("articles", [reverse("article_list")], cold=True)
    yield page("feed", [reverse("feed_latest")], cold=True)
    yield page("feed of a specialty", [reverse("feed_specialty", args=[specialty.slug])], cold=True)
    yield from searches(questions)
    yield page("ask: similar", [reverse("ask_similar")], headers=asking(questions[0]))
    yield from desks(specialty)


def page(name, paths, cold=False, unchanged=False, headers=None):
    return {"name": name, "paths": paths, "cold": cold, "unchanged": unchanged, "headers": headers or {}}


def sample(number):
    keys = dice.sample(range(1, number + 1), min(SAMPLE, number))
    return list(Question.objects.public().filter(pk__in=keys))


def most(tallies, by):
    return tallies.order_by("-number").values_list(by, flat=True)[0]


def deep_in(specialty):
    """The query string of the 500th page, or of the last one where there are fewer."""
    rows = Question.objects.public().filter(specialty=specialty).order_by("-answered_at", "-pk")
    number = min(DEEP * PAGE_SIZE, rows.count() - PAGE_SIZE)
    row = rows[max(0, number - PAGE_SIZE - 1)]
    return f"?after={row.pk}~{row.answered_at.isoformat().replace('+', '%2B')}"


def searches(questions):
    bodies = [question.body.split() for question in questions]
    terms = SearchWord.objects.filter(term__gt="").exclude(term__startswith="_").order_by("-number")[:COMMON]
    spellings = SearchSpelling.objects.filter(term__in=[word.term for word in terms]).order_by("term", "spelling")
    common = list({row.term: row.spelling for row in spellings}.values())
    phrases = [" ".join(words[-3:]).replace(".", "") for words in bodies]  # the last two words are rare
    yield page("search: common word", [f"{reverse('search')}?q={word}" for word in common], cold=True)
    yield page("search: rare phrase", [f"{reverse('search')}?q={words.replace(' ', '+')}" for words in phrases])
    typed = [words[-1][:length] for words in bodies for length in (2, 3, 5)]
    yield page("suggestion", [f"{reverse('search_suggestions')}?q={letters}" for letters in typed])


def asking(question):
    """The session of somebody who has begun to ask what resembles the question."""
    client = Client(SERVER_NAME="127.0.0.1")
    client.post(reverse("ask_about"), {"title": question.title, "body": question.body})
    return {"Cookie": "; ".join(f"{name}={cookie.value}" for name, cookie in client.cookies.items())}


def desks(specialty):
    moderator, user = (
        User.objects.get_or_create(email=f"{name}@example.org", defaults={"is_staff": True})[0]
        for name in ("load-moderator", "load-doctor")
    )
    moderator.groups.add(Group.objects.get(name="Moderators"))
    user.groups.add(Group.objects.get(name="Doctors"))
    fields = {"licence_number": "1", "licence_issuer": "Load", "licence_expires_on": datetime.date(9999, 12, 31)}
    fields |= {"name": "Load", "user": user, "verified_at": timezone.now()}
    doctor, _is_new = Doctor.objects.update_or_create(slug="load-doctor", defaults=fields)
    doctor.specialties.set([specialty])
    yield page("moderators' queue", [reverse("admin:qa_question_queue")], headers=signed_in(moderator))
    pending = Question.objects.pending().first()
    address = reverse("admin:qa_question_moderate", args=[pending.pk])
    yield page("question to decide on", [address], headers=signed_in(moderator))
    yield page("doctors' queue", [reverse("admin:answer_queue")], headers=signed_in(user))


def signed_in(user):
    client = Client(SERVER_NAME="127.0.0.1")
    client.force_login(user, settings.AUTHENTICATION_BACKENDS[0])
    return {"Cookie": f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}"}


if __name__ == "__main__":
    print(json.dumps(list(pages())))
