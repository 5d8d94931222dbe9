"""The text of an article as Markdown: headings and lists are restored, the words stay exactly the document's."""

import re
from collections.abc import Iterable

from qa.importing.documents import LIST_ITEM, Line, is_heading

LABEL = re.compile(r"(?P<label>[^:]{1,80}:)(?: (?P<rest>.+))?")
# What Markdown, its tables and its extensions may read as markup anywhere in a line
ANYWHERE = re.compile(r"[\\`*_{}\[\]<>#|~&$^]")
# What they may read as markup at the beginning of a line only
AT_START = re.compile(r"^(?:([-+=:])|([0-9]+)([.)]))")


def to_markdown(lines: Iterable[Line]) -> str:
    """Markdown of an article's lines: `## ` before headings, lists with bold labels, a paragraph a line.

    Args:
        lines: the lines of the article, as parsed.

    Rendered by CommonMark, the words are those of the lines, without the markers of list items.
    """
    lines = list(lines)
    blocks, previous = [], None
    for at, line in enumerate(lines):
        item = LIST_ITEM.fullmatch(line.text)
        marker = item["marker"] if item and _may_follow(item["marker"], previous) else None
        if marker:
            block = f"{marker} {_item(item['text'])}"
        elif at + 1 < len(lines) and is_heading(line.text):
            block = f"## {escape(line.text)}"
        else:
            block = escape(line.text)
        if marker and previous:
            blocks[-1] += "\n" + block  # one list, and a tight one
        else:
            blocks.append(block)
        previous = marker
    return "\n\n".join(blocks)


def escape(text: str) -> str:
    """`text` so that Markdown renders it letter by letter."""
    return AT_START.sub(lambda found: f"\\{found[1]}" if found[1] else f"{found[2]}\\{found[3]}", _inner(text))


def _inner(text):
    """`text` after something else on its line, where only what counts anywhere is markup."""
    return ANYWHERE.sub(r"\\\g<0>", text)


def _may_follow(marker, previous):
    """Whether Markdown would show this marker: it counts by itself, and would renumber any other."""
    if previous is None:
        return True
    if marker == "-" or previous == "-":
        return marker == previous
    return int(marker[:-1]) == int(previous[:-1]) + 1


def _item(text):
    label = LABEL.fullmatch(text)
    if not label:
        return escape(text)
    bold = f"**{escape(label['label'])}**"
    return f"{bold} {_inner(label['rest'])}" if label["rest"] else bold
