"""Rows fetched with the row they belong to, as a list in one of its columns: they take no query of their own."""

import datetime
import json
from collections import defaultdict
from functools import cache

from django.db.models import Aggregate, BooleanField, DateField, DateTimeField, JSONField, Model, Subquery
from django.db.models.functions import JSONObject


class _List(Aggregate):
    function = "JSONB_AGG"
    output_field = JSONField()

    def as_sqlite(self, compiler, connection, **extra):
        return self.as_sql(compiler, connection, function="JSON_GROUP_ARRAY", **extra)


def together(rows, by, *names, **fields):
    """An annotation: of `rows`, already filtered to one outer row by their field `by`, these fields; None for none.

    The list comes in no order, as dictionaries by the names of the fields (`names` are those that they have anyway). Of
    such dictionaries `as_models` makes rows again.
    """
    listed = JSONObject(**{name: name for name in names}, **fields)
    return Subquery(rows.order_by().values(by).annotate(together=_List(listed)).values("together"))


def unfolded(listed: dict | list | str | None) -> dict | list | None:
    """What a list from `together` has in it: databases give a list within a list as a text."""
    return json.loads(listed) if isinstance(listed, str) else listed


def as_models(model: type[Model], rows: list[dict] | str | None) -> list[Model]:
    """The rows of a list from `together`.

    What `doctor__id` and `doctor__name` say is then a doctor; what is no field is there all the same, as it came.
    """
    return [_as_model(model, row) for row in unfolded(rows) or []]


def _as_model(model, row):
    fields, others, beside = _names(model, tuple(row))
    values = [convert(row[name]) if convert else row[name] for name, convert in fields.items()]
    instance = model.from_db(None, fields, values)
    for name in beside:
        setattr(instance, name, row[name])
    for field, names in others.items():
        of_other = {rest: row[name] for rest, name in names.items()}
        other = None if of_other["id"] is None else _as_model(field.related_model, of_other)
        field.set_cached_value(instance, other)
        if field.concrete:
            vars(instance)[field.attname] = of_other["id"]
    return instance


@cache  # there are few lists
def _names(model, names):
    """What the names of a list's row are to a model: own fields in its order, each with a function that makes the value
    of what JSON has for it, or None; fields leading to another row, each with its names by their rest; what is left."""
    fields = {field.attname: _converter(field) for field in model._meta.concrete_fields if field.attname in names}
    others = defaultdict(dict)
    for name in names:
        first, _, rest = name.partition("__")
        if rest:
            others[model._meta.get_field(first)][rest] = name
    return fields, others, [name for name in names if name not in fields and "__" not in name]


def _converter(field):
    if isinstance(field, DateTimeField):
        return _moment
    return field.to_python if isinstance(field, DateField | BooleanField) else None


def _moment(text):
    if text is None:
        return None
    moment = datetime.datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=datetime.UTC)  # SQLite does not say it
