"""Dates and times of records: read from what files hold, and written in one form.

A date without a time is kept as noon in UTC, as of documents: the same day nearly everywhere.
"""

import datetime
import re

from django.utils import timezone

from qa.models import UNDATED
from qa.texts import shown

DATE = re.compile(r"([0-9]{4})[-/]([0-9]{1,2})[-/]([0-9]{1,2})")
NOON = datetime.time(12, tzinfo=datetime.UTC)
EARLIEST = datetime.datetime(1971, 1, 1, tzinfo=datetime.UTC)  # before it lies what stands for "not known"
LATEST = datetime.date(2200, 1, 1)
WEST, EAST = datetime.timedelta(hours=12), datetime.timedelta(hours=14)  # how far clocks are from UTC at most


class NoMoment(ValueError):
    """What stands there is no date that a record can have; the message goes on after the name of the field."""


class Moments:
    """Reads dates and times, each once: a million records hold some thousand different ones."""

    def __init__(self):
        self.today = timezone.localdate()
        self.now = timezone.now()
        self._forms: dict[tuple[str, bool], str] = {}
        self._moments: dict[str, datetime.datetime] = {}

    def read(self, value, is_past: bool = True) -> str:
        """The one form of a date ("2016-06-01") or time ("2016-06-01T10:22:00Z").

        Args:
            value: what the record holds; a time without a zone is the portal's own.
            is_past: refuse what lies in the future.

        Raises:
            NoMoment: where it is no date, or none that can be.
        """
        if type(value) is not str:
            raise NoMoment("must be a date such as 2016-06-01.")
        form = self._forms.get((value, is_past))
        if form is None:
            form = self._read(value.strip(), is_past)
            if len(self._forms) < 50_000:
                self._forms[value, is_past] = form
        return form

    def of(self, form: str | None) -> datetime.datetime:
        """The moment of a form that `read` has given; the moment that stands for "not known" where there is none."""
        if not form:
            return UNDATED
        moment = self._moments.get(form)
        if moment is None:
            if len(form) == len("2016-06-01"):
                moment = datetime.datetime.combine(datetime.date.fromisoformat(form), NOON)
            else:
                moment = datetime.datetime.fromisoformat(form)
            if len(self._moments) < 50_000:
                self._moments[form] = moment
        return moment

    def is_before(self, value, other) -> bool:
        """Whether a date or time of a file lies before another one; not where one of them cannot be read.

        Times are compared by their day in UTC. A date is compared with the day on which a time was written: 20:30 in
        New York is that day, though UTC has the next one by then. A time in UTC may have been written anywhere.
        """
        try:
            form, other_form = self.read(value), self.read(other)
        except NoMoment:
            return False
        value, other = value.strip(), other.strip()
        if DATE.fullmatch(value) or DATE.fullmatch(other):
            return _days(value)[-1] < _days(other)[0]
        return form[:10] < other_form[:10]

    def _read(self, text, is_past):
        moment, form = _parse(text)
        if moment < EARLIEST:
            raise NoMoment(f"must not lie before {EARLIEST:%Y-%m-%d}, but is {form}.")
        is_day = len(form) == len("2016-06-01")
        if is_past and (moment.date() > self.today if is_day else moment > self.now):
            raise NoMoment(f"must not lie in the future, but is {form}.")
        if moment.date() > LATEST:
            raise NoMoment(f"must not lie after {LATEST}, but is {form}.")
        return form


def written(moment: datetime.datetime | None) -> str:
    """The one form of a moment of the database; empty where it is not known."""
    if moment is None or moment == UNDATED:
        return ""
    moment = moment.astimezone(datetime.UTC).replace(microsecond=0)
    return f"{moment:%Y-%m-%d}" if moment.timetz() == NOON else f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def _parse(text):
    try:
        if found := DATE.fullmatch(text):
            moment = datetime.datetime.combine(datetime.date(*map(int, found.groups())), NOON)
        else:
            moment = datetime.datetime.fromisoformat(text)
            if moment.tzinfo is None:
                moment = timezone.make_aware(moment)
            moment = moment.astimezone(datetime.UTC).replace(microsecond=0)
    except (ValueError, OverflowError):
        raise NoMoment(f"must be a date such as 2016-06-01, but is “{shown(text)}”.") from None
    return moment, written(moment)


def _days(text):
    """The day of a date or time as it was written; of a time in UTC the days that it was anywhere."""
    if found := DATE.fullmatch(text):
        return [datetime.date(*map(int, found.groups()))]
    moment = datetime.datetime.fromisoformat(text)
    if moment.utcoffset() == datetime.timedelta(0):
        return [(moment - WEST).date(), (moment + EAST).date()]
    return [moment.date()]
