"""The database triggers that keep search true: whatever changes a text, or who may see it, by whatever way.

In the transaction of the change they delete the entry made of it and note the change for `entries.catch_up`. A noted
change is a lock as well: who writes an entry holds its row in qa_searchchange, and so does who changes the text.

Installed after every `migrate` where they differ from what is there: SQLite drops a table's triggers with the table,
which a migration may make anew.
"""

import hashlib
from dataclasses import dataclass

from django.db import connections, router, transaction

from qa.models import SearchChange

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


def install(sender, using, **kwargs):
    """After `migrate`: the triggers as this module describes them. Does nothing where they are there already."""
    connection = connections[using]
    if not router.allow_migrate_model(using, SearchChange):
        return
    if SearchChange._meta.db_table not in connection.introspection.table_names():
        return  # migrated back to before search
    with transaction.atomic(using), connection.cursor() as cursor:
        (_install_sqlite if connection.vendor == "sqlite" else _install_postgresql)(cursor)


def drop(sender, using, plan=(), **kwargs):
    """Before `migrate`: SQLite refuses to rename a table that a trigger names, and going back drops what they fill."""
    connection = connections[using]
    if connection.vendor == "sqlite" and plan:
        with connection.cursor() as cursor:
            for name in _sqlite_triggers(cursor):
                cursor.execute(f"DROP TRIGGER {name}")
    elif any(is_backwards and migration.app_label == "qa" for migration, is_backwards in plan):
        with connection.cursor() as cursor:
            for source in SOURCES:
                for event in ("insert", "update", "delete"):
                    cursor.execute(f"DROP FUNCTION IF EXISTS {PREFIX}{source.table}_{event} CASCADE")
            cursor.execute("COMMENT ON TABLE qa_searchchange IS NULL")


def _actions(source, row):
    """What a change of `row` does, as SQL statements: note it first, which waits for who writes the entry just now."""
    changed = [(source.kind, f"SELECT {row}.{source.key} AS id WHERE {row}.{source.key} IS NOT NULL")]
    if source.table == "qa_question":  # an article beside a question is public only with it
        changed.append(("article", f"SELECT id FROM qa_article WHERE question_id = {row}.id"))
    for kind, keys in changed:
        yield (
            f"INSERT INTO qa_searchchange (kind, object_id) SELECT '{kind}', changed.id FROM ({keys}) changed "
            "WHERE true ON CONFLICT (kind, object_id) DO UPDATE SET kind = excluded.kind WHERE false;"
        )
        yield f"DELETE FROM qa_searchentry WHERE kind = '{kind}' AND object_id IN ({keys});"
    if source.table == "qa_question" and row == "NEW":
        yield from _forget_computed(row)


def _forget_computed(row):
    """What was computed from a question's text goes with it: its vector whenever the text may have changed, links to
    and from it where it is not to be compared any longer; the questions that lose a link get another one."""
    yield f"DELETE FROM qa_embedding WHERE question_id = {row}.id;"
    gone = f"({row}.status <> 'answered' OR {row}.erased_at IS NOT NULL)"
    links = f"origin = 'computed' AND {gone}"
    yield (
        "INSERT INTO qa_relatedchange (question_id, reason) SELECT question_id, 'neighbour' FROM qa_relatedquestion "
        f"WHERE related_id = {row}.id AND {links} ON CONFLICT DO NOTHING;"
    )
    yield f"DELETE FROM qa_relatedquestion WHERE (question_id = {row}.id OR related_id = {row}.id) AND {links};"
    yield f"DELETE FROM qa_relatedtopic WHERE question_id = {row}.id AND {links};"


def _events(source, differs):
    """For each event of a row of `source`: when it matters, and which rows it is about."""
    columns = (source.key, *source.columns)
    changed = " OR ".join(f"OLD.{column} {differs} NEW.{column}" for column in columns)
    old, new = (source.condition.format(row=row) or "true" for row in ("OLD", "NEW"))
    yield "INSERT", "INSERT", new, ["NEW"]
    yield "DELETE", "DELETE", old, ["OLD"]
    yield "UPDATE", f"UPDATE OF {', '.join(columns)}", f"({old} OR {new}) AND ({changed})", ["OLD", "NEW"]


def _install_sqlite(cursor):
    wanted = {f"{PREFIX}{name}": f"CREATE TRIGGER {PREFIX}{name} {sql}" for name, sql in SQLITE_INDEX.items()}
    for source in SOURCES:
        for event, clause, condition, rows in _events(source, "IS NOT"):
            name = f"{PREFIX}{source.table}_{event.lower()}"
            actions = " ".join(action for row in rows for action in _actions(source, row))
            wanted[name] = (
                f"CREATE TRIGGER {name} AFTER {clause} ON {source.table} WHEN {condition} BEGIN {actions} END"
            )
    there = _sqlite_triggers(cursor)
    for name in there:
        if there[name] != wanted.get(name):
            cursor.execute(f"DROP TRIGGER {name}")
    for name, sql in wanted.items():
        if there.get(name) != sql:
            cursor.execute(sql)


def _sqlite_triggers(cursor):
    cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND name LIKE %s", [f"{PREFIX}%"])
    return dict(cursor.fetchall())


def _install_postgresql(cursor):
    statements = []
    for source in SOURCES:
        for event, clause, condition, rows in _events(source, "IS DISTINCT FROM"):
            name = f"{PREFIX}{source.table}_{event.lower()}"
            actions = " ".join(action for row in rows for action in _actions(source, row))
            statements.append(
                f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS "
                f"$$ BEGIN {actions} RETURN NULL; END $$"
            )
            statements.append(
                f"CREATE OR REPLACE TRIGGER {name} AFTER {clause} ON {source.table} "
                f"FOR EACH ROW WHEN ({condition}) EXECUTE FUNCTION {name}()"
            )
    digest = hashlib.sha256("\n".join(statements).encode()).hexdigest()
    cursor.execute("SELECT obj_description('qa_searchchange'::regclass, 'pg_class')")
    if cursor.fetchone()[0] == digest:
        return
    for statement in statements:
        cursor.execute(statement)
    cursor.execute(f"COMMENT ON TABLE qa_searchchange IS '{digest}'")
