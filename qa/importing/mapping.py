"""A map: how the fields and values of somebody else's JSON lines become ours. Read from TOML or JSON.

[fields]                      our field = theirs; of several names the first that is not empty; a.b is b inside a
title = ["title", "summary"]
id = "@hash"                  for lines without an id: made of the line's content
[reply]                       the fields of the one reply that each line holds, or
each = "answers"              of each entry of this list
body = "text"
[values.sex]                  their value = ours; "" leaves it out; numbers, true and false as JSON writes them
F = "female"
[defaults]                    where a line says nothing
specialty = "General Medicine"
[split]                       texts that are lists
topics = ","
"""

import json
import tomllib
from hashlib import blake2b

from qa.errors import DocumentError
from qa.importing.records import FIELDS, REPLY_FIELDS

TABLES = ("fields", "reply", "values", "defaults", "split")
LISTS = ("topics", "parts", "coverage")
HASH = "@hash"
Scalar = (str, int, bool, float)


class Mapping:
    """What a map says, checked; `apply` makes a record of ours from one of theirs."""

    def __init__(self, tables: dict):
        for table, content in tables.items():
            if table not in TABLES:
                _refuse(f"“{table}” is not one of the tables {', '.join(TABLES)}.")
            if not isinstance(content, dict):
                _refuse(f"“{table}” must be a table.")
        reply = dict(tables.get("reply", {}))
        self.each = _paths("reply", "each", reply.pop("each", []))
        self.fields = _field_paths("fields", tables.get("fields", {}), set(FIELDS) - {"replies"})
        self.reply = _field_paths("reply", reply, REPLY_FIELDS)
        self.values = _values(tables.get("values", {}))
        self.defaults = _defaults(tables.get("defaults", {}))
        self.split = _split(tables.get("split", {}))
        if not self.fields:
            _refuse("“fields” is missing: it says which of their fields is which of ours.")

    def apply(self, given: dict, line: bytes) -> dict:
        """The record that a line of theirs holds; what is wrong with it, the reader of records says.

        Args:
            given: the object of the line.
            line: its bytes, of which an id is made where the map asks for it.
        """
        found = self._take(self.fields, given, line)
        for name, value in self.defaults.items():
            if found.get(name) in (None, "", []):
                found[name] = value
        if self.reply:
            entries = _first(given, self.each) if self.each else [given]
            if isinstance(entries, list):
                replies = [self._take(self.reply, one, line) if isinstance(one, dict) else one for one in entries]
                found["replies"] = [reply for reply in replies if not _says_nothing(reply)]
            else:
                found["replies"] = entries
        return found

    def _take(self, paths, given, line):
        found = {}
        for name, candidates in paths.items():
            value = _hash_of(line) if candidates == [HASH] else _first(given, candidates)
            if isinstance(value, str) and name in self.split:
                value = [part.strip() for part in value.split(self.split[name]) if part.strip()]
            if name in self.values:
                value = self._translated(self.values[name], value)
            if value is not None:
                found[name] = value
        return found

    def _translated(self, values, value):
        if isinstance(value, list):
            translated = [self._translated(values, one) for one in value]
            return [one for one in translated if one != ""]
        if not isinstance(value, Scalar):
            return value
        return values.get(value if isinstance(value, str) else json.dumps(value), value)


def read_map(data: bytes, is_json: bool = False) -> Mapping:
    """The map that a file holds.

    Args:
        data: TOML or JSON in UTF-8.
        is_json: which of the two.

    Raises:
        DocumentError: with a sentence that says what is wrong.
    """
    try:
        tables = json.loads(data) if is_json else tomllib.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise DocumentError(0, f"This is not {'JSON' if is_json else 'TOML'} in UTF-8: {error}.") from None
    if not isinstance(tables, dict):
        _refuse(f"A map holds the tables {', '.join(TABLES)}.")
    return Mapping(tables)


def _refuse(sentence):
    raise DocumentError(0, sentence)


def _paths(table, name, value):
    names = [value] if isinstance(value, str) else value
    if not isinstance(names, list) or not all(isinstance(one, str) and one for one in names):
        _refuse(f"[{table}] {name}: must be the name of a field of theirs, or a list of such names.")
    return names


def _field_paths(table, content, known):
    for name in content:
        if name not in known:
            _refuse(f"[{table}] “{name}” is not one of our fields {', '.join(sorted(known))}.")
    return {name: _paths(table, name, value) for name, value in content.items()}


def _values(content):
    for name, values in content.items():
        if name not in {*FIELDS, *REPLY_FIELDS} or not isinstance(values, dict):
            _refuse(f"[values.{name}] must be a table named like one of our fields.")
        if not all(isinstance(value, Scalar) for value in values.values()):
            _refuse(f"[values.{name}] must hold texts.")
    return content


def _defaults(content):
    for name, value in content.items():
        if name not in FIELDS or name == "replies" or not isinstance(value, (*Scalar, list)):
            _refuse(f"[defaults] “{name}” must be one of our fields with a value, and not the replies.")
    return content


def _split(content):
    for name, mark in content.items():
        if name not in LISTS or not isinstance(mark, str) or not mark:
            _refuse(f"[split] “{name}” must be one of {', '.join(LISTS)} with the mark between the entries.")
    return content


def _first(given, paths):
    """The first value that is not empty."""
    for path in paths:
        value = given
        for step in (path,) if path in given else path.split("."):
            value = value.get(step) if isinstance(value, dict) else None
        if value not in (None, "", []):
            return value
    return None


def _says_nothing(reply):
    return isinstance(reply, dict) and reply.get("body") in (None, "")


def _hash_of(line):
    return blake2b(line, digest_size=12).hexdigest()
