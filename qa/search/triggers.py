"""The database triggers that keep search true: whatever changes a text, or who may see it, by whatever way.

In the transaction of the change they delete the entry made of it and note the change for `entries.catch_up`. A noted
change is a lock as well: who writes an entry holds its row in qa_searchchange, and so does who changes the text.
"""

from dataclasses import dataclass

from qa.models import SearchChange
from qa.triggers import Triggers

PREFIX = "qa_search_"


@dataclass(frozen=True)
class Source:
    """A table whose rows go into entries."""

    table: str
    kind: str
    key: str  # the column that says which entry
    columns: tuple[str, ...]  # besides `key`, those that an entry depends on
    condition: str = ""  # which rows matter, of "{row}"


SOURCES = [
    Source(
        "qa_question",
        "question",
        "id",
        ("headline", "title", "body", "status", "specialty_id", "answered_at", "is_excerpt", "erased_at"),
        "{row}.status = 'answered'",
    ),
    Source(
        "qa_reply",
        "question",
        "question_id",
        ("body", "status", "may_be_about", "urgent_if", "whom_to_see"),
        "{row}.status = 'published'",
    ),
    Source("qa_questionpart", "question", "question_id", ("text",)),
    Source("qa_questiontopic", "question", "content_object_id", ("tag_id",)),
    Source("qa_photo", "question", "question_id", ("audience",), "{row}.audience = 'public'"),
    Source("qa_article", "article", "id", ("title", "body", "status", "question_id"), "{row}.status = 'published'"),
    Source("qa_articletopic", "article", "content_object_id", ("tag_id",)),
    Source("qa_topic", "topic", "id", ("name", "original_name")),
    Source("qa_topicsynonym", "topic", "topic_id", ("name",)),
    Source("qa_topic_specialties", "topic", "topic_id", ("specialty_id",)),
    Source("accounts_doctor", "doctor", "id", ("name", "verified_at", "withdrawn_at", "is_from_archive")),
    Source("accounts_doctoralias", "doctor", "doctor_id", ("name",)),
    Source("accounts_doctor_specialties", "doctor", "doctor_id", ("specialty_id",)),
]

# The index of SQLite takes part in every change of an entry.
SQLITE_INDEX = {
    "entry_insert": """AFTER INSERT ON qa_searchentry BEGIN
        INSERT INTO qa_searchindex (rowid, heading, body, replies, labels)
        VALUES (NEW.id, NEW.heading, NEW.body, NEW.replies, NEW.labels); END""",
    "entry_delete": """AFTER DELETE ON qa_searchentry BEGIN
        INSERT INTO qa_searchindex (qa_searchindex, rowid, heading, body, replies, labels)
        VALUES ('delete', OLD.id, OLD.heading, OLD.body, OLD.replies, OLD.labels); END""",
    "entry_update": """AFTER UPDATE OF id, heading, body, replies, labels ON qa_searchentry BEGIN
        INSERT INTO qa_searchindex (qa_searchindex, rowid, heading, body, replies, labels)
        VALUES ('delete', OLD.id, OLD.heading, OLD.body, OLD.replies, OLD.labels);
        INSERT INTO qa_searchindex (rowid, heading, body, replies, labels)
        VALUES (NEW.id, NEW.heading, NEW.body, NEW.replies, NEW.labels); END""",
}

# The vector of a question goes with the text it was made of. Computed links are left to `entries.catch_up`: whoever
# removes a question must not have to wait for who computes links just now.
FORGET_VECTOR = "DELETE FROM qa_embedding WHERE question_id = NEW.id;"


def _actions(source, event, keys, ending=""):
    """What a change does, as SQL statements: note it first, which waits for who writes the entry just now.

    `keys` is the query of the keys of changed things, each once, as "id".
    """
    is_new = source.key == "id" and event == "INSERT"  # nothing was made of it yet
    changed = [(source.kind, keys)]
    if source.table == "qa_question" and not is_new:  # an article beside a question is public only with it
        changed.append(("article", f"SELECT id FROM qa_article WHERE question_id IN ({keys})"))
    for kind, found in changed:
        yield (
            f"INSERT INTO qa_searchchange (kind, object_id) SELECT '{kind}', changed.id FROM ({found}) changed "
            f"WHERE changed.id IS NOT NULL{ending} ON CONFLICT (kind, object_id) "
            "DO UPDATE SET kind = excluded.kind WHERE false;"
        )
        if not is_new:
            yield f"DELETE FROM qa_searchentry WHERE kind = '{kind}' AND object_id IN ({found});"
    if source.table == "qa_question" and event == "UPDATE":
        yield FORGET_VECTOR


def _matters(source, event, row="{row}", differs=""):
    """Which changes of a row matter."""
    condition = source.condition or "true"
    if event != "UPDATE":
        return condition.format(row=row)
    columns = " OR ".join(f"OLD.{column} {differs} NEW.{column}" for column in (source.key, *source.columns))
    return f"({condition.format(row='OLD')} OR {condition.format(row='NEW')}) AND ({columns})"


def _update(source):
    """The event of an update, and the query of the keys that it is about."""
    columns = ", ".join((source.key, *source.columns))
    keys = " UNION ".join(f"SELECT {row}.{source.key} AS id" for row in ("OLD", "NEW"))
    return f"AFTER UPDATE OF {columns} ON {source.table}", keys


def _sqlite():
    for name, sql in SQLITE_INDEX.items():
        yield f"{PREFIX}{name}", sql
    for source in SOURCES:
        for event, row in (("INSERT", "NEW"), ("DELETE", "OLD"), ("UPDATE", "")):
            clause, keys = f"AFTER {event} ON {source.table}", f"SELECT {row}.{source.key} AS id"
            if event == "UPDATE":
                clause, keys = _update(source)
            actions = " ".join(_actions(source, event, keys))
            matters = _matters(source, event, row, "IS NOT")
            yield f"{PREFIX}{source.table}_{event.lower()}", f"{clause} WHEN {matters} BEGIN {actions} END"


def _postgresql():
    """Of rows that come or go one trigger for each statement; of updates only the row tells which columns differ."""
    for source in SOURCES:
        for event, rows in (("INSERT", "NEW"), ("DELETE", "OLD")):
            clause = f"AFTER {event} ON {source.table} REFERENCING {rows} TABLE AS changed_rows FOR EACH STATEMENT"
            found = f"SELECT DISTINCT changed_row.{source.key} AS id FROM changed_rows changed_row"
            keys = f"{found} WHERE {_matters(source, event, 'changed_row')}"
            # In one order, so that two who note many changes never wait for each other in a circle.
            actions = " ".join(_actions(source, event, keys, " ORDER BY changed.id"))
            yield f"{PREFIX}{source.table}_{event.lower()}", (clause, f"{actions} RETURN NULL;")
        clause, keys = _update(source)
        matters = _matters(source, "UPDATE", differs="IS DISTINCT FROM")
        actions = " ".join(_actions(source, "UPDATE", keys))
        yield (
            f"{PREFIX}{source.table}_update",
            (
                f"{clause} FOR EACH ROW WHEN ({matters})",
                f"{actions} RETURN NULL;",
            ),
        )


TRIGGERS = Triggers(PREFIX, SearchChange, dict(_sqlite()), dict(_postgresql()))
