"""The grammar of the archive's documents: bytes in, frozen dataclasses with line numbers out.

Knows nothing of the database. A document that does not follow the grammar is refused with DocumentError.
"""

import dataclasses
import datetime
import json
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator

from qa.errors import DocumentError

SHARE, MORE_INFO, SIMILAR, RELATED = "Share to:", "More Info", "Similar Q&A", "Related FAQ"
ASK_DATE, REPLY_DATE, READ_MORE = "Ask Date:", "Reply Date:", "[Read More]"
CARDS, TERMS = 4, 10
DATE = "YYYY/MM/DD"

# What a database column holds, in characters
MAX_HEADING, MAX_NAME, MAX_TERM, MAX_PSEUDONYM = 200, 150, 100, 50

BYLINE = re.compile(r"Dr\. (?P<doctor>[^,?!]+?) reply (?P<specialty>(?![a-z])\S[^.?!]*)")
ASKER = re.compile(
    r"(?P<pseudonym>.+), (?P<age_from>[0-9]{1,3})~(?P<age_to>[0-9]{1,3}) year old (?P<sex>\w+)\. "
    rf"{ASK_DATE} (?P<date>\S+)"
)
TERM_SPECIALTY = re.compile(r"\((?P<specialty>[^()]+)\)")
LIST_ITEM = re.compile(r"(?P<marker>[0-9]{1,2}\.|-) (?P<text>\S.*)")
# Capitalised at the beginning of a heading, and never its subject
NO_SUBJECT = set("A An And Are Can Do Does For How Is The What When Where Which Who Why".split())  # noqa: SIM905


@dataclasses.dataclass(frozen=True)
class Line:
    """A line of the document that is not empty, without the white space around it; numbered from 1."""

    number: int
    text: str


@dataclasses.dataclass(frozen=True)
class Asker:
    """Who asked and when, as the document says; nothing is inferred."""

    line: int
    pseudonym: str
    age_from: int
    age_to: int
    sex: str
    asked_on: datetime.date


@dataclasses.dataclass(frozen=True)
class Byline:
    """Which doctor replied, and in which specialty."""

    line: int
    doctor: str
    specialty: str


@dataclasses.dataclass(frozen=True)
class Card:
    """A "Similar Q&A" entry: another question, of which the document shows excerpts only."""

    headline: Line
    excerpt: Line
    byline: Byline
    reply: Line


@dataclasses.dataclass(frozen=True)
class RelatedTerm:
    """A "Related FAQ" entry: a topic in one of its specialties."""

    line: int
    name: str
    specialty: str


@dataclasses.dataclass(frozen=True)
class QuestionPage:
    """A whole question with its reply, its "More info" article, four cards and ten terms."""

    headline: Line
    specialty: str
    title: Line
    body: tuple[Line, ...]
    asker: Asker
    byline: Byline
    reply: tuple[Line, ...]
    replied_on: datetime.date
    replied_on_line: int
    more_info: tuple[Line, ...]
    cards: tuple[Card, ...]
    terms: tuple[RelatedTerm, ...]

    def texts(self) -> Iterator[Line]:
        """Every line that a person wrote, in the document's order."""
        yield from (self.headline, self.title, *self.body, *self.reply, *self.more_info)
        for card in self.cards:
            yield from (card.headline, card.excerpt, card.reply)


@dataclasses.dataclass(frozen=True)
class ArticlePage:
    """A long article. The document has no title line: the title is the subject of its headings."""

    title: str
    paragraphs: tuple[Line, ...]

    def texts(self) -> Iterator[Line]:
        """Every line, in the document's order."""
        yield from self.paragraphs


def parse_document(data: bytes) -> QuestionPage | ArticlePage:
    """Read one document, which any of a question page's fixed lines makes a question page.

    Args:
        data: the bytes of the file: UTF-8, with or without a byte order mark, with any line ends.

    Raises:
        DocumentError: with the line where the document leaves the grammar, and what was expected there.

    Source: the four documents in fixtures/documents.
    """
    lines = _lines(_decode(data))
    if not lines:
        raise DocumentError(1, "The document is empty; expected a question page or an article.")
    fixed = {SHARE, MORE_INFO, SIMILAR, RELATED}
    if any(line.text in fixed or ASK_DATE in line.text or line.text.startswith(REPLY_DATE) for line in lines):
        return _question_page(_Cursor(lines))
    return ArticlePage(_subject_of_headings(lines), tuple(lines))


def as_json(page: QuestionPage | ArticlePage) -> dict:
    """What was parsed, as plain JSON values; dates in ISO 8601."""
    kind = "question" if isinstance(page, QuestionPage) else "article"
    return {"kind": kind, **json.loads(json.dumps(dataclasses.asdict(page), default=str))}


