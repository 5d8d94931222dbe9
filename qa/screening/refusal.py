"""Refusals: whether a reply only says that it cannot tell, or only sends the patient away. Words: refusal.toml."""

import re
import tomllib
from functools import cache
from pathlib import Path

WORDS = Path(__file__).parent / "refusal.toml"
CLAUSE_END = re.compile(
    r"[.!?;:。！？；，\n]+(?:\s|$)|,\s|\s[–—-]\s|\b(?:but|however|although|though|because|since|if|unless|when|until|so\sthat)\b"
)
WORD = re.compile(r"[^\W\d_][\w'-]*|\d+")
MANY = 6  # words of a clause that are no empty ones: whatever they are, they say something
WHOLE_WORD = 4  # letters up to which a beginning stands for one word only
SHORTEST_LINE = 3  # words of a line that says something


@cache
def _rules():
    found = tomllib.loads(WORDS.read_text(encoding="utf-8"))
    beginnings = found["informing"].split()
    long = "|".join(word for word in beginnings if len(word) > WHOLE_WORD)
    short = "|".join(word for word in beginnings if len(word) <= WHOLE_WORD)
    return {
        "refusals": re.compile("|".join(found["refusals"]), re.DOTALL),
        "referrals": re.compile(found["referrals"]),
        "specialists": re.compile(found["specialists"]),
        "informing": re.compile(rf"\b(?:{long})\w*|\b(?:{short})(?:e?s|ed|ing)?\b|\b{found['informing_endings']}"),
        "empty": frozenset(found["empty"].split()),
    }


def is_bare_refusal(text: str, lines: tuple[str, ...] = ()) -> bool:
    """Whether `text` refuses to answer, or sends the patient away, and says nothing else.

    Naming the kind of specialist to see is a next step, where nothing is refused beside it.

    Args:
        text: a reply in English.
        lines: what the doctor wrote of what it can be about, what would make it urgent, and whom to see; where there
            are such lines and each says something, no refusal is bare.
    """
    if lines and all(says_something(line) for line in lines):
        return False
    rules, small = _rules(), text.lower().replace("’", "'")
    clauses = [clause for clause in CLAUSE_END.split(small) if clause.strip()]
    if any(_informs(clause, rules) for clause in clauses):
        return False
    refers = rules["referrals"].search(small) and not rules["specialists"].search(small)
    return bool(refers or rules["refusals"].search(small))


def says_something(line: str) -> bool:
    """Whether one of the three lines is more than a word or two, and no refusal itself."""
    return len(WORD.findall(line)) >= SHORTEST_LINE and not is_bare_refusal(line)


def _informs(clause, rules):
    """Whether a clause says something of the illness, its course or its treatment."""
    if rules["refusals"].search(clause):
        return False
    clause = rules["specialists"].sub("", clause)
    if rules["informing"].search(clause):
        return True
    return len([word for word in WORD.findall(clause) if word.split("'")[0] not in rules["empty"]]) >= MANY
