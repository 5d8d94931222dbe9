"""Plain functions that make rows, each with full defaults: name only what the test is about."""

import datetime
import itertools

from django.contrib.auth.models import Group
from django.utils import timezone
from django.utils.crypto import get_random_string
from django.utils.text import slugify

from accounts.models import Doctor, Patient, Specialty, User
from qa import related
from qa.models import (
    Article,
    ArticleStatus,
    Question,
    QuestionStatus,
    RejectReason,
    Reply,
    ReplyStatus,
    Topic,
)
from qa.search import catch_up

numbers = itertools.count(1)


def make_user(email=None, role=None, **fields):
    user = User.objects.create_user(email or f"person{next(numbers)}@example.org", "a-long-secret", **fields)
    if role:
        user.groups.add(Group.objects.get_or_create(name=role)[0])
    return user


def make_specialty(name="Dermatology", **fields):
    return Specialty.objects.get_or_create(name=name, defaults={"slug": slugify(name), **fields})[0]


def make_doctor(name=None, specialties=None, **fields):
    """A verified doctor who may publish today."""
    name = name or f"Doctor Number{next(numbers)}"
    defaults = {
        "slug": slugify(name),
        "licence_number": "12345",
        "licence_issuer": "Ministry of Health",
        "licence_expires_on": timezone.localdate() + datetime.timedelta(days=365),
        "verified_at": timezone.now(),
    }
    if "user" not in fields:
        fields["user"] = make_user(role="Doctors", is_staff=True)
    doctor = Doctor.objects.create(name=name, **defaults | fields)
    doctor.specialties.set(specialties if specialties is not None else [make_specialty()])
    return doctor


def make_patient(pseudonym="Blue Heron", **fields):
    return Patient.objects.create(user=make_user(), pseudonym=pseudonym, **fields)


def make_question(status=QuestionStatus.PENDING, **fields):
    """A question in any status, with what the database asks of that status."""
    moment = timezone.now() - datetime.timedelta(hours=next(numbers))
    defaults = {
        "title": "What are these red spots?",
        "body": "For two weeks I have had small red spots on both shins.",
        "pseudonym": "Blue Heron",
        "age_from": 20,
        "age_to": 29,
        "sex": "female",
        "asked_at": moment,
        "secret_key": get_random_string(22),
    }
    if "specialty" not in fields:
        fields["specialty"] = make_specialty()
    defaults["changed_at"] = fields.get("asked_at", moment)
    if status in (QuestionStatus.ANSWERED, QuestionStatus.REMOVED):
        defaults["answered_at"] = moment + datetime.timedelta(hours=9)
    if status == QuestionStatus.REJECTED:
        defaults["reject_reason"] = RejectReason.UNCLEAR
    return Question.objects.create(status=status, **defaults | fields)


def make_reply(question=None, doctor=None, status=ReplyStatus.DRAFT, **fields):
    question = question or make_question(QuestionStatus.OPEN)
    defaults = {
        "specialty": question.specialty or make_specialty(),
        "body": "Small flat spots that do not fade under a glass should be seen by a doctor.",
        "next_step": "soon",
    }
    if status != ReplyStatus.DRAFT:
        defaults["published_at"] = question.answered_at or timezone.now()
    doctor = doctor or make_doctor()
    return Reply.objects.create(question=question, doctor=doctor, status=status, **defaults | fields)


def make_answered_question(doctor=None, reply_body=None, **fields):
    """A question that the public sees, with one published reply."""
    question = make_question(QuestionStatus.ANSWERED, **fields)
    reply_fields = {"body": reply_body} if reply_body else {}
    make_reply(question, doctor, ReplyStatus.PUBLISHED, **reply_fields)
    return question


def make_topic(name="Red Spots", specialties=None, **fields):
    topic = Topic.objects.create(name=name, slug=fields.pop("slug", slugify(name)), **fields)
    topic.specialties.set(specialties if specialties is not None else [make_specialty()])
    return topic


def make_article(title="Living with eczema", status=ArticleStatus.PUBLISHED, **fields):
    defaults = {"slug": f"{slugify(title)}-{next(numbers)}", "body": "Moisturise **twice** a day."}
    if status == ArticleStatus.PUBLISHED:
        defaults["published_at"] = timezone.now()
    return Article.objects.create(title=title, status=status, **defaults | fields)


def in_step():
    """What the worker does until nothing is left: search and related questions know all that was made."""
    while catch_up() or related.catch_up():
        pass
