"""Text in, findings out: what a check has found in a text, of which kind, where, and how to mend it.

The rules are data: rules/*.toml, each with examples that it hits and misses; medicines.toml is a table of facts.
"""

from collections.abc import Iterable

from qa.screening.engine import (
    Finding,
    Rule,
    Severity,
    all_rules,
    completed_searches,
    mend,
    screen_by_rules,
    screen_search,
)
from qa.screening.medicines import KIND as MEDICINE
from qa.screening.medicines import find_medicines
from qa.screening.pseudonym import find_own_name

__all__ = [
    "Finding",
    "Rule",
    "Severity",
    "all_rules",
    "completed_searches",
    "find_own_name",
    "mend",
    "screen",
    "screen_search",
]


def screen(text: str, kinds: Iterable[str] | None = None) -> list[Finding]:
    """The findings in `text`, from its beginning to its end; findings of one kind never overlap.

    Args:
        text: plain text.
        kinds: the kinds of findings wanted; all by default.

    Raises:
        ImproperlyConfigured: where a file of rules is wrong.
    """
    wanted = None if kinds is None else set(kinds)
    found = screen_by_rules(text, wanted)
    if wanted is None or MEDICINE in wanted:
        found += find_medicines(text)
    return sorted(found, key=lambda finding: (finding.start, finding.end))
