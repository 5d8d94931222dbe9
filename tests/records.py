"""A record as a test writes it, and the commands that load and export records."""

import json
from functools import partial
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from qa.importing.records import AllNames, Reader
from tests.test_import import everything

CREATE = {"specialties": "create", "topics": "create"}
REPLY = {"doctor": "Lu Daokuan", "date": "2016-06-03", "body": "It is most likely a harmless rash."}
RECORD = {
    "source": "old-site",
    "id": "q1",
    "specialty": "Dermatology",
    "topics": ["Skin", "Red Spots"],
    "title": "Red spots on my shin",
    "body": "For two weeks I have had red spots on my shin.\nWhat can it be?",
    "parts": ["What can it be?"],
    "pseudonym": "Blue Heron",
    "age_band": "30-39",
    "sex": "female",
    "asked": "2016-06-01",
    "replies": [REPLY],
}


def record(number=1, **fields):
    return RECORD | {"id": f"q{number}"} | fields


def written(path, *records):
    """The file of JSON lines, with records, or lines as they are."""
    whole = (one if isinstance(one, bytes) else json.dumps(one, ensure_ascii=False).encode() for one in records)
    path.write_bytes(b"".join(line + b"\n" for line in whole))
    return path


@pytest.fixture
def write(tmp_path):
    """Writes records, or lines as they are, to a file of JSON lines."""
    return partial(written, tmp_path / "records.jsonl")


def problems_of(**fields):
    return Reader(AllNames()).read(1, record(**fields))[1]


def load(path, **options):
    """What the command prints."""
    output = StringIO()
    call_command("import_questions", str(path), stdout=output, stderr=StringIO(), **CREATE | options)
    return output.getvalue()


def refusal(path, **options):
    """What the command prints about the bad lines; it must fail and write nothing."""
    errors, before = StringIO(), everything()
    with pytest.raises(CommandError, match="Nothing was imported"):
        call_command("import_questions", str(path), stderr=errors, stdout=StringIO(), **CREATE | options)
    assert everything() == before
    return errors.getvalue()


def export(path, *args, **options):
    """The bytes that are exported."""
    call_command("export_questions", str(path), *args, stdout=StringIO(), stderr=StringIO(), **options)
    return path.read_bytes()
