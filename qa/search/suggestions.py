"""What somebody may be typing: names of specialties, topics, doctors and articles, and headings of public questions.

Read from the rows themselves, so that nothing is suggested that is not there for everybody.
"""

import datetime
import re
from dataclasses import dataclass
from itertools import chain

from django.db.models import Case, CharField, Q, Subquery, Value, When
from django.db.models.functions import Cast, Coalesce

from accounts.addresses import address
from accounts.models import Doctor, DoctorAlias, Specialty
from qa.models import Article, Question, Topic, TopicSynonym, prepared_for_lists, written_once_for_texts
from qa.search import synonyms
from qa.search.corrections import one_error_away
from qa.search.engine import HEADING, Group, Query, engine
from qa.search.pipeline import STOP_WORDS, fold, terms
from qa.search.query import clean, counted
from qa.search.words import ALL, numbers_of

SHORTEST, LONGEST = 2, 60  # characters typed
MOST_NAMES, MOST = 5, 8
COMPLETIONS = 24  # words that the last one may become
COMPARED = 24  # questions of which the headings are compared with what was typed: the latest, and those of rare words
MEANT, MEANT_IN_QUESTIONS = 4, 2  # other names for what may be typed, for which there may be topics and questions
SHORTEST_MEANT = 3  # letters; fewer are the beginning of too much
LATEST_ARTICLES = 1_000  # about, whose titles are compared with what was typed
LONG_AGO = datetime.datetime.fromtimestamp(0, datetime.UTC)
SHORTEST_MENDED = 5  # letters in which an error is forgiven; fewer are the beginning of too much
MOST_COMPARED = 2_000  # names that may be meant by what holds an error
# How well something fits what was typed: it begins with it, as whole words or not; it holds it so; it holds its words,
# whole or not; or it is only called otherwise.
WHOLE_FIRST, FIRST, WHOLE, BEGINNING, WORDS, BEGINNINGS, MEANT_ONLY = range(7)
WORD_ENDS = re.compile(r"[^\w']+")
TITLES = ("dr. ", "dr ", "doctor ")


@dataclass(frozen=True)
class Suggestion:
    """A page that somebody may be looking for."""

    kind: str  # specialty, or a kind of entry
    text: str
    url: str


def suggest(typed: str) -> list[Suggestion]:
    """Up to eight suggestions for what was typed so far, in five queries at most: first what begins with it, then what
    holds it as whole words, as the beginning of one, and what is called otherwise."""
    typed = " ".join(clean(typed).split())[:LONGEST]
    if len(fold(typed)) < SHORTEST:
        return []
    is_enough = len(typed) >= SHORTEST_MEANT or not typed.isascii()
    meant = synonyms.meant_by(typed, MEANT) if is_enough and terms(typed) else []
    names = _called(typed, _name_of_doctor(typed), *meant, *[typed] * (MEANT - len(meant)))
    has_title = _name_of_doctor(typed) not in ("", typed)
    if has_title and any(kind == "doctor" for kind, *_rest in names):
        return [_suggestion(*row) for row in names]
    questions = _questions(typed, meant[:MEANT_IN_QUESTIONS])
    if not names and not questions:
        return _nearly_called(typed)
    found = [(row[-1], _suggestion(*row)) for row in names] + questions[: MOST - len(names)]
    return [suggestion for _fit, suggestion in sorted(found, key=lambda row: row[0])]


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
    if typed.lower() in ("dr", "dr.", "doctor"):
        return ""
    return next((typed[len(title) :] for title in TITLES if typed.lower().startswith(title)), typed)


def _suggestion(kind, text, slug, _fit):
    return Suggestion(kind, f"Dr. {text}" if kind == "doctor" else text, address(f"{kind}_detail", slug))


@written_once_for_texts
def _called(typed, name, *meant):
    return _all_called(typed, name, *meant)[:MOST_NAMES]


@written_once_for_texts
def _beginning(typed, name):
    return _all_called(typed, name)[:MOST_COMPARED]


def _all_called(typed, name, *meant):
    """Specialties, topics and articles that are called what was typed so far, topics that are called what is `meant`,
    and doctors that are called `name`."""
    topics = Q(pk__in=TopicSynonym.objects.filter(_begins(typed)).values("topic"))
    topics = Q(*(("name__iexact", other) for other in meant), topics, _connector=Q.OR)
    doctors = Q(pk__in=DoctorAlias.objects.filter(_begins(name)).values("doctor"))
    found = _rows(Specialty.objects.filter(_begins(typed)), "specialty", typed).union(
        _rows(Topic.objects.filter(_begins(typed, "original_name") | topics), "topic", typed),
        _rows(Doctor.objects.public().filter(_begins(name) | doctors), "doctor", name),
        _rows(_latest_articles().filter(_begins(typed, name="title")), "article", typed, name="title"),
        all=True,
    )
    return found.order_by("fit", "shown")


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
    is_whole = Q((f"{name}__icontains", f" {typed} "), (f"{name}__iendswith", f" {typed}"), _connector=Q.OR)
    begins_whole = Q((f"{name}__istartswith", f"{typed} "), (f"{name}__iexact", typed), _connector=Q.OR)
    begins = Q((f"{name}__istartswith", typed))
    each = enumerate((begins_whole, begins, is_whole))
    fit = Case(*(When(condition, then=Value(place)) for place, condition in each), default=Value(BEGINNING))
    columns = {"what": Cast(Value(kind), CharField()), "shown": Cast(name, CharField()), "fit": fit}
    return queryset.order_by().annotate(**columns).values_list("what", "shown", "slug", "fit")


