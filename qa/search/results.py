"""The results of a search: ranked, counted by kind, by specialty, topic and year, and one page of them to show."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain

from qa.models import EntryKind
from qa.search import filters as filtering
from qa.search import synonyms
from qa.search.corrections import cuts_of, mend, split
from qa.search.engine import Entry, Group, Phrase, Query, engine
from qa.search.entries import label
from qa.search.filters import Filters
from qa.search.hits import Hit, read_hits
from qa.search.pipeline import term_of, terms, words
from qa.search.query import SHORT, Typed, counted, holds_words, meanings, one_by_one, parse, side_by_side, weights
from qa.search.scoring import holds_most, score
from qa.search.words import ALL, TOPICS, numbers_of

PAGE_SIZE = 10  # results with their excerpts: some screens of a phone
RANKED = 400  # questions that are ranked, the latest ones that fit; of more it is said that there are more
RANKED_OTHERS = 100  # articles, topics and doctors together
FEW = 5  # results; where fewer hold all of the words, entries that hold some of them are found as well
# Of what the best one says, for an entry that holds only some of the words; where the best one holds all.
MIN_SHARE, MIN_BESIDE_WHOLE = 0.4, 0.7
MOST_CHOICES, MOST_YEARS = 8, 30  # of a facet, the most frequent; of years the latest
TABS = ["all", *EntryKind]


@dataclass(frozen=True)
class Count:
    """How many there are; at least so many where `is_capped`."""

    number: int
    is_capped: bool = False

    def __str__(self):
        return f"{self.about}+" if self.is_capped else str(self.number)

    @property
    def about(self) -> int:
        """The number, rounded down where there are more anyway."""
        return self.number // 100 * 100 if self.is_capped and self.number > 100 else self.number


@dataclass(frozen=True)
class Choice:
    """One value of a facet: what to write into the address, what to show, how many results it leaves."""

    value: str
    name: str
    count: Count


@dataclass(frozen=True)
class Results:
    """What a search found, and one page of it."""

    filters: Filters = field(default_factory=Filters)
    is_empty_search: bool = True  # nothing was typed that could be searched for, because it
    excludes_only: bool = False
    holds_words: bool = False
    hits: list[Hit] = field(default_factory=list)
    counts: dict[str, Count] = field(default_factory=dict)  # by tab
    facets: dict[str, list[Choice]] = field(default_factory=dict)
    number_of_whole: int | None = None  # how many hold all of the words, where others were found as well
    mended: dict[str, str] = field(default_factory=dict)  # a word that no entry holds, and what was searched instead
    meant: str = ""  # what may be meant, where a word that few hold is nearly one that many do
    read_as: str = ""  # what was typed with the right words instead, or those that may be meant; "" where it is right
    older: str = ""  # cursors of the neighbouring pages, "" where there is none
    newer: str = ""

    @property
    def has_choices(self) -> bool:
        """Whether partials/search_facets.html has anything to show."""
        several = any(len(self.facets.get(name, [])) > 1 for name in ("specialty", "year"))
        topics, photos = self.facets.get("topic") and not self.filters.topic, self.facets.get("photo")
        return bool(several or topics or (photos and not self.filters.has_photo))


@dataclass
class _Wanted:
    """A search made ready for the engine."""

    query: Query
    apart: list[Group]  # the words of each run that is taken for one thing
    numbers: dict[str, int]
    mended: dict[str, tuple[str, Phrase]]  # a word, how it is spelled right, and the terms of that
    meant: str
    read_as: str

    def mended_in(self, found):
        """The words mended whose right one is in what was found, or names something that was: no word is shown that
        nobody can read."""
        if not self.mended or not found:
            return {}
        held = {term for entry in found for term in f"{entry.heading} {entry.body} {entry.replies}".split()}
        names = synonyms.names()
        each = self.mended.items()
        return {
            word: right
            for word, (right, phrase) in each
            if held.issuperset(phrase) or names.keys() >= set(right.split())
        }

    def phrases(self, holds_all=True):
        """What is marked in an entry."""
        groups = self.query.groups if holds_all else (*self.query.groups, *self.apart)
        phrases = {phrase for group in groups for phrase in group.phrases}
        return frozenset(phrases | {(word,) for group in groups for word in group.words})


def search(
    text: str,
    tab: str = "all",
    chosen: Mapping[str, str] | None = None,
    may_mend: bool = True,
    may_be_some: bool = True,
) -> Results:
    """Everything public that fits `text`.

    Args:
        text: what was typed; see `query` for what it may hold.
        tab: one of `TABS`.
        chosen: filters as `filters.read` takes them, and `after` or `before`, the cursor of a page.
        may_mend: whether a word that nothing holds may be taken for the nearest one.
        may_be_some: whether entries that hold only some of the words are found as well, where few hold all.
    """
    chosen = chosen or {}
    typed = parse(text)
    filters = filtering.read(typed, chosen)
    wanted = _prepare(text, typed, filters, may_mend)
    if not wanted.query.groups and not filters:
        return Results(excludes_only=bool(typed.excluded), holds_words=holds_words(text))
    found, cut = _find(wanted, may_be_some and not (filters and wanted.mended))
    of_tab = [entry for entry in found if tab in ("all", entry.kind)]
    page, neighbours = _page(of_tab, chosen)
    choices = _choices(of_tab)
    hits, names = read_hits(page, wanted.phrases, choices)
    counts = _counts(found, cut)
    return Results(
        filters=filters,
        is_empty_search=False,
        hits=hits,
        counts=counts,
        facets=_named(choices, names, is_capped=counts[tab].is_capped),
        number_of_whole=None if all(whole := [entry.holds_all for entry in found]) else sum(whole),
        mended=wanted.mended_in(found),
        meant=wanted.meant,
        read_as=wanted.read_as,
        **neighbours,
    )


def _prepare(text, typed: Typed, filters: Filters, may_mend: bool):
    not_found = (phrase for _kind, name in filters.not_found if (phrase := tuple(terms(name))))
    typed = replace(typed, words=(*typed.words, *not_found))
    cuts = cuts_of(text, synonyms.names(), SHORT) if may_mend else {}
    wanted, apart, numbers, joined = _meanings(typed, side_by_side(text, typed), cuts)
    mended, meant, numbers = _corrections(text, wanted, numbers, cuts) if may_mend else ({}, "", numbers)
    read_as = _put_right(meant or text, {word: right for word, (right, _phrase) in mended.items()})
    read_as = read_as if mended or meant else ""
    while mended:
        wanted_now, apart_now, numbers_now = _again(_with_right(typed, mended), numbers, joined)
        held = {term for group in wanted_now if counted(group, numbers_now).number for term in group.phrases[0]}
        if all(held.issuperset(phrase) for _right, phrase in mended.values()):
            wanted, apart, numbers = wanted_now, apart_now, numbers_now
            break
        mended = {word: found for word, found in mended.items() if held.issuperset(found[1])}
    groups, apart = ([counted(group, numbers) for group in each] for each in (wanted, apart))
    query = Query(tuple(groups), typed.excluded, filters.labels(), of_all=numbers[ALL])
    return _Wanted(query, apart, numbers, mended, meant, read_as)


def _corrections(text, wanted, numbers, cuts):
    """For words that nothing holds what to search for instead; for those that little holds, `text` as it may be meant;
    and the numbers with those of the right words."""
    held = {group.phrases[0][0]: counted(group, numbers).number for group in wanted if len(group.phrases[0]) == 1}
    names = synonyms.names()
    found = mend(text, held, numbers[ALL], names)
    mended = {word: (right, (term,)) for word, (right, term, _number) in found.items() if not held[term_of(word)]}
    unknown = {word: cuts[word] for word, term in words(text) if held.get(term) == 0 and word in cuts}
    for word, (right, phrase, is_known) in split(unknown, synonyms.known()[1], numbers, numbers[ALL]).items():
        if is_known or word not in mended:
            mended[word] = (right, phrase)
    seldom = {word: right for word, (right, *_rest) in found.items() if word not in mended}
    known = {term: number for _right, term, number in found.values() if number}
    return mended, _put_right(text, seldom) if seldom else "", numbers | known


def _put_right(text, found):
    for word, right in found.items():
        text = re.sub(rf"\b{word}\b", right, text, flags=re.IGNORECASE)
    return text


def _with_right(typed, mended):
    right = {tuple(terms(word)): phrase for word, (_right, phrase) in mended.items()}
    words = ([(term,) for term in right[phrase]] if phrase in right else [phrase] for phrase in typed.words)
    phrases = (right.get(phrase, phrase) for phrase in typed.phrases)
    return replace(typed, words=tuple(dict.fromkeys(chain(*words))), phrases=tuple(dict.fromkeys(phrases)))


def _meanings(typed, joined, cuts):
    """What is wanted, with synonyms, also one by one, and the number of every term, also those of `cuts`; again where
    topics have changed since. And of the words `joined` to one those that there are."""
    pieces = {term for each in cuts.values() for _pair, terms in each for term in terms}
    while True:
        version, known = synonyms.known()
        wanted = meanings(typed, known)
        apart = one_by_one(wanted, known)
        numbers = numbers_of(_terms_of(*wanted, *apart) | set(chain(*joined.values())) | pieces)
        if version == numbers[TOPICS]:
            break
        synonyms.read_again(numbers[TOPICS])
    joined = {run: word for run, word in joined.items() if word in known or numbers[word[0]]}
    return *(_again(typed, numbers, joined) if joined else (wanted, apart, numbers)), joined


def _again(typed, numbers, joined):
    """As `_meanings`, of a search that was mended, or words of which are one; asks only for numbers that are not known
    yet."""
    known = synonyms.known()[1]
    known = known | {run: (word, *known.get(word, ()), *known.get(run, ())) for run, word in joined.items()}
    wanted = meanings(typed, known)
    apart = one_by_one(wanted, known)
    missing = _terms_of(*wanted, *apart) - numbers.keys()
    return wanted, apart, numbers | numbers_of(missing) if missing else numbers


def _terms_of(*groups):
    return {term for group in groups for phrase in (*group.phrases, group.words) for term in phrase}


def _find(wanted: _Wanted, may_be_some: bool) -> tuple[list[Entry], set[str]]:
    """The entries that hold all that is wanted, best first. Where they are few, those that hold some of it are among
    them: a long text that happens to hold all words says less than a heading with most of them.

    And the kinds of which there may be more.
    """
    query = wanted.query
    others = replace(query, is_of_others=True)
    newest, articles_and_such = engine().newest((query, RANKED), (others, RANKED_OTHERS))
    cut = {EntryKind.QUESTION} if len(newest) >= RANKED else set()
    if len(articles_and_such) >= RANKED_OTHERS:
        cut |= set(EntryKind) - {EntryKind.QUESTION}
    entries = {entry.pk: entry for entry in (*articles_and_such, *newest)}
    if len(entries) >= FEW or len(query.groups) + len(wanted.apart) < 2 or not may_be_some:
        return _rank(list(entries.values()), query.groups, query.of_all), cut
    some = [entry for entry in _closest(wanted, query) if entry.pk not in entries]
    for entry in some:
        entry.holds_all = False
    some = [entry for entry in some if holds_most(entry, wanted.apart)]
    ranked = _rank([*entries.values(), *some], query.groups, query.of_all, wanted.apart)
    return [entry for entry in ranked if entry.holds_all or entry.score >= _least(ranked[0]) > 0], cut


def _least(best):
    return best.score * (MIN_BESIDE_WHOLE if best.holds_all else MIN_SHARE)


def _rank(entries: list[Entry], groups: Sequence[Group], of_all: int, apart: Sequence[Group] = ()) -> list[Entry]:
    score(entries, groups, of_all, apart)
    return sorted(entries, key=lambda entry: (-entry.score, -entry.pk))


def _closest(wanted: _Wanted, query: Query) -> list[Entry]:
    """Entries that hold some of what is wanted: the terms that say the most, as many as an engine can compare in time.

    Where even the rarest one is in too many entries, those that came last.
    """
    found, number = {}, 0
    for term, weight in sorted(
        weights((*query.groups, *wanted.apart), wanted.numbers).items(), key=lambda item: -item[1]
    ):
        number += wanted.numbers[term]
        if number > engine().MOST_COMPARED:
            if found:
                break
            rarest = replace(query, groups=(Group(((term,),), number=number),))
            return engine().newest((rarest, RANKED_OTHERS))[0]
        found[term] = weight
    return engine().closest(found, query, RANKED_OTHERS, wanted.numbers)


def _page(entries, chosen):
    """The rows of the page that `after` or `before` names, with the cursors of its neighbours.

    A cursor names the row at the edge; where that is found no longer, the first page is shown, and where nothing comes
    after it any more, the last one.
    """
    cursors = [f"{entry.kind}-{entry.object_id}" for entry in entries]
    start = 0
    if chosen.get("after") in cursors:
        start = cursors.index(chosen["after"]) + 1
        if start == len(cursors):
            start = (start - 1) // PAGE_SIZE * PAGE_SIZE
    elif chosen.get("before") in cursors:
        start = max(0, cursors.index(chosen["before"]) - PAGE_SIZE)
    page = entries[start : start + PAGE_SIZE]
    newer = cursors[start] if page and start else ""
    older = cursors[start + PAGE_SIZE - 1] if len(entries) > start + PAGE_SIZE else ""
    return page, {"newer": newer, "older": older}


def _counts(entries, cut):
    numbers = Counter(entry.kind for entry in entries)
    return {"all": Count(len(entries), bool(cut)), **{kind: Count(numbers[kind], kind in cut) for kind in EntryKind}}


def _choices(entries):
    """How many of `entries` are filed under the most frequent specialties and topics and the latest years, and how many
    have a photo."""
    numbers = Counter()
    for entry in entries:
        numbers.update(entry.labels.split())
    found = {}
    for name in ("specialty", "topic", "year", "photo"):
        start = label(name)
        of_name = Counter({word.removeprefix(start): n for word, n in numbers.items() if word.startswith(start)})
        if name == "topic":
            del of_name[""]  # the label of topics themselves
        found[name] = of_name.most_common(MOST_CHOICES)
        if name == "year":
            found[name] = sorted(of_name.items(), reverse=True)[:MOST_YEARS]
    return found


def _named(choices, names, is_capped):
    facets = {}
    for name in ("specialty", "topic"):
        known = [(names[name, int(key)], number) for key, number in choices[name] if (name, int(key)) in names]
        facets[name] = [Choice(found.slug, found.name, Count(number, is_capped)) for found, number in known]
    facets["year"] = [Choice(year, year, Count(number, is_capped)) for year, number in choices["year"]]
    facets["photo"] = [Choice("1", "", Count(number, is_capped)) for _key, number in choices["photo"]]
    return facets
