"""The engine of SQLite: a full-text index (FTS5) over the entries."""

import json
from collections.abc import Mapping

from django.db import connection

from qa.search.engine import FIELDS, HEADING, Entry, Group, Phrase, Query, fetch, is_prefix, rarest

COLUMNS = ", ".join(f"entry.{name}" for name in FIELDS)
WEIGHTS = "3.0, 1.0, 0.7, 0.0"  # of heading, body, replies, labels
OTHERS = ("_article", "_topic", "_doctor")  # labels
MOST_COMPARED = 20_000  # entries that `closest` may have to look at
MOST_ALONE = 2_000  # entries that it ranks whatever else they hold
RANKED = f"SELECT rowid AS id, bm25(qa_searchindex, {WEIGHTS}) AS place FROM qa_searchindex"
CLOSEST = f"SELECT * FROM ({RANKED} WHERE qa_searchindex MATCH %s ORDER BY place, id DESC LIMIT %s)"
LATEST = f"SELECT * FROM ({RANKED} WHERE qa_searchindex MATCH %s ORDER BY rowid DESC LIMIT %s)"


def newest(*asked: tuple[Query, int]) -> list[list[Entry]]:
    """For each query the entries that came last, the last one first, and no more than its number; in one statement.

    Rows are read in the order of the index and no further than wanted, so the commonest word costs no more than others.
    """
    each = "SELECT * FROM (SELECT %s AS asked, rowid FROM qa_searchindex WHERE qa_searchindex MATCH %s"
    each += " ORDER BY rowid DESC LIMIT %s)"
    parameters = [value for place, (query, limit) in enumerate(asked) for value in (place, _match(query), limit)]
    sql = f"SELECT found.asked, {COLUMNS} FROM ({' UNION ALL '.join([each] * len(asked))}) found "
    sql += "JOIN qa_searchentry entry ON entry.id = found.rowid ORDER BY entry.id DESC"
    found = [[] for _query in asked]
    for place, *row in fetch(sql, parameters):
        found[place].append(Entry(*row))
    return found


def closest(
    weights: dict[str, float], query: Query, limit: int, numbers: Mapping[str, int] | None = None
) -> list[Entry]:
    """The entries that hold the most of the terms, rare ones counting more (BM25), among those with the labels of
    `query` and nothing that it excludes.

    To rank an entry takes longer than to find it. Where the `numbers` of entries are known, of the less rare terms only
    those are ranked that hold another one as well, and the latest ones.
    """
    if not weights:
        return []
    alone = rarest(weights, numbers or {}, MOST_ALONE, enough=0)
    looked_for = [(CLOSEST, [alone])] if alone else []
    for term in weights.keys() - alone:
        others = weights.keys() - {term}
        looked_for += [(LATEST, [{term}]), *([(CLOSEST, [{term}, others])] if others else [])]
    each = " UNION ALL ".join(some for some, _terms in looked_for)
    parameters = [value for _some, terms in looked_for for value in (_match(_narrowed(query, *terms)), limit)]
    found = f"SELECT id, min(place) AS place FROM ({each}) GROUP BY id ORDER BY place, id DESC LIMIT %s"
    sql = f"SELECT {COLUMNS} FROM ({found}) found JOIN qa_searchentry entry ON entry.id = found.id "
    return [Entry(*row) for row in fetch(f"{sql}ORDER BY found.place, entry.id DESC", [*parameters, limit])]


def _narrowed(query, *each):
    """What holds one of the terms of each set, where `query` looks."""
    return Query(tuple(Group(tuple((term,) for term in sorted(terms))) for terms in each), query.excluded, query.labels)


def add_words(numbers: dict[str, int]) -> None:
    """Add to how many entries hold each term."""
    sql = "INSERT INTO qa_searchword (term, number) SELECT key, value FROM json_each(%s) WHERE true "
    sql += "ON CONFLICT (term) DO UPDATE SET number = number + excluded.number"
    with connection.cursor() as cursor:
        cursor.execute(sql, [json.dumps(numbers)])


def word_numbers() -> str:
    """SQL for each term with the number of entries that hold it, counted by the index."""
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE VIRTUAL TABLE IF NOT EXISTS temp.qa_searchterm USING fts5vocab('main', 'qa_searchindex', 'row')"
        )
    return "SELECT term, doc AS number FROM temp.qa_searchterm"


def lock_words() -> None:
    """Nothing to do: a transaction that writes is the only one."""


def tidy() -> None:
    """After much was written: make the index one piece again, which is read quicker."""
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO qa_searchindex (qa_searchindex) VALUES ('optimize')")


def spellings(nearby: list[str], beginnings: list[str]) -> list[tuple[str, str, int]]:
    """Spellings that are among `nearby` or begin with one of `beginnings`, each with its term and number of entries."""
    begins = " OR s.spelling >= %s AND s.spelling < %s" * len(beginnings)
    return fetch(
        "SELECT s.spelling, s.term, w.number FROM qa_searchspelling s JOIN qa_searchword w ON w.term = s.term "
        f"WHERE s.spelling IN (SELECT value FROM json_each(%s)){begins}",
        [json.dumps(nearby), *(edge for start in beginnings for edge in (start, start + "\U0010ffff"))],
    )


def completions(beginning: str, limit: int) -> list[tuple[str, int]]:
    """The terms of the words that begin so and stand in the most headings, each with their number."""
    sql = f"SELECT s.term, w.number FROM qa_searchspelling s JOIN qa_searchword w ON w.term = '{HEADING}' || s.term "
    sql += "WHERE s.spelling >= %s AND s.spelling < %s ORDER BY w.number DESC LIMIT %s"
    return fetch(sql, [beginning, beginning + "\U0010ffff", limit])


def _match(query):
    parts = [_group(group) for group in query.groups]
    labels = [*query.labels, OTHERS] if query.is_of_others else query.labels
    parts += [_any([(name,) for name in names]) for names in labels]
    match = " AND ".join(parts)
    return f"({match}) NOT {_any(query.excluded)}" if query.excluded else match


def _group(group):
    words = " AND ".join(_quoted((word,)) for word in group.words)
    return f"({_any(group.phrases)} OR ({words}))" if words else _any(group.phrases)


def _any(phrases):
    return f"({' OR '.join(_quoted(phrase) for phrase in phrases)})"


def _quoted(phrase: Phrase):
    words = " ".join(phrase).replace('"', '""')
    return f'"{words}"*' if is_prefix(phrase) else f'"{words}"'
