"""The database triggers that note each change of what public pages show, in the same transaction, by whatever way, and
those that keep the lists of topics in order.

`PublicChange.objects.version()` is another one from the moment that transaction ends. Installed after every `migrate`
where they differ from what is there: SQLite drops a table's triggers with the table, which a migration may make anew.
"""

import hashlib

from django.db import connections, router, transaction

from qa.models import PublicChange

PREFIX = "qa_public_"
OF_QUESTION = "EXISTS (SELECT 1 FROM qa_question q WHERE q.id = {row}.%s AND q.status = 'answered')"

# The tables that public pages show something of, and which of their rows count.
SOURCES = {
    "qa_question": "{row}.status = 'answered'",
    "qa_questionpart": OF_QUESTION % "question_id",
    "qa_questiontopic": OF_QUESTION % "content_object_id",
    "qa_relatedquestion": OF_QUESTION % "question_id",
    "qa_relatedtopic": OF_QUESTION % "question_id",
    "qa_photo": "{row}.audience = 'public'",
    "qa_reply": "{row}.status <> 'draft'",
    "qa_replyreview": "true",
    "qa_partcoverage": "EXISTS (SELECT 1 FROM qa_reply r WHERE r.id = {row}.reply_id AND r.status <> 'draft')",
    "qa_article": "{row}.status = 'published'",
    "qa_articletopic": "true",
    "qa_topic": "true",
    "qa_topic_specialties": "true",
    "qa_topicsynonym": "true",
    "qa_topicredirect": "true",
    "qa_tally": "true",
    "accounts_specialty": "true",
    "accounts_doctor": "true",
    "accounts_doctor_specialties": "true",
    "accounts_doctoralias": "true",
    "accounts_credential": "true",
    "accounts_user": "EXISTS (SELECT 1 FROM qa_article a WHERE a.author_id = {row}.id)",  # authors are named
}
EVENTS = {"INSERT": ["NEW"], "UPDATE": ["OLD", "NEW"], "DELETE": ["OLD"]}

# When a question about a topic was answered, while anybody may read it, stands beside the topic: no index of a database
# reaches over two tables, and a list of a topic with many questions would have to sort them all.
LISTED = "SELECT answered_at FROM qa_question WHERE status = 'answered' AND id = NEW.content_object_id"
LIST = "UPDATE qa_questiontopic SET listed_at = CASE NEW.status WHEN 'answered' THEN NEW.answered_at END"
LISTING_SQLITE = {
    f"{PREFIX}list_insert": "AFTER INSERT ON qa_questiontopic BEGIN "
    f"UPDATE qa_questiontopic SET listed_at = ({LISTED}) WHERE id = NEW.id; END",
    f"{PREFIX}list_update": "AFTER UPDATE OF content_object_id ON qa_questiontopic BEGIN "
    f"UPDATE qa_questiontopic SET listed_at = ({LISTED}) WHERE id = NEW.id; END",
    f"{PREFIX}list": "AFTER UPDATE OF status, answered_at ON qa_question BEGIN "
    f"{LIST} WHERE content_object_id = NEW.id; END",
}
LISTING_POSTGRESQL = [
    f"CREATE OR REPLACE FUNCTION {PREFIX}list_item() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
    f"NEW.listed_at := ({LISTED} FOR SHARE); RETURN NEW; END $$",  # who publishes it just now is waited for
    f"CREATE OR REPLACE TRIGGER {PREFIX}list_item BEFORE INSERT OR UPDATE OF content_object_id ON qa_questiontopic "
    f"FOR EACH ROW EXECUTE FUNCTION {PREFIX}list_item()",
    f"CREATE OR REPLACE FUNCTION {PREFIX}list() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
    f"{LIST} WHERE content_object_id = NEW.id; RETURN NULL; END $$",
    f"CREATE OR REPLACE TRIGGER {PREFIX}list AFTER UPDATE OF status, answered_at ON qa_question FOR EACH ROW "
    "WHEN (OLD.status IS DISTINCT FROM NEW.status OR OLD.answered_at IS DISTINCT FROM NEW.answered_at) "
    f"EXECUTE FUNCTION {PREFIX}list()",
]


def install(sender, using, **kwargs):
    """After `migrate`: the triggers as this module describes them. Does nothing where they are there already."""
    connection = connections[using]
    if not router.allow_migrate_model(using, PublicChange):
        return
    if PublicChange._meta.db_table not in connection.introspection.table_names():
        return  # migrated back to before it
    with transaction.atomic(using), connection.cursor() as cursor:
        (_install_sqlite if connection.vendor == "sqlite" else _install_postgresql)(cursor)


def drop(sender, using, plan=(), **kwargs):
    """Before `migrate`: SQLite refuses to rename a table that a trigger names, and going back drops what they fill."""
    connection = connections[using]
    if not plan:
        return
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            for name in _sqlite_triggers(cursor):
                cursor.execute(f"DROP TRIGGER {name}")
        elif any(is_backwards and migration.app_label == "qa" for migration, is_backwards in plan):
            for name in [*(name for name, _table, _event in _names()), f"{PREFIX}list_item", f"{PREFIX}list"]:
                cursor.execute(f"DROP FUNCTION IF EXISTS {name} CASCADE")
            cursor.execute("COMMENT ON TABLE qa_publicchange IS NULL")


def _names():
    for table in SOURCES:
        for event in EVENTS:
            yield f"{PREFIX}{table}_{event.lower()}", table, event


def _install_sqlite(cursor):
    """One row is enough there, where only one can write at a time."""
    wanted = {name: f"CREATE TRIGGER {name} {rest}" for name, rest in LISTING_SQLITE.items()}
    for name, table, event in _names():
        condition = " OR ".join(SOURCES[table].format(row=row) for row in EVENTS[event])
        wanted[name] = (
            f"CREATE TRIGGER {name} AFTER {event} ON {table} WHEN {condition} BEGIN "
            "INSERT INTO qa_publicchange (id) VALUES (NULL); "
            "DELETE FROM qa_publicchange WHERE id < (SELECT MAX(id) FROM qa_publicchange); END"
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
    """One row for each statement, however many rows it changes."""
    statements = [*LISTING_POSTGRESQL]
    for name, table, event in _names():
        rows = EVENTS[event]
        condition = SOURCES[table].format(row="changed")
        found = " OR ".join(f"EXISTS (SELECT 1 FROM {row.lower()}_rows changed WHERE {condition})" for row in rows)
        tables = " ".join(f"{row} TABLE AS {row.lower()}_rows" for row in rows)
        statements.append(
            f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            f"IF {found} THEN INSERT INTO qa_publicchange DEFAULT VALUES; END IF; RETURN NULL; END $$"
        )
        statements.append(
            f"CREATE OR REPLACE TRIGGER {name} AFTER {event} ON {table} REFERENCING {tables} "
            f"FOR EACH STATEMENT EXECUTE FUNCTION {name}()"
        )
    wanted = hashlib.sha256("\n".join(statements).encode()).hexdigest()
    cursor.execute("SELECT obj_description('qa_publicchange'::regclass)")
    if cursor.fetchone()[0] != wanted:
        for statement in statements:
            cursor.execute(statement)
        cursor.execute(f"COMMENT ON TABLE qa_publicchange IS '{wanted}'")
