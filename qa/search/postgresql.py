"""The engine of PostgreSQL: a generated column of type tsvector, with an inverted index (GIN)."""

from collections.abc import Iterable

from django.db import connection

from qa.search.engine import FIELDS, Entry, Phrase, Query, is_prefix

COLUMNS = ", ".join(FIELDS)
FEW = 4_000  # entries; of so many the newest are found by looking at all
MOST_COMPARED = 8_000  # entries that `closest` may have to look at


def newest(query: Query, limit: int, in_heading: bool = False) -> list[Entry]:
    """The entries that came last of those that `query` is about, the last one first.

    The index knows no order, so where many entries are expected, only the latest ones are looked at first.
    """
    sql = f"SELECT {COLUMNS} FROM qa_searchentry WHERE vector @@ %s::tsquery"
    match = _match(query, in_heading)
    for window in _windows(query, limit):
        among_latest = " AND id > (SELECT max(id) FROM qa_searchentry) - %s" if window else ""
        parameters = [match, *([window] if window else []), limit]
        found = _entries(f"{sql}{among_latest} ORDER BY id DESC LIMIT %s", parameters)
        if len(found) == limit:
            break
    return found


def _windows(query, limit):
    """Among how many of the latest entries to look, 0 for all: three times as many as should be enough, then more."""
    if query.number > FEW:
        window = 3 * limit * query.of_all // query.number
        yield from (size for size in (window, 8 * window) if size < query.of_all)
    yield 0


def closest(weights: dict[str, float], labels: Iterable[str], limit: int) -> list[Entry]:
    """The entries with these `labels` that hold the most of the terms, rare ones counting more.

    Each term is looked up by itself and no vector is read, which costs more than the looking up.
    """
    if not weights:
        return []
    all_labels = "".join(f" & {_quoted((name,))}" for name in labels)
    each = " UNION ALL ".join(
        ["SELECT id, %s::float8 AS weight FROM qa_searchentry WHERE vector @@ %s::tsquery"] * len(weights)
    )
    parameters = [value for term, weight in weights.items() for value in (weight, _quoted((term,)) + all_labels)]
    found = f"SELECT id, sum(weight) AS place FROM ({each}) hits GROUP BY id ORDER BY place DESC, id DESC LIMIT %s"
    sql = f"SELECT {COLUMNS} FROM ({found}) found JOIN qa_searchentry USING (id) ORDER BY place DESC, id DESC"
    return _entries(sql, [*parameters, limit])


def add_words(numbers: dict[str, int]) -> None:
    """Add to how many entries hold each term."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO qa_searchword (term, number) SELECT * FROM unnest(%s::text[], %s::bigint[]) "
            "ON CONFLICT (term) DO UPDATE SET number = qa_searchword.number + excluded.number",
            [list(numbers), list(numbers.values())],
        )


def word_numbers() -> list[tuple[str, int]]:
    """Each term with the number of entries that hold it, counted by the index."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT word, ndoc FROM ts_stat('SELECT vector FROM qa_searchentry') WHERE left(word, 1) <> '_'")
        return cursor.fetchall()


def spellings(nearby: list[str], beginning: str) -> list[tuple[str, int]]:
    """Spellings that are among `nearby` or begin with `beginning`, each with its number of entries."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT s.spelling, w.number FROM qa_searchspelling s JOIN qa_searchword w ON w.term = s.term "
            "WHERE s.spelling = ANY(%s) OR s.spelling LIKE %s",
            [nearby, beginning.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"],
        )
        return cursor.fetchall()


def _entries(sql, parameters):
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return [Entry(*row) for row in cursor.fetchall()]


def _match(query, in_heading):
    weight = "A" if in_heading else ""
    parts = [_any(group.phrases, weight) for group in query.groups]
    parts += [_any([(name,) for name in names]) for names in query.labels]
    parts += [f"!{_any([phrase])}" for phrase in query.excluded]
    return " & ".join(parts)


def _any(phrases, weight=""):
    return f"({' | '.join(_quoted(phrase, weight) for phrase in phrases)})"


def _quoted(phrase: Phrase, weight=""):
    ending = ("*" if is_prefix(phrase) else "") + weight
    ending = f":{ending}" if ending else ""
    words = ("'" + term.replace("\\", "\\\\").replace("'", "''") + "'" + ending for term in phrase)
    return "(" + " <-> ".join(words) + ")"