def is_heading(text: str) -> bool:
    """Whether a line of an article is a heading: short, begun with a capital, and not closed like a sentence."""
    if len(text) > 80 or len(text.split()) > 12 or LIST_ITEM.fullmatch(text) or ". " in text:
        return False
    return (text[0].isupper() or text[0].isdigit()) and text.rstrip("\"'”’)»")[-1:] not in set(".!:;,…。！：；，")


# Reading the file


def _decode(data):
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        number = data.count(b"\n", 0, error.start) + 1
        found = f"the byte 0x{data[error.start]:02X}"
        raise DocumentError(number, f"Expected text in UTF-8, but found {found}.") from None
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    for number, line in enumerate(text.split("\n"), 1):
        for character in line:
            if character != "\t" and unicodedata.category(character) == "Cc":
                found = f"the control character U+{ord(character):04X}"
                raise DocumentError(number, f"Expected plain text, but found {found}.")
    return text


def _lines(text):
    numbered = enumerate((line.strip() for line in text.split("\n")), 1)
    return [Line(number, line) for number, line in numbered if line]


def _is_structure(text):
    """Whether a line belongs to the frame of a question page, not to a text in it."""
    return (
        text in {SHARE, MORE_INFO, SIMILAR, RELATED}
        or ASK_DATE in text
        or text.startswith((REPLY_DATE, READ_MORE))
        or BYLINE.fullmatch(text) is not None
    )


class _Cursor:
    """Walks over the lines; every step says what it expects and refuses anything else."""

    def __init__(self, lines):
        self.lines = lines
        self.at = 0

    def refuse(self, expected):
        if self.at < len(self.lines):
            line = self.lines[self.at]
            found = line.text if len(line.text) <= 60 else line.text[:60].rstrip() + "…"
            raise DocumentError(line.number, f"Expected {expected}, but found “{found}”.")
        raise DocumentError(self.lines[-1].number, f"Expected {expected} after this line, but the document ends.")

    def take(self, expected, fits, limit=None):
        """The next line, which must satisfy `fits` and have at most `limit` characters."""
        if self.at == len(self.lines) or not fits(self.lines[self.at].text):
            self.refuse(expected)
        line = self.lines[self.at]
        if limit is not None and len(line.text) > limit:
            raise DocumentError(line.number, f"Expected {expected} of at most {limit} characters.")
        self.at += 1
        return line

    def fixed(self, text):
        return self.take(f"the line “{text}”", lambda found: found == text)

    def text(self, expected, limit=None):
        return self.take(expected, lambda found: not _is_structure(found), limit)

    def texts(self, expected):
        """All lines up to the next one of the frame; at least one."""
        found = [self.text(expected)]
        while self.at < len(self.lines) and not _is_structure(self.lines[self.at].text):
            found.append(self.text(expected))
        return tuple(found)

    def end(self, expected):
        if self.at < len(self.lines):
            self.refuse(expected)


# The parts of a question page


def _question_page(cursor):
    headline, specialty = _headline(cursor)
    title, body = _question(cursor)
    asker = _asker(cursor)
    byline = _byline(cursor)
    reply = cursor.texts("the doctor's reply")
    dated = cursor.take(f"the line “{REPLY_DATE} {DATE}”", lambda found: found.startswith(REPLY_DATE))
    replied_on = _date(dated, dated.text.removeprefix(REPLY_DATE).strip())
    cursor.fixed(MORE_INFO)
    more_info = cursor.texts(f"the text of “{MORE_INFO}”")
    cursor.fixed(SIMILAR)
    cards = tuple(_card(cursor, number) for number in range(1, CARDS + 1))
    cursor.fixed(RELATED)
    terms = tuple(_term(cursor, number) for number in range(1, TERMS + 1))
    cursor.end(f"the end of the document after {TERMS} terms")
    return QuestionPage(
        headline, specialty, title, body, asker, byline, reply, replied_on, dated.number, more_info, cards, terms
    )


def _headline(cursor):
    expected = "the line “HEADLINE - SPECIALTY”"
    line = cursor.take(expected, lambda found: " - " in found and not _is_structure(found))
    headline, _, specialty = (part.strip() for part in line.text.rpartition(" - "))
    if not headline or not specialty:
        raise DocumentError(line.number, f"Expected {expected}, but a half of it is empty.")
    _check_length(line.number, "headline", headline, MAX_HEADING)
    _check_length(line.number, "specialty", specialty, MAX_TERM)
    return Line(line.number, headline), specialty


