"""The engine of PostgreSQL: a generated column of type tsvector, with an inverted index (GIN)."""

import math
from collections.abc import Mapping
from dataclasses import replace

from django.db import connection

from qa.search.engine import FIELDS, HEADING, Entry, Group, Phrase, Query, fetch, is_prefix, rarest

COLUMNS = ", ".join(FIELDS)
FEW = 10  # times what is wanted: of so many entries the newest are found by looking at all
EVERY_FEW = 10  # entries: what one of so many holds is found by walking from the last one backwards
ROW = 40  # entries of the index of the vectors, which take as long to look at as one row with its vector
# Among how many of the latest entries it pays to look, for each entry that is expected: to read a vector takes as long
# as to read an entry that the index has found. Of what holds several words there are fewer than is expected.
WINDOW, WINDOW_OF_SEVERAL = 1, 4
MOST_COMPARED = 8_000  # entries that `closest` may have to look at
MOST_ALONE = 2_000  # entries of rare terms that `closest` reads
ENOUGH = 20  # entries of a term that `closest` reads where a rarer one leads to others; so many are enough
HOLDING = "SELECT id, %s::float8 AS weight FROM qa_searchentry WHERE vector @@ %s::tsquery"
KNOWN = "SELECT id, %s::float8 AS weight FROM unnest(%s::bigint[]) id"


def newest(*asked: tuple[Query, int]) -> list[list[Entry]]:
    """For each query the entries that came last, the last one first, and no more than its number; mostly at once.

    The index knows no order, so where many entries are expected, only the latest ones are looked at first.
    """
    found = [[] for _query in asked]
    waiting = {place: _windows(query, limit) for place, (query, limit) in enumerate(asked)}
    while waiting:
        sizes = {place: windows.pop(0) for place, windows in waiting.items()}
        for place, entries in _among_latest(asked, sizes).items():
            found[place] = entries
            if not waiting[place] or len(entries) == asked[place][1]:
                del waiting[place]
    return found


def _windows(query, limit):
    """Among how many of the latest entries to look, 0 for all: half as many again as should be enough, three times as
    many for several words, which may have something to do with each other; then more."""
    widest = query.number * (WINDOW if _is_one_word(query) else WINDOW_OF_SEVERAL)
    windows = []
    if query.number > FEW * limit and not query.is_of_others:
        window = limit / math.prod(group.number / query.of_all for group in query.groups)
        window = int(window * (1.5 if _is_one_word(query) else 3))
        windows = [size for size in (window, 8 * window) if size < min(widest, query.of_all)]
    return [*windows, 0]


def _is_one_word(query):
    """Whether as many entries fit as are expected."""
    return len(query.groups) == 1 and not (query.labels or query.excluded)


def _among_latest(asked, sizes):
    each, parameters = [], []
    for place, size in sizes.items():
        query, limit = asked[place]
        others = " AND kind <> 'question'" if query.is_of_others else ""
        latest = " AND id > (SELECT max(id) FROM qa_searchentry) - %s" if size else ""
        # The planner knows too little of rare words, so it is told which index to use: none is in the order of id + 0.
        order = "id" if size and _is_found_by_walking(query, limit) else "id + 0"
        each.append(
            f"(SELECT %s AS asked, {COLUMNS} FROM qa_searchentry WHERE vector @@ %s::tsquery{others}{latest} "
            f"ORDER BY {order} DESC LIMIT %s)"
        )
        parameters += [place, _match(query), *([size] if size else []), limit]
    found = {place: [] for place in sizes}
    for place, *row in fetch(f"SELECT * FROM ({' UNION ALL '.join(each)}) found ORDER BY id DESC", parameters):
        found[place].append(Entry(*row))
    return found


def _is_found_by_walking(query, limit):
    """Whether the entries are found quicker by looking at all from the last one backwards than by the index of the
    vectors: what every few entries hold, or a single word that so many hold that few need to be looked at."""
    is_near = _is_one_word(query) and ROW * limit * query.of_all <= query.number**2
    return is_near or query.number * EVERY_FEW >= query.of_all


def closest(
    weights: dict[str, float], query: Query, limit: int, numbers: Mapping[str, int] | None = None
) -> list[Entry]:
    """The entries that hold the most of the terms, rare ones counting more, among those with the labels of `query` and
    nothing that it excludes.

    Each term is looked up by itself and no vector is read, which costs more than the looking up. Where the `numbers` of
    entries are known, of a term that many hold only those are read that hold another one as well, and the latest ones;
    not even these where the rarer terms lead to enough: by itself it counts too little.
    """
    if not weights:
        return []
    numbers = numbers or {}
    alone = rarest(weights, numbers, MOST_ALONE, enough=ENOUGH)
    first = max(weights, key=weights.get)
    latest = {
        term: _latest(term, numbers[term], query, limit if term == first else ENOUGH) if term in alone else []
        for term in weights
        if term not in alone or numbers.get(term, 0) > FEW * limit
    }
    found = _holding(weights, latest, query, limit)
    if len(found) < ENOUGH and len(alone) < len(weights):  # the rarer ones do not lead to as many as it seemed
        found = _holding(weights, {}, query, limit)
    return found


