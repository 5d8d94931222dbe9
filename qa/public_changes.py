"""The database triggers that note each change of what public pages show, in the same transaction, by whatever way, and
those that keep the lists of topics in order.

`PublicChange.objects.version()` is another one from the moment that transaction ends.
"""

from qa.models import PublicChange
from qa.triggers import Triggers

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

# When a question about a topic was answered, and in which specialty, stands beside the topic while anybody may read it:
# no index reaches over two tables, and the list of a topic with many questions would have to go through all of them.
LISTED = (
    "SELECT answered_at, specialty_id {into} FROM qa_question WHERE status = 'answered' AND id = NEW.content_object_id"
)
LIST = (
    "UPDATE qa_questiontopic SET listed_at = CASE NEW.status WHEN 'answered' THEN NEW.answered_at END, "
    "listed_in = CASE NEW.status WHEN 'answered' THEN NEW.specialty_id END WHERE content_object_id = NEW.id;"
)
WATCHED = ["status", "answered_at", "specialty_id"]


def _events():
    for table, condition in SOURCES.items():
        for event, rows in EVENTS.items():
            yield f"{PREFIX}{table}_{event.lower()}", table, event, rows, condition


def _sqlite():
    """One row is enough there, where only one can write at a time."""
    listed = LISTED.format(into="")
    list_item = f"UPDATE qa_questiontopic SET (listed_at, listed_in) = ({listed}) WHERE id = NEW.id;"
    yield (
        f"{PREFIX}list_insert",
        f"AFTER INSERT ON qa_questiontopic WHEN (NEW.listed_at, NEW.listed_in) IS NOT ({listed}) BEGIN {list_item} END",
    )
    yield f"{PREFIX}list_update", f"AFTER UPDATE OF content_object_id ON qa_questiontopic BEGIN {list_item} END"
    yield f"{PREFIX}list", f"AFTER UPDATE OF {', '.join(WATCHED)} ON qa_question BEGIN {LIST} END"
    for name, table, event, rows, condition in _events():
        matters = " OR ".join(condition.format(row=row) for row in rows)
        yield (
            name,
            f"AFTER {event} ON {table} WHEN {matters} BEGIN "
            "INSERT INTO qa_publicchange (id) SELECT NULL WHERE NOT EXISTS (SELECT 1 FROM qa_publicchange); "
            "UPDATE qa_publicchange SET id = id + 1 WHERE id = (SELECT MAX(id) FROM qa_publicchange); END",
        )


def _postgresql():
    """One row for each statement, however many rows it changes."""
    yield (
        f"{PREFIX}list_item",
        (
            "BEFORE INSERT OR UPDATE OF content_object_id ON qa_questiontopic FOR EACH ROW",
            # who publishes it just now is waited for
            f"{LISTED.format(into='INTO NEW.listed_at, NEW.listed_in')} FOR SHARE; RETURN NEW;",
        ),
    )
    yield (
        f"{PREFIX}list",
        (
            f"AFTER UPDATE OF {', '.join(WATCHED)} ON qa_question FOR EACH ROW "
            f"WHEN ({' OR '.join(f'OLD.{name} IS DISTINCT FROM NEW.{name}' for name in WATCHED)})",
            f"{LIST} RETURN NULL;",
        ),
    )
    for name, table, event, rows, condition in _events():
        matters = " OR ".join(
            f"EXISTS (SELECT 1 FROM {row.lower()}_rows changed WHERE {condition.format(row='changed')})" for row in rows
        )
        tables = " ".join(f"{row} TABLE AS {row.lower()}_rows" for row in rows)
        yield (
            name,
            (
                f"AFTER {event} ON {table} REFERENCING {tables} FOR EACH STATEMENT",
                f"IF {matters} THEN INSERT INTO qa_publicchange DEFAULT VALUES; END IF; RETURN NULL;",
            ),
        )


TRIGGERS = Triggers(PREFIX, PublicChange, dict(_sqlite()), dict(_postgresql()))
