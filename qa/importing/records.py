"""The grammar of records: one question with its replies, as JSON. An object in, the record in its one form out.

Knows nothing of the database: which specialties, topics and doctors there are is asked of the names it is given.
The form leaves out what is empty or usual, and orders the rest, so that equal content is written in equal bytes.
"""

import json
import re
from dataclasses import dataclass
from hashlib import blake2b
from typing import Protocol

from accounts.models import Sex
from qa.importing.values import Values
from qa.models import AGE_BANDS, MAX_PARTS, OLDEST, PORTAL, CannotAssess, Coverage, NextStep, OnBehalfOf
from qa.parts import MAX_PART_LENGTH
from qa.texts import DOCTORS_TITLE, MAX_BODY, MAX_LINE, MAX_REPLY

MAX_TITLE, MAX_ID, MAX_NAME, MAX_TERM, MAX_PSEUDONYM, MAX_AFFILIATION = 200, 200, 150, 100, 50, 200
MAX_REPLIES, MAX_TOPICS = 50, 50

FIELDS = (
    "source", "id", "language", "specialty", "topics", "headline", "title", "body", "parts", "pseudonym", "age_band",
    "age", "sex", "on_behalf_of", "asked", "answered", "is_excerpt", "replies",
)  # fmt: skip
REPLY_FIELDS = (
    "doctor", "specialty", "date", "body", "next_step", "see_specialty", "cannot_assess", "may_be_about", "urgent_if",
    "whom_to_see", "title", "affiliation", "review_by", "reaffirmed", "coverage",
)  # fmt: skip
LINES = ("may_be_about", "urgent_if", "whom_to_see")

SOURCE = re.compile(r"[a-z0-9][a-z0-9._-]{0,29}")
LANGUAGE = re.compile(  # the form of BCP 47: language, script, region, variant
    r"([A-Za-z]{2,3})(?:-[A-Za-z]{4})?(?:-(?:[A-Za-z]{2}|[0-9]{3}))?(?:-(?:[A-Za-z0-9]{5,8}|[0-9][A-Za-z0-9]{3}))?"
)
TWO_LETTERS = """
    aa ab ae af ak am an ar as av ay az ba be bg bh bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de dv dz ee el en
    eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie ig ii ik io is it iu ja jv
    ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn mr ms mt my na nb nd ne
    ng nl nn no nr nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg si sk sl sm sn so sq sr ss st
    su sv sw ta te tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu
"""
LANGUAGES = frozenset(TWO_LETTERS.split())  # ISO 639-1
BAND = re.compile(r"([0-9]{1,3})\s*[-–~]\s*([0-9]{1,3})")

_encode = json.JSONEncoder(ensure_ascii=False, check_circular=False).encode


class Names(Protocol):
    """What is known of specialties, topics and doctors: the name as it is kept, or None where it is refused."""

    def specialty(self, name: str) -> str | None: ...
    def topic(self, name: str) -> str | None: ...
    def doctor(self, name: str) -> str | None: ...


@dataclass(slots=True)
class Record:
    """One record in its one form, with the numbers that stand for it; 64 bits each."""

    line: int
    data: dict
    key: int
    content: int
    topics: int

    @classmethod
    def of(cls, line: int, data: dict) -> "Record":
        topics = data.get("topics", [])
        content = _encode({name: value for name, value in data.items() if name != "topics"})
        return cls(line, data, record_key(data["source"], data["id"]), number_of(content), number_of("\n".join(topics)))


def number_of(text: str) -> int:
    """A number of 64 bits, with its sign, that stands for the text."""
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), signed=True)


def record_key(source: str, source_id: str) -> int:
    """The number that stands for a source and an id in it."""
    return number_of(f"{source}\0{source_id}")


def as_line(data: dict) -> str:
    """The record as a line of a file, without the line's end."""
    return _encode(data)


def without_empty(data: dict) -> dict:
    """The fields that say something."""
    return {name: value for name, value in data.items() if value not in ("", None, [], False)}


def plain_name(name: str) -> str:
    """A doctor's name without the title, which the pages put before it; some have two."""
    return re.sub(r"^(?:(?:dr|doctor)\b\.?\s*)+", "", " ".join(name.split()), flags=re.IGNORECASE)


class AllNames:
    """Takes every name as it is."""

    @staticmethod
    def specialty(name):
        return name

    topic = doctor = specialty


