"""fixtures/archive.json is what the importer makes of fixtures/documents, and loads on either database.

A snapshot: after a change to the importer, the documents or editorial.toml, write the file anew with
`UPDATE_FIXTURES=1 python -m pytest tests/test_archive_fixture.py` and read the difference before you keep it.
"""

import json
import os
import re
from html import unescape
from io import StringIO

import pytest
from django.conf import settings
from django.core.management import call_command
from markdown_it import MarkdownIt

from accounts.models import Doctor, DoctorAlias, Specialty
from qa.importing.documents import QuestionPage, parse_document
from qa.models import (
    Article,
    ImportRecord,
    PartCoverage,
    Question,
    QuestionPart,
    RelatedQuestion,
    RelatedTopic,
    Reply,
    Topic,
)

FIXTURE = settings.BASE_DIR / "fixtures" / "archive.json"
FOLDER = settings.BASE_DIR / "fixtures" / "documents"
FILES = sorted(str(path) for path in FOLDER.glob("*.txt"))
EDITORIAL = str(FOLDER / "editorial.toml")

pytestmark = pytest.mark.django_db

# What the portal makes of the other rows by itself.
DERIVED = ["qa.PublicChange", "qa.SearchChange", "qa.SearchEntry", "qa.SearchSpelling", "qa.SearchWord", "qa.Tally"]
DERIVED += ["qa.RelatedChange", "qa.Embedding"]


def import_documents():
    output = StringIO()
    call_command("import_pages", *FILES, editorial=EDITORIAL, stdout=output)
    return output.getvalue()


def dumped():
    """The whole database as a fixture: no keys of its own, and the same text on either database."""
    output = StringIO()
    options = {"natural_foreign": True, "natural_primary": True, "exclude": DERIVED}
    call_command("dumpdata", "accounts", "qa", stdout=output, **options)
    rows = json.loads(output.getvalue())
    for row in rows:
        for name in ("listed_at", "listed_in"):  # triggers set them
            row["fields"].pop(name, None)
        if row["model"] == "qa.importrecord":
            del row["fields"]["imported_at"]  # the day of the import; loading sets its own
            for name in ("parsed", "anomalies"):  # PostgreSQL does not keep the order of the keys
                row["fields"][name] = json.loads(json.dumps(row["fields"][name], sort_keys=True))
    return json.dumps(rows, ensure_ascii=False, indent=1) + "\n"


def load_fixture():
    call_command("loaddata", "archive", verbosity=0)


def rendered(markdown):
    html = MarkdownIt("commonmark", {"html": False}).render(markdown)
    return unescape(re.sub(r"<[^>]+>", "", html))


def test_the_fixture_is_what_the_importer_makes_of_the_documents():
    import_documents()
    if os.environ.get("UPDATE_FIXTURES") == "1":
        FIXTURE.write_text(dumped(), encoding="utf-8")
    assert dumped() == FIXTURE.read_text(encoding="utf-8")


def test_the_fixture_holds_the_whole_archive():
    load_fixture()
    counts = {
        "whole questions": Question.objects.public().whole().count(),
        "excerpts": Question.objects.public().filter(is_excerpt=True).count(),
        "replies": Reply.objects.public().count(),
        "articles": Article.objects.public().count(),
        **{
            model.__name__: model.objects.count()
            for model in (Specialty, Doctor, DoctorAlias, Topic, RelatedTopic, RelatedQuestion, ImportRecord)
        },
        "parts": QuestionPart.objects.count(),
        "coverages": PartCoverage.objects.count(),
    }
    assert counts == {
        "whole questions": 3,
        "excerpts": 12,
        "replies": 15,
        "articles": 4,
        "Specialty": 5,
        "Doctor": 11,
        "DoctorAlias": 2,
        "Topic": 26,
        "RelatedTopic": 30,
        "RelatedQuestion": 12,
        "ImportRecord": 4,
        "parts": 3,
        "coverages": 1,
    }


def test_the_fixture_loads_again_on_top_of_itself_and_is_dumped_as_it_was():
    load_fixture()
    load_fixture()
    assert dumped() == FIXTURE.read_text(encoding="utf-8")


def test_importing_the_documents_on_top_of_the_fixture_changes_nothing():
    load_fixture()
    said = import_documents()
    assert "questions: 0 created, 0 updated, 3 unchanged" in said
    assert "editorial: 0 rows changed" in said
    assert dumped() == FIXTURE.read_text(encoding="utf-8")


def test_the_fixture_loads_on_top_of_the_imported_documents():
    import_documents()
    load_fixture()
    assert dumped() == FIXTURE.read_text(encoding="utf-8")


def test_every_sentence_of_the_documents_is_in_the_stored_texts():
    load_fixture()
    stored = [text for row in Question.objects.values_list("headline", "title", "body") for text in row]
    stored += Reply.objects.values_list("body", flat=True)
    stored += [rendered(body) for body in Article.objects.values_list("body", flat=True)]
    everything = "\n".join(stored)
    for path in FOLDER.glob("*.txt"):
        for line in parse_document(path.read_bytes()).texts():
            text = re.sub(r"^([0-9]\.|-) (?=[A-Z][\w -]+: )", "", line.text)
            text = text.replace("https://imgur.com/a/H7au7", "(link to a photo, removed)")
            assert text in everything, f"{path.name}, line {line.number}"


def test_every_doctor_specialty_and_topic_of_the_documents_is_stored():
    load_fixture()
    pages = [parse_document(path.read_bytes()) for path in FOLDER.glob("*.txt")]
    for page in (page for page in pages if isinstance(page, QuestionPage)):
        for byline in (page.byline, *(card.byline for card in page.cards)):
            assert Doctor.objects.get(name=byline.doctor).specialties.filter(name=byline.specialty).exists()
        for term in page.terms:
            assert Topic.objects.get(name=term.name).specialties.filter(name=term.specialty).exists()
