"""The triggers of the database, row by row: what changes a public page, what changes an entry, and migrations."""

import re

import pytest
from django.apps import apps
from django.core.management.sql import emit_post_migrate_signal, emit_pre_migrate_signal
from django.db import connection
from django.db.migrations import Migration
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Credential, Doctor, DoctorAlias
from qa import public_changes
from qa.models import (
    Photo,
    PublicChange,
    Question,
    RelatedOrigin,
    ReplyReview,
    SearchChange,
    Tally,
    TopicRedirect,
    TopicSynonym,
)
from qa.models.question import NOTHING_SAID
from qa.search import triggers
from tests.browsing import PAGES, fill
from tests.factories import make_answered_question, make_article, make_doctor, make_specialty, make_topic, make_user

pytestmark = pytest.mark.django_db

MODELS = {model._meta.db_table: model for model in apps.get_models(include_auto_created=True)}


SHOWN = {
    "qa_question", "qa_questionpart", "qa_questiontopic", "qa_relatedquestion", "qa_relatedtopic", "qa_photo",
    "qa_reply", "qa_replyreview", "qa_partcoverage", "qa_article", "qa_articletopic", "qa_topic",
    "qa_topic_specialties", "qa_topicsynonym", "qa_topicredirect", "qa_tally", "accounts_specialty", "accounts_doctor",
    "accounts_doctor_specialties", "accounts_doctoralias", "accounts_credential", "accounts_user",
}  # fmt: skip


@pytest.fixture
def rows():
    """A row in each table that public pages show something of."""
    doctor, topic = make_doctor(), make_topic()
    question = make_answered_question(doctor)
    reply, part = question.replies.get(), question.parts.create(position=1, text="Will it stay?")
    question.topics.add(topic)
    reply.coverages.create(part=part, coverage="answered")
    origin = {"position": 1, "origin": RelatedOrigin.EDITOR}
    question.related_questions.create(related=make_answered_question(doctor), **origin)
    question.related_topics.create(topic=topic, specialty=question.specialty, **origin)
    agreed = {"audience": "public", "consented_at": NOW, "accepted_at": NOW}
    Photo.objects.create(question=question, position=1, file="a.webp", **agreed)
    ReplyReview.objects.create(reply=reply, doctor=make_doctor(), verdict="agrees")
    make_article(author=make_user(), question=question).topics.add(topic)
    TopicSynonym.objects.create(topic=topic, name="Dots")
    TopicRedirect.objects.create(topic=topic, slug="dots")
    DoctorAlias.objects.create(doctor=doctor, name="Another Name")
    Credential.objects.create(doctor=doctor, title="Dermatologist", since=NOW.date())
    Tally.objects.create(topic=topic, number=3)


NOW = timezone.now()


@pytest.mark.usefixtures("rows")
@pytest.mark.parametrize("table", sorted(SHOWN))
def test_a_change_of_what_public_pages_show_makes_another_version(table):
    before = PublicChange.objects.version()
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE {table} SET id = id")
    assert PublicChange.objects.version() != before


def test_each_table_that_public_pages_show_something_of_is_looked_at():
    assert set(public_changes.SOURCES) == SHOWN


@pytest.mark.usefixtures("rows")
@pytest.mark.parametrize("page", [page for page in PAGES if not page.startswith("search")])
def test_a_public_page_reads_no_table_whose_changes_are_not_noted(client, page):
    counted_apart = {"qa_publicchange", "qa_helpful"}  # the version itself, and votes, of which it has a number
    address = PAGES[page](fill("Few", 3))
    with CaptureQueriesContext(connection) as queries:
        assert client.get(address).status_code == 200
    words = {word for query in queries for word in re.findall(r"\w+", query["sql"])}
    read = {table for table in MODELS if table in words and table.startswith(("qa_", "accounts_"))}
    assert "qa_publicchange" in read
    assert read - counted_apart <= set(public_changes.SOURCES)