class Reader(Values):
    """Reads one record after the other, and says all that is wrong with each.

    Args:
        names: the specialties, topics and doctors.
        needs_reply: refuse a question without a reply.
    """

    def __init__(self, names: Names, needs_reply: bool = True):
        self.names = names
        self.needs_reply = needs_reply
        super().__init__()

    def read(self, line: int, given: dict) -> tuple[Record | None, list[str]]:
        """The record, or None with a sentence for each thing that is wrong."""
        self.problems = []
        self._refuse_unknown(given, FIELDS, "A record")
        data = self._question(given)
        if self.problems:
            return None, self.problems
        return Record.of(line, data), []

    # The question

    def _question(self, given):
        specialty = self._specialty(given.get("specialty"), "specialty")
        parts = self._parts(given.get("parts"))
        replies = self._replies(given.get("replies"), specialty, parts)
        data = {
            "source": self._source(given.get("source")),
            "id": self._id(given.get("id")),
            "language": self._language(given.get("language")),
            "specialty": specialty,
            "topics": self._topics(given.get("topics")),
            "headline": self._line(given.get("headline"), "headline", MAX_TITLE),
            "title": self._line(given.get("title"), "title", MAX_TITLE, is_required=True),
            "body": self._text(given.get("body"), "body", MAX_BODY, is_required=True),
            "parts": parts,
            "pseudonym": self._pseudonym(given.get("pseudonym")),
            "age_band": self._age_band(given.get("age_band"), given.get("age")),
            "sex": self._choice(given.get("sex"), "sex", Sex, usual=Sex.UNSTATED),
            "on_behalf_of": self._choice(given.get("on_behalf_of"), "on_behalf_of", OnBehalfOf, usual=OnBehalfOf.SELF),
            "asked": self._date(given.get("asked"), "asked"),
            "answered": self._date(given.get("answered"), "answered"),
            "is_excerpt": self._flag(given.get("is_excerpt"), "is_excerpt"),
            "replies": replies,
        }
        self._fill_in_answered(data)
        self._check_order(given)
        return without_empty(data)

    def _fill_in_answered(self, data):
        """When the question was answered: with its first reply, where the record does not say."""
        dates = [reply["date"] for reply in data["replies"] if "date" in reply]
        if not data["replies"]:
            if self.needs_reply:
                self._refuse("The question has no reply, and only answered questions are public.")
            if data["answered"]:
                self._refuse("“answered” is given, but there is no reply.")
        elif not data["answered"] and dates:
            data["answered"] = min(dates, key=self.moments.of)

    def _check_order(self, given):
        """Nothing may be dated before the question, as the days were written."""
        asked, dates = given.get("asked"), [("“answered”", given.get("answered"))]
        for reply in self._list(given.get("replies"), "replies", MAX_REPLIES):
            if type(reply) is dict:
                dates.append(("A reply", reply.get("date")))
        for what, date in dates:
            if self.moments.is_before(date, asked):
                self._refuse(f"{what} is dated {date.strip()}, before the question of {asked.strip()}.")

    def _source(self, value):
        text = self._line(value, "source", 30, is_required=True)
        if text == PORTAL:
            self._refuse(f"The source “{PORTAL}” is kept for what patients ask here.")
        elif text and not SOURCE.fullmatch(text):
            self._refuse(
                "“source” takes small letters, digits, dots, hyphens and underscores, and begins with no mark."
            )
        return text

    def _id(self, value):
        if type(value) is int:
            value = str(value) if abs(value) < 10**30 else "9" * (MAX_ID + 1)
        return self._line(value, "id", MAX_ID, is_required=True)

    def _language(self, value):
        text = self._line(value, "language", 10)
        found = LANGUAGE.fullmatch(text)
        if text and not (found and (len(found[1]) == 3 or found[1].lower() in LANGUAGES)):
            self._refuse(f"“language” must be a code such as en or zh-hant, but is “{text}”.")
        return text.lower() or "en"

    def _pseudonym(self, value):
        text = self._line(value, "pseudonym", MAX_PSEUDONYM)
        if text and DOCTORS_TITLE.search(text):
            self._refuse(f"“pseudonym” looks like the name of a doctor: “{text}”.")
        return text

    def _age_band(self, band, age):
        """A band of ages as "10-19"; the portal's band around an exact age, which is not kept."""
        if age not in (None, ""):
            around = self._band_around(age)
            if band in (None, ""):
                return around
            self._refuse("A record has “age_band” or “age”, not both.")
        found = BAND.fullmatch(self._line(band, "age_band", 20))
        if not found:
            if band not in (None, ""):
                self._refuse("“age_band” must be two ages such as 10-19.")
            return None
        first, last = int(found[1]), int(found[2])
        if not first < last <= OLDEST:
            self._refuse(f"“age_band” must go from low to high, at most {OLDEST}, and hold more than one year.")
        return f"{first}-{last}"

    def _band_around(self, age):
        if type(age) is str and age.strip().isascii() and age.strip().isdecimal() and len(age) < 5:
            age = int(age)
        if type(age) is not int or not 0 <= age <= OLDEST:
            self._refuse(f"“age” must be a whole number of years from 0 to {OLDEST}.")
            return None
        return next(f"{first}-{last}" for first, last in AGE_BANDS if first <= age <= last)

    def _topics(self, value):
        names = {}
        for name in self._list(value, "topics", MAX_TOPICS):
            text = self._line(name, "topics", MAX_TERM)
            known = self.names.topic(text) if text else ""
            if known is None:
                self._refuse(f"There is no topic “{text}”.")
            elif known:
                names[known.casefold()] = known
        return sorted(names.values())

    def _parts(self, value):
        found = {}
        for part in self._list(value, "parts", MAX_PARTS):
            text = self._line(part, "parts", MAX_PART_LENGTH, is_required=True)
            if text in found:
                self._refuse("“parts” says the same thing twice.")
            found[text] = True
        return list(found)

    # Replies

    def _replies(self, value, specialty, parts):
        replies = [self._reply(reply, specialty, parts) for reply in self._list(value, "replies", MAX_REPLIES)]
        return sorted(replies, key=lambda reply: self.moments.of(reply.get("date")))

    def _reply(self, given, specialty, parts):
        if type(given) is not dict:
            self._refuse("“replies” must hold objects, each a reply.")
            return {}
        self._refuse_unknown(given, REPLY_FIELDS, "A reply")
        own = given.get("specialty")
        data = {
            "doctor": self._doctor(given.get("doctor")),
            "specialty": specialty if own in (None, "") else self._specialty(own, "specialty"),
            "date": self._date(given.get("date"), "date"),
            "body": self._text(given.get("body"), "body of a reply", MAX_REPLY, is_required=True),
            "next_step": self._choice(given.get("next_step"), "next_step", NextStep),
            "see_specialty": self._specialty(given.get("see_specialty"), "see_specialty", is_required=False),
            "cannot_assess": self._choice(given.get("cannot_assess"), "cannot_assess", CannotAssess),
            **{name: self._text(given.get(name), name, MAX_LINE) for name in LINES},
            "title": self._line(given.get("title"), "title of a doctor", MAX_NAME),
            "affiliation": self._line(given.get("affiliation"), "affiliation", MAX_AFFILIATION),
            "review_by": self._date(given.get("review_by"), "review_by", is_past=False)[:10],
            "reaffirmed": self._date(given.get("reaffirmed"), "reaffirmed"),
            "coverage": self._coverage(given.get("coverage"), parts),
        }
        if data["cannot_assess"] and not all(data[name] for name in LINES):
            self._refuse("A reply with “cannot_assess” needs “may_be_about”, “urgent_if” and “whom_to_see”.")
        return without_empty(data)

    def _doctor(self, value):
        given = self._line(value, "doctor", MAX_NAME, is_required=True)
        text = plain_name(given)
        if given and not text:
            self._refuse("“doctor” is missing.")
        known = self.names.doctor(text) if text else ""
        if known is None:
            self._refuse(f"There is no doctor “{text}”.")
        return known

    def _coverage(self, value, parts):
        """How far the reply covers each part, in their order; nothing after the last that is said."""
        said = self._list(value, "coverage", MAX_PARTS)
        if len(said) > len(parts):
            self._refuse("“coverage” names more parts than there are.")
        said = [self._choice(one, "coverage", Coverage) for one in said]
        while said and not said[-1]:
            said.pop()
        return said

    def _specialty(self, value, name, is_required=True):
        text = self._line(value, name, MAX_TERM, is_required)
        known = self.names.specialty(text) if text else ""
        if known is None:
            self._refuse(f"There is no specialty “{text}”.")
        return known
