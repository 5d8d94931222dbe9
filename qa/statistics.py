"""Numbers the public pages show, from what `qa.tallies` has counted. Nothing is counted while a page is read."""

import datetime
import statistics

from django.db.models import Count, F, OuterRef, Subquery
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import Doctor
from qa.models import Coverage, Question, Tally, Topic

TYPICAL_OF = 100  # the latest questions that the typical reply time is taken from
TYPICAL_FROM = 3  # fewer say nothing


def _tallied(tallies, by):
    """For each row of the outer query, the number of the tally that leads to it by the field `by`."""
    return Coalesce(Subquery(tallies.filter(**{by: OuterRef("pk")}).values("number")[:1]), 0)


def specialties_with_counts(specialties):
    """The specialties with `question_count` (answered questions, as last counted) and `doctor_count`."""
    doctors = Doctor.objects.public().filter(specialties=OuterRef("pk")).order_by().values("specialties")
    return specialties.annotate(
        question_count=_tallied(Tally.objects.of_specialties(), "specialty"),
        doctor_count=Coalesce(Subquery(doctors.annotate(number=Count("pk", distinct=True)).values("number")), 0),
    )


def topics_with_counts(topics):
    """The topics with `question_count`, the answered questions about each"""
    return topics.annotate(question_count=_tallied(Tally.objects.of_topics(), "topic"))


def most_answered_topics(limit):
    """The topics with the most answered questions, by their names; where none has any, the first ones by name."""
    most = Tally.objects.of_topics().filter(number__gt=0).order_by("-number", "topic_id").select_related("topic")
    topics = sorted((tally.topic for tally in most[:limit]), key=lambda topic: topic.name.casefold())
    return topics or Topic.objects.all()[:limit]


def specialties_of_topic(topic):
    """The topic's specialties with `question_count`, the answered questions about it in each"""
    return topic.specialties.annotate(
        question_count=_tallied(Tally.objects.of_pairs().filter(topic=topic), "specialty")
    )


def doctors_with_counts(doctors):
    """The doctors with `reply_count`, their public replies"""
    return doctors.annotate(reply_count=_tallied(Tally.objects.of_doctors(), "doctor"))


def coverage_of(doctor):
    """How far the doctor's public replies cover the parts asked: (label, number, percentage), fullest first."""
    numbers = dict(Tally.objects.of_coverage(doctor).values_list("coverage", "number"))
    total = sum(numbers.values())
    return [(c.label, numbers[c], round(100 * numbers[c] / total)) for c in Coverage if c in numbers]


def typical_reply_time(specialty) -> datetime.timedelta | None:
    """The median time from question to first reply of the latest answered questions; None where there are few."""
    latest = Question.objects.public().asked_here().filter(specialty=specialty).order_by("-answered_at", "-pk")
    times = list(latest.values_list(F("answered_at") - F("asked_at"), flat=True)[:TYPICAL_OF])
    return statistics.median(times) if len(times) >= TYPICAL_FROM else None


def in_words(time: datetime.timedelta | None) -> str:
    """A waiting time as people say it, for instance "within 9 hours"; "" for None."""
    if time is None:
        return ""
    hours = -(-time // datetime.timedelta(hours=1)) or 1
    if hours <= 48:
        return ngettext("within %(number)d hour", "within %(number)d hours", hours) % {"number": hours}
    return _("within %(number)d days") % {"number": -(-hours // 24)}
