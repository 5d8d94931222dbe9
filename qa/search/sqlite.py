"""The engine of SQLite: a full-text index (FTS5) over the entries."""

import json
from collections.abc import Iterable

from django.db import connection

from qa.search.engine import FIELDS, Entry, Phrase, Query, is_prefix

COLUMNS = ", ".join(f"entry.{name}" for name in FIELDS)
WEIGHTS = "3.0, 1.0, 0.7, 0.0"  # of heading, body, replies, labels
MOST_COMPARED = 20_000  # entries that `closest` may have to rank


def newest(query: Query, limit: int, in_heading: bool = False) -> list[Entry]:
    """The entries that came last of those that `query` is about, the last one first.

    Rows are read in the order of the index and no further than wanted, so the commonest word costs no more than others.
    """
    found = "SELECT rowid FROM qa_searchindex WHERE qa_searchindex MATCH %s ORDER BY rowid DESC LIMIT %s"
    return _entries(found, [_match(query, in_heading), limit], "entry.id DESC")


def closest(weights: dict[str, float], labels: Iterable[str], limit: int) -> list[Entry]:
    """The entries with these `labels` that hold the most of the terms, rare ones counting more (BM25)."""
    if not weights:
        return []
    any_term = " OR ".join(_quoted((term,)) for term in weights)
    all_labels = "".join(f" AND {_quoted((name,))}" for name in labels)
    found = (
        f"SELECT rowid, bm25(qa_searchindex, {WEIGHTS}) AS place FROM qa_searchindex "
        "WHERE qa_searchindex MATCH %s ORDER BY place, rowid DESC LIMIT %s"
    )
    return _entries(found, [f"({any_term}){all_labels}", limit], "found.place, entry.id DESC")


def add_words(numbers: dict[str, int]) -> None:
    """Add to how many entries hold each term."""
    _run(
        "INSERT INTO qa_searchword (term, number) SELECT key, value FROM json_each(%s) WHERE true "
        "ON CONFLICT (term) DO UPDATE SET number = number + excluded.number",
        [json.dumps(numbers)],
    )


def word_numbers() -> list[tuple[str, int]]:
    """Each term with the number of entries that hold it, counted by the index."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE VIRTUAL TABLE temp.qa_searchterm USING fts5vocab('main', 'qa_searchindex', 'row')")
        try:
            cursor.execute("SELECT term, doc FROM temp.qa_searchterm WHERE term NOT LIKE '\\_%%' ESCAPE '\\'", [])
            return cursor.fetchall()
        finally:
            cursor.execute("DROP TABLE temp.qa_searchterm")


def spellings(nearby: list[str], beginning: str) -> list[tuple[str, int]]:
    """Spellings that are among `nearby` or begin with `beginning`, each with its number of entries."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT s.spelling, w.number FROM qa_searchspelling s JOIN qa_searchword w ON w.term = s.term "
            "WHERE s.spelling IN (SELECT value FROM json_each(%s)) OR s.spelling >= %s AND s.spelling < %s",
            [json.dumps(nearby), beginning, beginning + "\U0010ffff"],
        )
        return cursor.fetchall()


def _entries(found, parameters, order):
    sql = f"SELECT {COLUMNS} FROM ({found}) found JOIN qa_searchentry entry ON entry.id = found.rowid ORDER BY {order}"
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return [Entry(*row) for row in cursor.fetchall()]


def _match(query, in_heading):
    parts = [_any(group.phrases) for group in query.groups]
    if in_heading and parts:
        parts = [f"{{heading}} : ({' AND '.join(parts)})"]
    parts += [_any([(name,) for name in names]) for names in query.labels]
    match = " AND ".join(parts)
    return f"({match}) NOT {_any(query.excluded)}" if query.excluded else match


def _any(phrases):
    return f"({' OR '.join(_quoted(phrase) for phrase in phrases)})"


def _quoted(phrase: Phrase):
    words = " ".join(phrase).replace('"', '""')
    return f'"{words}"*' if is_prefix(phrase) else f'"{words}"'


def _run(sql, parameters):
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
