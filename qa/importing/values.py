"""The values that records hold: texts, lists, choices and dates, each checked by the rules that forms follow."""

import json
from functools import cache

from qa.importing.moments import Moments, NoMoment
from qa.screening import mend, screen
from qa.texts import harmless, shown

LINK_SIGNS = ("://", "www.", ".co", ".cc", ".kr", ".sc", ".us", ".gl", ".net")  # one is in every link to a photo


class Values:
    """Reads values one after the other, and collects a sentence for each thing that is wrong with them."""

    def __init__(self):
        self.moments = Moments()
        self.problems: list[str] = []

    def _refuse(self, sentence):
        if sentence not in self.problems:
            self.problems.append(sentence)

    def _refuse_unknown(self, given, known, what):
        for name in given.keys() - known:
            self._refuse(f"{what} has no field “{shown(name)}”.")

    def _text(self, value, name, limit, is_required=False):
        """Several lines of text, freed of what does harm, and of links to photos on other sites."""
        if value is None or value == "":
            if is_required:
                self._refuse(f"“{name}” is missing.")
            return ""
        if type(value) is not str:
            self._refuse(f"“{name}” must be text.")
            return ""
        if not self._can_be_kept(value, name):
            return ""
        is_plain = value.isascii() and value.isprintable()
        text = (value if is_plain else harmless(value)).strip()
        if "." in text:
            text = _without_photo_links(text)
        if len(text) > limit:
            self._refuse(f"“{name}” has {len(text)} characters; {limit} are the most.")
        if is_required and not text:
            self._refuse(f"“{name}” is missing.")
        return text

    def _can_be_kept(self, text, name):
        if "\0" in text:
            self._refuse(f"“{name}” holds the character NUL, which no text has.")
            return False
        if not text.isascii():
            try:
                text.encode()
            except UnicodeEncodeError:
                self._refuse(f"“{name}” holds half a character (a lone surrogate).")
                return False
        return True

    def _line(self, value, name, limit, is_required=False):
        """Text in one line."""
        if value is None and not is_required:
            return ""
        return " ".join(self._text(value, name, limit, is_required).split())

    def _list(self, value, name, limit):
        if value is None:
            return []
        if type(value) is not list:
            self._refuse(f"“{name}” must be a list.")
            return []
        if len(value) > limit:
            self._refuse(f"“{name}” has {len(value)} entries; {limit} are the most.")
        return value[:limit]

    def _choice(self, value, name, choices, usual=""):
        if value is None or value in ("", usual):
            return ""
        if type(value) is not str or value not in _values_of(choices):
            self._refuse(f"“{name}” must be one of {', '.join(choices.values)}, but is “{_shown(value)}”.")
            return ""
        return value

    def _flag(self, value, name):
        if value not in (None, True, False) or type(value) not in (bool, type(None)):
            self._refuse(f"“{name}” must be true or false.")
        return value is True

    def _date(self, value, name, is_past=True):
        if value is None or value == "":
            return ""
        try:
            return self.moments.read(value, is_past)
        except NoMoment as problem:
            self._refuse(f"“{name}” {problem}")
            return ""


def _without_photo_links(text):
    small = text.lower()
    if not any(sign in small for sign in LINK_SIGNS):
        return text
    return mend(text, [finding for finding in screen(text, ["links"]) if finding.rule == "photo-link"])


@cache
def _values_of(choices):
    return frozenset(choices.values)


def _shown(value):
    return shown(value) if type(value) is str else json.dumps(value) if type(value) in (int, float, bool) else "[…]"
