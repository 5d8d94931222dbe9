"""Children fetched with their parent, as a list of dictionaries, so that they take no query of their own."""

from django.db.models import Aggregate, JSONField, Subquery
from django.db.models.functions import JSONObject


class _List(Aggregate):
    function = "JSONB_AGG"
    output_field = JSONField()

    def as_sqlite(self, compiler, connection, **extra):
        return self.as_sql(compiler, connection, function="JSON_GROUP_ARRAY", **extra)


def together(rows, by, **fields):
    """An annotation: of `rows`, already filtered to one outer row by their field `by`, these fields; None for none.

    The list comes in no order.
    """
    return Subquery(rows.order_by().values(by).annotate(together=_List(JSONObject(**fields))).values("together"))
