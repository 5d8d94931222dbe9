"""What editors add by hand to imported documents: descriptions, kinds, synonyms, parts, coverage, stances.

Read from a TOML file; applied as often as one likes. What the file does not name stays as it is.
"""

import tomllib
from typing import NoReturn

from django.db import transaction

from accounts.models import Specialty
from qa.errors import DocumentError
from qa.importing.loading import SOURCE, reply_key
from qa.models import (
    MAX_PARTS,
    Article,
    Coverage,
    PartCoverage,
    Question,
    QuestionPart,
    Reply,
    Stance,
    Topic,
    TopicKind,
)

# Each table's keys, with the sort of value they take
KEYS = {
    "specialty": {"slug": str, "description": str, "position": int},
    "topic": {"slug": str, "kind": str, "synonyms": list},
    "question": {"source_id": str, "parts": list, "coverage": list, "stance": str},
}


def read_editorial(data: bytes) -> dict[str, list[dict]]:
    """The tables of an editorial file, checked as far as that needs no database.

    Args:
        data: TOML in UTF-8, with [[specialty]], [[topic]] and [[question]] tables.

    Raises:
        DocumentError: with a sentence that says what is wrong and where.
    """
    try:
        content = tomllib.loads(data.decode("utf-8"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise DocumentError(0, f"This is not TOML in UTF-8: {error}.") from None
    for table, rows in content.items():
        if table not in KEYS:
            _refuse(f"“{table}” is not one of the tables {', '.join(KEYS)}.")
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            _refuse(f"“{table}” must be written as [[{table}]] tables.")
        for number, row in enumerate(rows, 1):
            _check_row(table, number, row)
    return {table: content.get(table, []) for table in KEYS}


@transaction.atomic
def apply_editorial(content: dict[str, list[dict]]) -> int:
    """Write what the file says; returns the number of rows that changed, 0 the second time.

    Args:
        content: as `read_editorial` returns it.

    Raises:
        DocumentError: where a slug or source id is not in the database; nothing is written.
    """
    changed = 0
    for row in content["specialty"]:
        specialty = _find(Specialty, "specialty", slug=row["slug"])
        changed += _set(specialty, {name: row[name] for name in ("description", "position") if name in row})
    for row in content["topic"]:
        topic = _find(Topic, "topic", slug=row["slug"])
        changed += _set(topic, {"kind": row["kind"]} if "kind" in row else {})
        changed += sum(topic.synonyms.get_or_create(name=name)[1] for name in row.get("synonyms", []))
    for row in content["question"]:
        changed += _apply_to_question(row)
    return changed


def _refuse(sentence) -> NoReturn:
    raise DocumentError(0, sentence)


def _check_row(table, number, row):
    keys = KEYS[table]
    name = next(iter(keys))
    where = f"[[{table}]] {row.get(name, number)}"
    if name not in row:
        _refuse(f"{where} has no “{name}”.")
    for key, value in row.items():
        if key not in keys:
            _refuse(f"{where}: “{key}” is not one of the keys {', '.join(keys)}.")
        if type(value) is not keys[key]:
            _refuse(f"{where}: “{key}” must be a {keys[key].__name__}, but is {value!r}.")
    for key, known in (("kind", TopicKind.values), ("stance", Stance.values)):
        if key in row and row[key] not in known:
            _refuse(f"{where}: “{key}” must be one of {', '.join(known)}, but is “{row[key]}”.")
    _check_lists(where, row)
    if not 0 <= row.get("position", 0) <= 32767 or len(row.get("description", "")) > 300:
        _refuse(f"{where}: “position” must be from 0 to 32767, and “description” at most 300 characters long.")


def _check_lists(where, row):
    parts, coverage = row.get("parts", []), row.get("coverage", [])
    for key, limit in (("parts", 500), ("synonyms", 100)):
        if not all(isinstance(text, str) and 0 < len(text) <= limit for text in row.get(key, [])):
            _refuse(f"{where}: “{key}” must hold texts of at most {limit} characters.")
    if len(parts) > MAX_PARTS:
        _refuse(f"{where}: a question has at most {MAX_PARTS} parts.")
    if len(coverage) > len(parts):
        _refuse(f"{where}: “coverage” names more parts than there are.")
    if not all(value in ("", *Coverage.values) for value in coverage):
        _refuse(f"{where}: “coverage” must hold one of {', '.join(Coverage.values)}, or nothing, for each part.")


def _find(model, noun, **keys):
    row = model.objects.filter(**keys).first()
    if row is None:
        _refuse(f"There is no {noun} “{keys.get('slug') or keys.get('source_id')}”; import its document first.")
    return row


def _set(row, fields):
    """Set the fields that differ; returns 1 where any did."""
    changed = [name for name, value in fields.items() if getattr(row, name) != value]
    for name in changed:
        setattr(row, name, fields[name])
    if changed:
        row.save(update_fields=changed)
    return int(bool(changed))


def _apply_to_question(row):
    question = _find(Question, "question", source=SOURCE, source_id=row["source_id"])
    changed = 0
    for position, text in enumerate(row.get("parts", []), 1):
        part, is_new = QuestionPart.objects.get_or_create(question=question, position=position, defaults={"text": text})
        changed += is_new or _set(part, {"text": text})
    for position, coverage in enumerate(row.get("coverage", []), 1):
        changed += bool(coverage) and _cover(question, position, coverage)
    if "stance" in row:
        article = Article.objects.filter(question=question).first()
        if article is None:
            _refuse(f"The question “{row['source_id']}” has no article whose “stance” could be set.")
        changed += _set(article, {"stance": row["stance"]})
    return changed


def _cover(question, position, value):
    reply = Reply.objects.filter(key=reply_key(question.source_id)).first()
    if reply is None:
        _refuse(f"The question “{question.source_id}” has no reply of the archive that could cover its parts.")
    part = question.parts.get(position=position)
    coverage, is_new = PartCoverage.objects.get_or_create(reply=reply, part=part, defaults={"coverage": value})
    return is_new or _set(coverage, {"coverage": value})
