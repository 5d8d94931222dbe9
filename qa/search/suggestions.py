"""What somebody may be typing: names of specialties, topics and doctors, and headings of public questions.

Read from the rows themselves, so that nothing is suggested that is not there for everybody.
"""

from dataclasses import dataclass

from django.db.models import Case, CharField, Q, Value, When
from django.db.models.functions import Cast

from accounts.addresses import address
from accounts.models import Doctor, DoctorAlias, Specialty
from qa.models import Question, Topic, TopicSynonym, written_once_for_lists, written_once_for_texts
from qa.search.engine import HEADING, Group, Query, engine
from qa.search.pipeline import STOP_WORDS, fold, terms
from qa.search.query import clean, counted
from qa.search.words import ALL, numbers_of

SHORTEST, LONGEST = 2, 60  # characters typed
MOST_NAMES, MOST = 5, 8
COMPLETIONS = 6  # words that the last one may become
LOOKED_AT = 500  # entries, about, in whose heading the words are looked for
TITLES = ("dr. ", "dr ", "doctor ")


@dataclass(frozen=True)
class Suggestion:
    """A page that somebody may be looking for."""

    kind: str  # specialty, or a kind of entry
    text: str
    url: str


def suggest(typed: str) -> list[Suggestion]:
    """Up to eight suggestions for what was typed so far, in five queries at most."""
    typed = " ".join(clean(typed).split())[:LONGEST]
    if len(fold(typed)) < SHORTEST:
        return []
    found = _names(typed)
    return found + _questions(typed)[: MOST - len(found)]


def _names(typed):
    name = next((typed[len(title) :] for title in TITLES if typed.lower().startswith(title)), typed)
    return [
        Suggestion(kind, f"Dr. {text}" if kind == "doctor" else text, address(f"{kind}_detail", slug))
        for kind, text, slug, _later in _called(typed, name)
    ]


@written_once_for_texts
def _called(typed, name):
    """Specialties and topics that are called what was typed so far, and doctors that are called `name`."""
    topics = Q(pk__in=TopicSynonym.objects.filter(_begins(typed)).values("topic"))
    doctors = Q(pk__in=DoctorAlias.objects.filter(_begins(name)).values("doctor"))
    found = _rows(Specialty.objects.filter(_begins(typed)), "specialty", typed).union(
        _rows(Topic.objects.filter(_begins(typed, "original_name") | topics), "topic", typed),
        _rows(Doctor.objects.public().filter(_begins(name) | doctors), "doctor", name),
        all=True,
    )
    return found.order_by("later", "shown")[:MOST_NAMES]


def _begins(typed, *fields):
    """The condition that a name, or a word in it, begins with what was typed."""
    each = [(f"{name}__istartswith", typed) for name in ("name", *fields)]
    return Q(*each, ("name__icontains", f" {typed}"), _connector=Q.OR)


def _rows(queryset, kind, typed):
    later = Case(When(name__istartswith=typed, then=Value(0)), default=Value(1))
    columns = {"what": Cast(Value(kind), CharField()), "shown": Cast("name", CharField()), "later": later}
    return queryset.order_by().annotate(**columns).values_list("what", "shown", "slug", "later")


def _questions(typed):
    """Public questions whose heading holds the words, the last of which may be unfinished; the latest ones."""
    *before, last = typed.split()
    completions = engine().completions(fold(last), COMPLETIONS) if fold(last).isalnum() else []
    known = terms(last)
    if not completions and not known:
        return []
    wanted = [[term] for term in terms(" ".join(before))]
    if len(known) > 1:  # Chinese, or words with a hyphen
        wanted += [[term] for term in known]
    elif fold(last) not in STOP_WORDS or not wanted:
        wanted.append(list(dict.fromkeys([*known, *(term for term, _number in completions)])))
    numbers = numbers_of(HEADING + term for each in wanted for term in each)
    groups = tuple(Group(tuple((HEADING + term,) for term in each)) for each in wanted)
    query = Query(tuple(counted(group, numbers) for group in groups), of_all=numbers[ALL])
    (found,) = engine().newest((query.among_latest(LOOKED_AT), MOST))
    keys = [entry.object_id for entry in found]
    rows = {question.pk: question for question in _headed(keys)} if keys else {}
    return [Suggestion("question", rows[key].heading, rows[key].get_absolute_url()) for key in keys if key in rows]


_headed = written_once_for_lists(
    lambda keys: Question.objects.public().filter(pk__in=keys).only("pk", "headline", "title").order_by()
)
