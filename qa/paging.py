"""Keyset paging: "older" and "newer" without counting or skipping rows, so that page 500 costs what page 1 does."""

import datetime
from dataclasses import dataclass
from urllib.parse import urlencode

from django.db.models import DateTimeField, Q

PAGE_SIZE = 20


@dataclass(frozen=True)
class Page:
    """One page of a list, with the query strings of its neighbours ("" where there is none)."""

    rows: list
    newer: str
    older: str


def _write_cursor(row, field):
    value = getattr(row, field)
    if isinstance(value, datetime.datetime):
        value = value.astimezone(datetime.UTC).isoformat()
    return f"{row.pk}~{value}"


def _read_cursor(text, is_moment):
    """The (value, pk) a cursor stands for; None where it is not one of ours."""
    pk, _tilde, value = text.partition("~")
    if not pk.isascii() or not pk.isdigit() or len(pk) > 18 or "\x00" in value:
        return None
    if not is_moment:
        return value, int(pk)
    try:
        moment = datetime.datetime.fromisoformat(value)
        return (moment.astimezone(datetime.UTC), int(pk)) if moment.tzinfo else None
    except (ValueError, OverflowError):  # no date, or one at the end of the calendar
        return None


def _beyond(field, cursor, descending):
    """The rows that come after the cursor in the order (field, pk)."""
    value, pk = cursor
    step = "lt" if descending else "gt"
    return Q(**{f"{field}__{step}e": value}) & (Q(**{f"{field}__{step}": value}) | Q(**{f"pk__{step}": pk}))


def get_page(rows, query, field, descending=True, size=PAGE_SIZE):
    """One page of the queryset `rows` in the order (`field`, pk), in one query.

    Args:
        query: the request's query parameters; `after` holds the last row of the page before, `before` the first
            row of the page behind. A cursor that cannot be read means the first page.
        field: a field or annotation without empty values, indexed together with the primary key.
        size: rows on a page.
    """
    is_moment = isinstance(rows.query.resolve_ref(field).output_field, DateTimeField)
    backwards = "before" in query
    cursor = _read_cursor(query.get("before" if backwards else "after", ""), is_moment)
    backwards = backwards and cursor is not None
    downwards = descending != backwards
    if cursor:
        rows = rows.filter(_beyond(field, cursor, downwards))
    sign = "-" if downwards else ""
    found = list(rows.order_by(f"{sign}{field}", f"{sign}pk")[: size + 1])
    has_more = len(found) > size
    found = found[:size]
    if backwards:
        found.reverse()
    has_older = bool(found) and (backwards or has_more)
    has_newer = bool(found) and (has_more if backwards else cursor is not None)
    kept = {key: value for key, value in query.items() if key not in ("after", "before")}

    def link(name, row):
        return "?" + urlencode({**kept, name: _write_cursor(row, field)})

    return Page(
        rows=found,
        newer=link("before", found[0]) if has_newer else "",
        older=link("after", found[-1]) if has_older else "",
    )
