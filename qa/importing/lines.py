"""A file of records line by line: bytes to objects, without reading what is too long, and never a traceback."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from qa.texts import shown

MAX_LINE_BYTES = 2_000_000  # of one record; the longest that the fields allow is far shorter
CHUNK = 1 << 20
BOM = b"\xef\xbb\xbf"


class NotARecord(ValueError):
    """A line is no JSON object; the message is a sentence."""


def count_lines(path: Path) -> int:
    """How many lines the file has, also where the last one does not end."""
    number, last = 0, b"\n"
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            number, last = number + chunk.count(b"\n"), chunk[-1:]
    return number + (last != b"\n")


@dataclass(slots=True)
class RawLine:
    """A line of the file: its number from 1, the byte it begins at, and its bytes; None for too many of them."""

    number: int
    start: int
    data: bytes | None


def read_lines(path: Path) -> Iterator[RawLine]:
    """The lines that are not empty. Of one with more than MAX_LINE_BYTES nothing is kept in memory."""
    with path.open("rb") as file:
        number = start = 0
        while data := file.readline(MAX_LINE_BYTES + 1):
            number += 1
            line, length = data, len(data)
            while len(data) > MAX_LINE_BYTES and not line.endswith(b"\n") and (line := file.readline(CHUNK)):
                length += len(line)
            if length > MAX_LINE_BYTES:
                yield RawLine(number, start, None)
            elif text := data.removeprefix(BOM if start == 0 else b"").strip():
                yield RawLine(number, start, text)
            start += length


def copy_line(path: Path, start: int, target: BinaryIO) -> None:
    """Write the line that begins at a byte of the file, whatever its length, with an end."""
    with path.open("rb") as file:
        file.seek(start)
        piece = b""
        while not piece.endswith(b"\n") and (read := file.readline(CHUNK)):
            piece = read
            target.write(piece)
        if not piece.endswith(b"\n"):
            target.write(b"\n")


def parse(line: bytes | None) -> dict:
    """The JSON object of a line.

    Raises:
        NotARecord: where there is none, or one that says the same thing twice.
    """
    if line is None:
        raise NotARecord(f"The line is longer than {MAX_LINE_BYTES:,} bytes.")
    try:
        found = _decode(line.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise NotARecord(f"The line is not UTF-8: byte {error.start + 1} is {line[error.start]:#04x}.") from None
    except json.JSONDecodeError as error:
        raise NotARecord(f"The line is not JSON: {error.msg} at character {error.colno}.") from None
    except RecursionError:
        raise NotARecord("The line is nested too deeply.") from None
    except NotARecord:
        raise
    except ValueError:
        raise NotARecord("The line holds a number that is too long.") from None
    if type(found) is not dict:
        raise NotARecord("The line is not a JSON object, which begins with {.")
    return found


def _object(pairs):
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _value in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise NotARecord(f"The field “{shown(twice)}” stands in it twice.")
    return found


def _no_number(name):
    raise NotARecord(f"The line holds {name}, which is no number of JSON.")


_decode = json.JSONDecoder(object_pairs_hook=_object, parse_constant=_no_number).decode
