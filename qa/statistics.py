"""Numbers the public pages show, from what `qa.tallies` has counted. Nothing is counted while a page is read."""

import datetime

from django.db.models import Count, OuterRef, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import Doctor
from qa.models import Coverage, Question, Tally, Topic

TYPICAL_OF = 100  # questions that the typical reply time is taken from, of those answered, open and pending each
TYPICAL_FROM = 5  # answered ones; fewer say nothing


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
    """The time within which most questions asked here get their first reply; None where that cannot be said yet.

    From the latest answered ones, and those that have waited longest, for a moderator or a doctor. None where few are
    answered, or where no more than half of them would be after any time that one has taken.
    """
    asked = Question.objects.asked_here().filter(specialty=specialty)
    latest = asked.public().order_by("-answered_at", "-pk")
    oldest = [waiting.order_by("answered_at", "pk") for waiting in (asked.open(), asked.pending())]  # as the index does
    chosen = [Question.objects.filter(pk__in=some.values("pk")[:TYPICAL_OF]) for some in (latest, *oldest)]
    first, *others = [some.values_list("asked_at", "answered_at") for some in chosen]
    now = timezone.now()
    moments = first.union(*others, all=True)
    times = [((answered_at or now) - asked_at, answered_at is None) for asked_at, answered_at in moments]
    is_enough = sum(not waits for _time, waits in times) >= TYPICAL_FROM
    return _time_of_most(times) if is_enough else None


def _time_of_most(times):
    """By Kaplan and Meier: who still waits counts among those that a reply comes to later, until as long has passed.

    So a question that waits for weeks makes the time longer, and one asked just now does not make it shorter.
    """
    waiting = 1.0  # the share that has no reply after the time looked at
    for number, (time, waits) in zip(range(len(times), 0, -1), sorted(times), strict=True):
        if not waits:
            waiting *= (number - 1) / number
        if round(waiting, 9) < 0.5:
            return time
    return None


def in_words(time: datetime.timedelta | None) -> str:
    """A waiting time as people say it, for instance "within 9 hours"; "" for None."""
    if time is None:
        return ""
    hours = -(-time // datetime.timedelta(hours=1)) or 1
    if hours <= 48:
        return ngettext("within %(number)d hour", "within %(number)d hours", hours) % {"number": hours}
    return _("within %(number)d days") % {"number": -(-hours // 24)}
