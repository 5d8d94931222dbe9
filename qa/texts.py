"""What a text may be, wherever it comes from: a form, a file, a desk. Which characters do harm, how long it may be, and
in which language it seems to be."""

import re

MAX_BODY = 4000  # characters of a question
MAX_REPLY = 20_000
MAX_LINE = 2_000  # of each line that a reply needs where it cannot assess

# What no reader sees and what could turn the page around: control characters, marks that override the direction of
# writing, private-use characters. Line ends, tabs, joiners (emoji) and the plain marks of right-to-left scripts stay.
UNWANTED = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufeff\ufff9-\ufffb\ue000-\uf8ff]"
)

CHINESE = re.compile("[\u3400-\u4dbf\u4e00-\u9fff]")
KANA = re.compile("[\u3040-\u30ff]")  # then the same characters are Japanese

# At the beginning or end of a name under which nobody but a doctor appears
DOCTORS_TITLE = re.compile(r"^\s*(?:dr|prof|doctor|professor)\b[.\s]*|醫師$|医生$|醫生$", re.IGNORECASE)


def harmless(text: str) -> str:
    """The text without unwanted characters, with plain line ends."""
    return UNWANTED.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def shown(text: str, limit: int = 60) -> str:
    """The beginning of any text, fit to be quoted in a message: in one line, and without what a terminal obeys."""
    return " ".join(harmless(text).split())[:limit].encode("utf-8", "replace").decode()


def language_of(text: str) -> str:
    """The code of the language that a patient seems to write in, "zh" or "en": what most of the letters are of. A
    reading aid for screen readers, which read Chinese as nothing otherwise."""
    letters = sum(map(str.isalpha, text))
    return "zh" if 2 * len(CHINESE.findall(text)) > letters and not KANA.search(text) else "en"
