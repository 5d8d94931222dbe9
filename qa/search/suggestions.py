"""What somebody may be typing: names of specialties, topics, doctors and articles, and headings of public questions.

Read from the rows themselves, so that nothing is suggested that is not there for everybody.
"""

import datetime
from dataclasses import dataclass

from django.db.models import Case, CharField, Q, Subquery, Value, When
from django.db.models.functions import Cast, Coalesce

from accounts.addresses import address
from accounts.models import Doctor, DoctorAlias, Specialty
from qa.models import Article, Question, Topic, TopicSynonym, prepared_for_lists, written_once_for_texts
from qa.search.corrections import one_error_away
from qa.search.engine import HEADING, Group, Query, engine
from qa.search.pipeline import STOP_WORDS, fold, terms
from qa.search.query import clean, counted
from qa.search.words import ALL, numbers_of

SHORTEST, LONGEST = 2, 60  # characters typed
MOST_NAMES, MOST = 5, 8
COMPLETIONS = 6  # words that the last one may become
LATEST_ARTICLES = 1_000  # about, whose titles are compared with what was typed
LONG_AGO = datetime.datetime.fromtimestamp(0, datetime.UTC)
SHORTEST_MENDED = 5  # letters in which an error is forgiven; fewer are the beginning of too much
MOST_COMPARED = 2_000  # names that may be meant by what holds an error
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
    keys = _keys_of_questions(typed)
    if not found and not keys:
        return _nearly_called(typed)
    return found + _questions(keys[: MOST - len(found)])


def _names(typed):
    return [_suggestion(*row) for row in _called(typed, _name_of_doctor(typed))]


def _nearly_called(typed):
    """As `_names`, where what was typed holds one error, which is not in its first letter."""
    typed, name = fold(typed), fold(_name_of_doctor(typed))
    if len(name) < SHORTEST_MENDED or not name.isascii():
        return []
    meant = {text: one_error_away(text) for text in {typed, name}}
    found = []
    for row in _beginning(typed[0], name[0]):
        text = name if row[0] == "doctor" else typed
        if _is_meant(fold(row[1]), len(text), meant[text]):
            found.append(_suggestion(*row))
    return found[:MOST_NAMES]


def _is_meant(shown, size, meant):
    """Whether what is shown, or a word in it, begins with one of `meant`, which are about as long as `size`."""
    starts = [0, *(place + 1 for place, letter in enumerate(shown) if letter == " ")]
    return any(shown[start : start + size + more] in meant for start in starts for more in (-1, 0, 1))


def _name_of_doctor(typed):
    return next((typed[len(title) :] for title in TITLES if typed.lower().startswith(title)), typed)


def _suggestion(kind, text, slug, _later):
    return Suggestion(kind, f"Dr. {text}" if kind == "doctor" else text, address(f"{kind}_detail", slug))


@written_once_for_texts
def _called(typed, name):
    return _all_called(typed, name)[:MOST_NAMES]


@written_once_for_texts
def _beginning(typed, name):
    return _all_called(typed, name)[:MOST_COMPARED]


def _all_called(typed, name):
    """Specialties, topics and articles that are called what was typed so far, and doctors that are called `name`."""
    topics = Q(pk__in=TopicSynonym.objects.filter(_begins(typed)).values("topic"))
    doctors = Q(pk__in=DoctorAlias.objects.filter(_begins(name)).values("doctor"))
    found = _rows(Specialty.objects.filter(_begins(typed)), "specialty", typed).union(
        _rows(Topic.objects.filter(_begins(typed, "original_name") | topics), "topic", typed),
        _rows(Doctor.objects.public().filter(_begins(name) | doctors), "doctor", name),
        _rows(_latest_articles().filter(_begins(typed, name="title")), "article", typed, name="title"),
        all=True,
    )
    return found.order_by("later", "shown")


def _latest_articles():
    """The last public articles: the later ones of so many that to compare all titles could take long."""
    public = Article.objects.public()
    dates = public.order_by("-published_at", "-pk").values("published_at")
    return public.filter(published_at__gte=Coalesce(Subquery(dates[LATEST_ARTICLES : LATEST_ARTICLES + 1]), LONG_AGO))


def _begins(typed, *fields, name="name"):
    """The condition that a name, or a word in it, begins with what was typed."""
    each = [(f"{field}__istartswith", typed) for field in (name, *fields)]
    return Q(*each, (f"{name}__icontains", f" {typed}"), _connector=Q.OR)


def _rows(queryset, kind, typed, name="name"):
    later = Case(When(**{f"{name}__istartswith": typed}, then=Value(0)), default=Value(1))
    columns = {"what": Cast(Value(kind), CharField()), "shown": Cast(name, CharField()), "later": later}
    return queryset.order_by().annotate(**columns).values_list("what", "shown", "slug", "later")


def _keys_of_questions(typed):
    """Of public questions whose heading holds the words, the last of which may be unfinished; the latest ones."""
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
    (found,) = engine().newest((query, MOST))
    return [entry.object_id for entry in found]


def _questions(keys):
    rows = {question.pk: question for question in _headed(keys)} if keys else {}
    return [Suggestion("question", rows[key].heading, rows[key].get_absolute_url()) for key in keys if key in rows]


_headed = prepared_for_lists(
    lambda keys: Question.objects.public().filter(pk__in=keys).only("pk", "headline", "title").order_by()
)