# What an entry is made of: by table and column, a value that is another one than before.
ENTRY = {
    "qa_question": {
        "headline": "Other words",
        "title": "Other words",
        "body": "Other words",
        "status": "removed",
        "specialty_id": None,
        "answered_at": NOW,
        "is_excerpt": True,
        "erased_at": NOW,
    },
    "qa_reply": {
        "question_id": None,
        "body": "Other words",
        "status": "withdrawn",
        "may_be_about": "Other words",
        "urgent_if": "Other words",
        "whom_to_see": "Other words",
    },
    "qa_questionpart": {"question_id": None, "text": "Other words"},
    "qa_questiontopic": {"content_object_id": None, "tag_id": None},
    "qa_photo": {"question_id": None, "audience": "doctors"},
    "qa_article": {"title": "Other words", "body": "Other words", "status": "draft", "question_id": None},
    "qa_articletopic": {"content_object_id": None, "tag_id": None},
    "qa_topic": {"name": "Other words", "original_name": "Other words"},
    "qa_topicsynonym": {"topic_id": None, "name": "Other words"},
    "qa_topic_specialties": {"topic_id": None, "specialty_id": None},
    "accounts_doctor": {"name": "Other words", "verified_at": NOW, "withdrawn_at": NOW, "is_from_archive": True},
    "accounts_doctoralias": {"doctor_id": None, "name": "Other words"},
    "accounts_doctor_specialties": {"doctor_id": None, "specialty_id": None},
}
PAIRS = {(table, column) for table in ENTRY for column in ENTRY[table]}
MAKE_OTHERS = {  # for the columns that are None above
    "question": lambda: make_answered_question().pk,
    "specialty": lambda: make_specialty("Cardiology").pk,
    "topic": lambda: make_topic("Another Topic", specialties=[]).pk,
    "article": lambda: make_article("Another").pk,
    "doctor": lambda: make_doctor(specialties=[]).pk,
}


@pytest.mark.usefixtures("rows")
@pytest.mark.parametrize(("table", "column"), sorted(PAIRS))
def test_a_change_of_what_an_entry_is_made_of_is_noted(table, column):
    source = next(source for source in triggers.SOURCES if source.table == table)
    changed = MODELS[table].objects.filter(pk=MODELS[table].objects.order_by("pk").first().pk)
    if column == "erased_at":
        changed.update(**NOTHING_SAID, age_to=None)
    if column == "withdrawn_at":
        changed.update(withdrawn_at="2020-01-01T00:00Z", withdrawal_reason="Moved", verified_at=None)
    field = MODELS[table]._meta.get_field(column)
    value = ENTRY[table][column] or MAKE_OTHERS[field.related_model._meta.model_name]()
    SearchChange.objects.all().delete()
    assert changed.update(**{column: value}) == 1
    assert SearchChange.objects.filter(kind=source.kind).exists()


def test_each_column_that_an_entry_is_made_of_is_looked_at():
    watched = {(source.table, column) for source in triggers.SOURCES for column in (source.key, *source.columns)}
    assert {pair for pair in watched if pair[1] != "id"} == PAIRS


# Migrations


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("model", "name"), [(Question, "title"), (Question, "status"), (Doctor, "name")])
def test_a_migration_may_alter_a_column_that_triggers_watch(model, name):
    """And afterwards they are there again."""
    column = model._meta.get_field(name)
    longer = column.clone()
    longer.set_attributes_from_name(name)
    longer.model, longer.max_length = model, column.max_length + 1
    plan, before = [(Migration("alter", model._meta.app_label), False)], triggers_there()
    for fields in ((column, longer), (longer, column)):
        emit_pre_migrate_signal(verbosity=0, interactive=False, db="default", plan=plan)
        with connection.schema_editor() as editor:
            editor.alter_field(model, *fields)
        emit_post_migrate_signal(verbosity=0, interactive=False, db="default", plan=plan)
    assert triggers_there() == before != set()


def triggers_there():
    name, rows = "tgname", "pg_trigger WHERE NOT tgisinternal"
    if connection.vendor == "sqlite":
        name, rows = "name", "sqlite_master WHERE type = 'trigger'"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {name} FROM {rows}")
        return {name for (name,) in cursor.fetchall()}