def _question(cursor):
    share = cursor.fixed(SHARE)
    title = cursor.text("the patient's title", MAX_HEADING)
    body = cursor.texts("the patient's question")
    is_spaced = title.number > share.number + 1
    if is_spaced and body[0].number == title.number + 1:  # then the title is missing, and this is the question
        raise DocumentError(title.number, "Expected the patient's title with an empty line after it.")
    return title, body


def _asker(cursor):
    expected = f"the line “PSEUDONYM, FROM~TO year old SEX. {ASK_DATE} {DATE}”"
    line = cursor.take(expected, lambda found: ASKER.fullmatch(found) is not None)
    found = ASKER.fullmatch(line.text)
    _check_length(line.number, "pseudonym", found["pseudonym"], MAX_PSEUDONYM)
    if found["sex"] not in ("female", "male"):
        raise DocumentError(line.number, f"Expected the sex “female” or “male”, but found “{found['sex']}”.")
    age_from, age_to = int(found["age_from"]), int(found["age_to"])
    if age_from > age_to:
        raise DocumentError(line.number, f"Expected an age band from low to high, but found “{age_from}~{age_to}”.")
    asked_on = _date(line, found["date"])
    return Asker(line.number, found["pseudonym"].strip(), age_from, age_to, found["sex"], asked_on)


def _byline(cursor):
    line = cursor.take("the line “Dr. NAME reply SPECIALTY”", lambda found: BYLINE.fullmatch(found) is not None)
    found = BYLINE.fullmatch(line.text)
    _check_length(line.number, "doctor's name", found["doctor"], MAX_NAME)
    _check_length(line.number, "specialty", found["specialty"], MAX_TERM)
    return Byline(line.number, found["doctor"].strip(), found["specialty"])


def _card(cursor, number):
    of_card = f"of card {number} of {CARDS} under “{SIMILAR}”"
    headline = cursor.text(f"the headline {of_card}", MAX_HEADING)
    excerpt = cursor.text(f"the question {of_card}")
    byline = _byline(cursor)
    reply = cursor.text(f"the reply {of_card}")
    closing = f"{READ_MORE} {headline.text}"
    cursor.take(f"the line “{closing}”, with the headline of line {headline.number}", lambda found: found == closing)
    return Card(headline, excerpt, byline, reply)


def _term(cursor, number):
    of_term = f"of term {number} of {TERMS} under “{RELATED}”"
    name = cursor.take(f"the name {of_term}", lambda found: not TERM_SPECIALTY.fullmatch(found), MAX_TERM)
    line = cursor.take(f"the line “(SPECIALTY)” {of_term}", lambda found: TERM_SPECIALTY.fullmatch(found) is not None)
    specialty = TERM_SPECIALTY.fullmatch(line.text)["specialty"].strip()
    if not specialty:
        raise DocumentError(line.number, f"Expected the line “(SPECIALTY)” {of_term}, but the name is empty.")
    _check_length(line.number, "specialty", specialty, MAX_TERM)
    return RelatedTerm(name.number, name.text, specialty)


def _date(line, text):
    if not re.fullmatch(r"[0-9]{4}/[0-9]{2}/[0-9]{2}", text):
        raise DocumentError(line.number, f"Expected a date written {DATE}, but found “{text[:60]}”.")
    try:
        return datetime.date(*map(int, text.split("/")))
    except ValueError:
        raise DocumentError(line.number, f"Expected a date of the calendar, but found “{text}”.") from None


def _check_length(number, what, text, limit):
    if len(text) > limit:
        raise DocumentError(number, f"Expected a {what} of at most {limit} characters, but found {len(text)}.")


# The title of an article


def _subject_of_headings(lines):
    """The longest phrase, begun and ended with a capital, that most headings share."""
    headings = [line for line in lines if is_heading(line.text)]
    counted = Counter(phrase for heading in headings for phrase in _phrases(heading.text))
    least = max(2, len(headings) // 2 + 1)
    common = [phrase for phrase, count in counted.items() if count >= least]
    if not common:
        raise DocumentError(
            1, "Expected headings that share the article's subject, which gives it its title, but found none."
        )
    return max(common, key=lambda phrase: (counted[phrase], len(phrase.split()), len(phrase), phrase))


def _phrases(heading):
    words = [word.strip(".,:;?!\"'“”‘’()") for word in heading.split()]
    starts = [at for at, word in enumerate(words) if word[:1].isupper() and word not in NO_SUBJECT]
    spans = [(start, end) for start in starts for end in starts if start <= end]
    return {" ".join(words[start : end + 1]) for start, end in spans}