def _fit(heading, typed, last):
    """How well what was typed fits a heading, from 0."""
    text = f" {WORD_ENDS.sub(' ', heading)} "
    if text.startswith(f" {typed}"):
        return WHOLE_FIRST if text.startswith(f" {typed} ") else FIRST
    if f" {typed}" in text:
        return WHOLE if f" {typed} " in text else BEGINNING
    return WORDS if f" {last} " in text else BEGINNINGS


def _questions(typed, meant):
    """Public questions whose heading holds the words, the last of which may be unfinished, or what is meant, each with
    how well it fits; the best ones, and of those as good the latest."""
    keys, keys_of_meant = _keys_of_questions(typed, meant)
    rows = {question.pk: question for question in _headed([*keys, *keys_of_meant])} if keys or keys_of_meant else {}
    text = WORD_ENDS.sub(" ", synonyms.bare(typed)).strip()
    last = text.rpartition(" ")[2]
    fits = {key: _fit(synonyms.bare(rows[key].heading), text, last) for key in keys if key in rows}
    fits |= {key: MEANT_ONLY for key in keys_of_meant if key in rows and key not in fits}
    found = sorted(fits.items(), key=lambda item: item[1])[:MOST]
    return [(fit, Suggestion("question", rows[key].heading, rows[key].get_absolute_url())) for key, fit in found]


def _keys_of_questions(typed, meant):
    """Of the latest public questions that hold the words in their heading, and of those that hold what is meant there;
    where there are none of either, of those that hold that anywhere."""
    wanted, rare = _words_of_headings(typed)
    asked = [each for each in (wanted, rare) if each]
    phrases = [phrase for name in meant if (phrase := tuple(terms(name)))]
    if not asked and not phrases:
        return [], []
    of_headings = [HEADING + term for each in asked for words in each for term in words]
    numbers = numbers_of(
        [*of_headings, *(start + term for phrase in phrases for term in phrase for start in ("", HEADING))]
    )
    queries = [_query(each, numbers) for each in asked]
    of_meant = [_query([[term] for term in phrase], numbers) for phrase in phrases]
    is_little = all(query.number <= COMPARED for query in queries)
    anywhere = [Query((counted(Group((phrase,)), numbers),), of_all=numbers[ALL]) for phrase in phrases if is_little]
    limits = [COMPARED] * len(queries) + [MOST] * len(of_meant + anywhere)
    found = engine().newest(*zip([*queries, *of_meant, *anywhere], limits, strict=True))
    keys = [[entry.object_id for entry in entries if entry.kind == "question"] for entries in found]
    in_headings = list(dict.fromkeys(chain(*keys[: len(queries)])))
    of_meant = list(dict.fromkeys(chain(*keys[len(queries) : len(queries) + len(of_meant)])))
    if in_headings or of_meant:
        return in_headings, [key for key in of_meant if key not in in_headings]
    return [], list(dict.fromkeys(chain(*keys[len(queries) :])))


def _query(wanted, numbers):
    groups = (Group(tuple((HEADING + term,) for term in each)) for each in wanted)
    return Query(tuple(counted(group, numbers) for group in groups), of_all=numbers[ALL])


def _words_of_headings(typed):
    """For each word that was typed the terms it may be; and the same with only those that few headings hold, which
    would be lost among the others."""
    *before, last = typed.split()
    beginning = fold(last).replace("'", "")
    completions = engine().completions(beginning, COMPLETIONS) if beginning.isalnum() else []
    known = terms(last)
    wanted = [[term] for term in terms(" ".join(before))]
    if len(known) > 1:  # Chinese, or words with a hyphen
        return [*wanted, *([term] for term in known)], []
    last_ones = list(dict.fromkeys([*known, *(term for term, _number in completions)]))
    if not last_ones or (beginning in STOP_WORDS and wanted):
        return wanted if known or completions or beginning in STOP_WORDS else [], []
    rare = [term for term, number in completions if number <= COMPARED]
    return [*wanted, last_ones], [*wanted, rare] if rare and len(rare) < len(last_ones) else []


_headed = prepared_for_lists(
    lambda keys: Question.objects.public().filter(pk__in=keys).only("pk", "headline", "title").order_by()
)
