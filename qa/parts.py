"""Parts: a question's text split into the single things it asks, for the patient to confirm or edit."""

import re

from qa.models import MAX_PARTS

MAX_PART_LENGTH = 500  # characters of one part
SENTENCE_END = re.compile(r"(?<=[.!?])[\"”’)]*\s+|(?<=[。！？])|\n+|,? as well as ", re.IGNORECASE)
NUMBERED = re.compile(r"^\s*(?:\(?\d{1,2}[.):、]|[-*•])\s*(\S.*)$", re.MULTILINE)
ASKS_WITHOUT_MARK = re.compile(
    r"^(?:please )?(?:what|why|how|where|which|who|is|are|am|do|does|did|can|could|should|would|will|may|must)\b"
    r".{0,60}\b(?:i|me|my|it|this|that|he|she|they|there|we|you|these|those)\b"
    r"|\b(?:i (?:want|wanted|would like|need) to know|i wonder)\b"
    r"|\b(?:please|pls|kindly) (?:tell|explain|advi[sc]e|suggest|recommend|help|let me know)\b(?:\s+\S+){2}"
    r"|^any \w+",
    re.IGNORECASE,
)
FILLER = re.compile(
    r"^(?:(?:and|also|so|second(?:ly)?|third(?:ly)?|finally|thanks?|hello|hi|dear doctor)\b[\s,:]*)+", re.IGNORECASE
)


def split_into_parts(title: str, body: str) -> list[str]:
    """What the text asks, in its order: one to five texts of at most 500 characters.

    Args:
        title: the question in one line.
        body: the rest.

    Returns: the numbered lines that ask, or the sentences that ask; the title where nothing seems to.
    """
    numbered = [text for text in NUMBERED.findall(body) if _asks(text)]
    found = numbered if len(numbered) > 1 else [text for text in _sentences(body) if _asks(text)]
    parts = {}
    for text in found or [title]:
        part = _tidy(text)
        parts.setdefault(part.casefold(), part)
    return list(parts.values())[:MAX_PARTS]


def _sentences(body):
    return [sentence.strip() for sentence in SENTENCE_END.split(body) if sentence.strip()]


def _asks(sentence):
    return bool(re.search(r"[?？][\"”’)]*\s*$", sentence)) or bool(ASKS_WITHOUT_MARK.search(sentence))


def _tidy(sentence):
    text = FILLER.sub("", " ".join(sentence.split())) or sentence.strip()
    return (text[:1].upper() + text[1:])[:MAX_PART_LENGTH]
