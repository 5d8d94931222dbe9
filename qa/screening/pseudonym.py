"""Whether the name that somebody chose to appear under is the one that the own text tells."""

import re
from collections.abc import Iterable

from qa.screening.engine import Finding, Severity

KIND = "privacy"
RULE = "own-name-as-pseudonym"
MESSAGE = "This looks like a name that is told in the question. Everybody would read it above what is asked."
GIVEN = r"name(?:\s+is|['’]s)|call(?:ed)?(?:\s+me)?|(?:regards|sincerely|signed|thanks|thank\s+you)[,.!]?"
INTRODUCED = rf"{GIVEN}|\bi\s?['’]?\s?a?m|\bthis\s+is"
FULL_NAME = re.compile(r"[^\W\d_a-z][^\W\d_]*(?:['’-]\w+)*(?:\s+[^\W\d_a-z][^\W\d_]*(?:['’-]\w+)*){1,3}\.?")


def find_own_name(pseudonym: str, texts: Iterable[str], known: str = "") -> list[Finding]:
    """A finding over the whole of `pseudonym` where the texts introduce somebody by it, or hold it as a full name.

    Args:
        pseudonym: the name to appear under; may be empty.
        texts: what stands beside it.
        known: a pseudonym of which this was found when the texts still told it.
    """
    words = pseudonym.split()
    if not words:
        return []
    name = r"\s+".join(map(re.escape, words)) + r"(?!\w)"
    tests = [re.compile(rf"(?:{INTRODUCED if len(words) > 1 else GIVEN})\s+{name}", re.IGNORECASE)]
    if FULL_NAME.fullmatch(pseudonym.strip()):
        tests.append(re.compile(rf"(?<!\w){name}"))
    if pseudonym != known and not any(test.search(text) for test in tests for text in texts):
        return []
    return [Finding(RULE, KIND, Severity.ADVICE, 0, len(pseudonym), MESSAGE, mend="")]
