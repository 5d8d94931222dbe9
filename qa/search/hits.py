"""What a page of results shows of each entry, read from what is public now; what no longer is shows nothing."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache

from django.db.models import Case, CharField, Exists, F, OuterRef, Value, When
from django.db.models.functions import Cast, Left
from django.utils import timezone

from accounts.addresses import address
from accounts.models import Doctor, DoctorAlias, Specialty
from qa.models import Article, EntryKind, Question, Topic, TopicSynonym, prepared_for_lists
from qa.search.engine import Entry, Phrase
from qa.search.entries import label
from qa.search.excerpts import READ, START, excerpt, mark
from qa.search.filters import Named


@dataclass(frozen=True)
class Hit:
    """One result. `heading`, `text` and `reply` hold marks, to be shown by the filter `highlighted`."""

    kind: str
    url: str
    heading: str
    text: str = ""
    reply: str = ""  # an excerpt of the first reply
    called: str = ""  # another name of a topic or doctor, by which it was found
    note: str = ""  # of a doctor: verified or archive; of an article: reviewed; of a topic: its original name
    question: Question | None = None
    specialties: tuple[Named, ...] = ()
    holds_all: bool = True  # that was wanted


def read_hits(
    entries: list[Entry], wanted: Callable[[bool], Iterable[Phrase]], choices: dict[str, list[tuple[str, int]]]
) -> tuple[list[Hit], dict[tuple[str, int], Named]]:
    """The hits of a page's `entries`, in their order, and the names of the specialties and topics of `choices`.

    `wanted` says what is marked in an entry that holds all, or not all. Two queries: one for the questions, one for
    all else.
    """
    keys = {kind: [entry.object_id for entry in entries if entry.kind == kind] for kind in EntryKind}
    questions = {}
    if keys[EntryKind.QUESTION]:
        questions = {question.pk: question for question in _questions(keys[EntryKind.QUESTION])}
    others, names = _read_others(keys, entries, choices)
    hits, marked = [], {holds_all: wanted(holds_all) for holds_all in {entry.holds_all for entry in entries}}
    for entry in entries:
        if entry.kind == EntryKind.QUESTION and entry.object_id in questions:
            hits.append(_question_hit(entry, questions[entry.object_id], marked[entry.holds_all]))
        elif (entry.kind, entry.object_id) in others:
            hits.append(_other_hit(entry, others[entry.kind, entry.object_id], names, marked[entry.holds_all]))
    return hits, names


def _question_hit(entry, question, wanted):
    text, in_text = excerpt(question.body, _held(entry.body, wanted))
    reply, in_reply = "", 0
    if question.first_reply and (held := _held(entry.replies, wanted)):
        reply, in_reply = excerpt(question.first_reply["excerpt"], held)
    heading, title = mark(question.heading, wanted), mark(question.title, wanted)
    if not (in_text or in_reply) and START in title and START not in heading:
        text, in_text = title, 1  # the patient's own words, where the editors' stand above
    return Hit(
        kind=EntryKind.QUESTION,
        url=question.get_absolute_url(),
        heading=heading,
        text=text if in_text or not in_reply else "",
        reply=reply if in_reply else "",
        question=question,
        holds_all=entry.holds_all,
    )


def _held(field, wanted):
    """Of what is wanted, all that a field of an entry may hold; no text needs to be searched for the rest."""
    return [phrase for phrase in wanted if phrase[0] in field]


def _other_hit(entry, row, names, wanted):
    name, slug, text, note, *called = row
    is_doctor = entry.kind == EntryKind.DOCTOR
    keys = _numbers_of(entry, "specialty")
    heading, note = (
        mark(f"Dr. {name}" if is_doctor else name, wanted),
        mark(note, wanted) if entry.kind == EntryKind.TOPIC else note,
    )
    called = [marked for other in sorted(called) if START in (marked := mark(other, wanted))]
    return Hit(
        kind=entry.kind,
        url=address(f"{entry.kind}_detail", slug),
        heading=heading,
        text=excerpt(text, wanted, is_markdown=True)[0] if text else "",
        called="" if START in heading + note else ", ".join(called),
        note=note,
        specialties=tuple(names["specialty", key] for key in keys if ("specialty", key) in names),
        holds_all=entry.holds_all,
    )


def _read_others(keys, entries, choices):
    """Articles, topics and doctors by kind and key, and names of specialties and topics by what they are and key."""
    specialties = {int(key) for key, _number in choices["specialty"]}
    for entry in entries:
        if entry.kind in (EntryKind.TOPIC, EntryKind.DOCTOR):
            specialties.update(_numbers_of(entry, "specialty"))
    topics = {int(key) for key, _number in choices["topic"]}
    each = [keys[kind] for kind in (EntryKind.TOPIC, EntryKind.DOCTOR, EntryKind.ARTICLE)]
    each += [sorted(specialties), sorted(topics)]
    others, names = {}, {}
    called = defaultdict(list)
    for what, pk, *row in _others_on(timezone.localdate())(*each) if any(each) else ():
        what, _blank, is_hit = what.partition(" ")
        if is_hit == "name":
            called[what, pk].append(row[0])
        elif is_hit:
            others[what, pk] = row
        else:
            names[what, pk] = Named(pk, *row[:2])
    return {key: [*row, *called[key]] for key, row in others.items()}, names


_questions = prepared_for_lists(lambda keys: Question.objects.public().filter(pk__in=keys).for_cards(READ))


@lru_cache(maxsize=1)
def _others_on(_day):
    """A function from lists of keys to what `_read_others` reads, as rows; its SQL is written anew each day, on which
    other licences are in force."""

    def others(topic_hits, doctor_hits, article_hits, specialties, topics):
        articles = Article.objects.public().filter(pk__in=article_hits)
        return _rows(Topic.objects.filter(pk__in=topic_hits), "topic hit", note=F("original_name")).union(
            _rows(Doctor.objects.public().filter(pk__in=doctor_hits), "doctor hit", note=_standing()),
            _names(TopicSynonym.objects.filter(topic__in=topic_hits), "topic name", "topic"),
            _names(DoctorAlias.objects.filter(doctor__in=doctor_hits), "doctor name", "doctor"),
            _rows(articles, "article hit", "title", text=Left("body", READ), note=_review()),
            _rows(Specialty.objects.filter(pk__in=specialties), "specialty"),
            _rows(Topic.objects.filter(pk__in=topics), "topic"),
            all=True,
        )

    return prepared_for_lists(others)


def _rows(queryset, what, name="name", text=None, note=None):
    columns = {"what_": Value(what), "text_": text or Value(""), "note_": note or Value("")}
    as_text = {key: Cast(value, CharField()) for key, value in columns.items()}
    return queryset.order_by().annotate(**as_text).values_list("what_", "pk", name, "slug", "text_", "note_")


def _names(queryset, what, of):
    blank = Cast(Value(""), CharField())
    columns = {"what_": Cast(Value(what), CharField()), "key_": F(of), "slug_": blank, "text_": blank, "note_": blank}
    return queryset.order_by().annotate(**columns).values_list("what_", "key_", "name", "slug_", "text_", "note_")


def _standing():
    """Of a doctor: as partials/doctor_mark.html has it."""
    is_licensed = Exists(Doctor.objects.licensed().filter(pk=OuterRef("pk")))
    return Case(
        When(is_licensed, then=Value("verified")), When(is_from_archive=True, then=Value("archive")), default=Value("")
    )


def _review():
    """Of an article: whether a doctor has reviewed it."""
    return Case(When(reviewer__isnull=False, then=Value("reviewed")), default=Value(""))


def _numbers_of(entry, name) -> Iterable[int]:
    start = label(name)
    return [int(word.removeprefix(start)) for word in entry.labels.split() if word.startswith(start)]