def _latest(term, number, query, limit):
    """The keys of the entries with the term that came last."""
    one = replace(query, groups=(Group(((term,),), number=number),))
    return [entry.pk for entry in newest((one, limit))[0]]


def _holding(weights, latest, query, limit):
    """As `closest`; of the terms in `latest` only these entries and those that hold another term."""
    condition = _match(Query((), query.excluded, query.labels))
    each, parameters = [], []
    for term, weight in weights.items():
        others = [(other,) for other in weights if other != term]
        parts = []
        if term not in latest:
            parts.append(HOLDING)
            parameters += [weight, " & ".join(filter(None, [_quoted((term,)), condition]))]
        elif others:
            parts.append(HOLDING)
            parameters += [weight, " & ".join(filter(None, [_quoted((term,)), _any(others), condition]))]
        if latest.get(term):
            parts.append(KNOWN)
            parameters += [weight, latest[term]]
        each += [" UNION ".join(parts)] if parts else []
    if not each:
        return []
    found = f"SELECT id, sum(weight) AS place FROM (({') UNION ALL ('.join(each)})) hits GROUP BY id "
    found += "ORDER BY place DESC, id DESC LIMIT %s"
    sql = f"SELECT {COLUMNS} FROM ({found}) found JOIN qa_searchentry USING (id) ORDER BY place DESC, id DESC"
    return [Entry(*row) for row in fetch(sql, [*parameters, limit])]


def add_words(numbers: dict[str, int]) -> None:
    """Add to how many entries hold each term."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO qa_searchword (term, number) SELECT * FROM unnest(%s::text[], %s::bigint[]) "
            "ON CONFLICT (term) DO UPDATE SET number = qa_searchword.number + excluded.number",
            [list(numbers), list(numbers.values())],
        )


def word_numbers() -> str:
    """SQL for each term with the number of entries that hold it, counted by the index."""
    words = "SELECT unnest(tsvector_to_array(vector)) AS term FROM qa_searchentry"  # thirty times as fast as ts_stat
    return f"SELECT term, count(*) AS number FROM ({words}) held GROUP BY term"


def lock_words() -> None:
    """Until the transaction ends nobody else counts words; who has begun is waited for, so that nobody waits in a
    circle."""
    with connection.cursor() as cursor:
        cursor.execute("LOCK TABLE qa_searchword IN SHARE ROW EXCLUSIVE MODE")


def tidy() -> None:
    """After much was written: what waits to be indexed is."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT gin_clean_pending_list('qa_searchentry_vector')")


def spellings(nearby: list[str], beginnings: list[str]) -> list[tuple[str, str, int]]:
    """Spellings that are among `nearby` or begin with one of `beginnings`, each with its term and number of entries."""
    # In place of a join: the planner expects so many spellings that it would read all words there are
    number = "coalesce((SELECT w.number FROM qa_searchword w WHERE w.term = s.term), 0)"
    known = f"SELECT s.spelling, s.term, {number} FROM qa_searchspelling s WHERE s.spelling"
    one_by_one = f"SELECT known.* FROM unnest(%s::text[]) nearby CROSS JOIN LATERAL ({known} = nearby LIMIT 1) known"
    return fetch(
        " UNION ".join([one_by_one, *[f"{known} LIKE %s"] * len(beginnings)]),
        [nearby, *(f"{start}%" for start in beginnings)],  # letters only: nothing in them has a meaning for LIKE
    )


def completions(beginning: str, limit: int) -> list[tuple[str, int]]:
    """The terms of the words that begin so and stand in the most headings, each with their number."""
    sql = f"SELECT s.term, w.number FROM qa_searchspelling s JOIN qa_searchword w ON w.term = '{HEADING}' || s.term "
    # A term begins as its word does. Unless it is told, the planner reads all words there are.
    sql += "WHERE s.spelling LIKE %s AND w.term LIKE %s ORDER BY w.number DESC LIMIT %s"
    return fetch(sql, [f"{beginning}%", f"\\{HEADING}{beginning[0]}%", limit])


def _match(query):
    parts = [_group(group) for group in query.groups]
    parts += [_any([(name,) for name in names]) for names in query.labels]
    parts += [f"!{_any([phrase])}" for phrase in query.excluded]
    return " & ".join(parts)


def _group(group):
    words = " & ".join(_quoted((word,)) for word in group.words)
    return f"({_any(group.phrases)} | ({words}))" if words else _any(group.phrases)


def _any(phrases):
    return f"({' | '.join(_quoted(phrase) for phrase in phrases)})"


def _quoted(phrase: Phrase):
    ending = ":*" if is_prefix(phrase) else ""
    words = ("'" + term.replace("\\", "\\\\").replace("'", "''") + "'" + ending for term in phrase)
    return "(" + " <-> ".join(words) + ")"
