"""Advice: what the checks find in several texts, as whoever writes them reads it before sending."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from qa.screening import Finding, Severity


@dataclass(frozen=True)
class Advice:
    """What one rule says of one text, with the words it is about. `place` names both: "text/rule"."""

    place: str
    where: str
    message: str
    quotes: list[str]
    mend: str | None
    needs_reason: bool


def advice_from(
    texts: Mapping[str, str], labels: Mapping[str, str], find: Callable[[str], list[Finding]]
) -> list[Advice]:
    """Each thing once for each text.

    Args:
        texts: what was written, by name.
        labels: what each text is called, by name.
        find: the checks.
    """
    found = {}
    for name, text in texts.items():
        for finding in find(text):
            found.setdefault((name, finding.rule), []).append((finding, text[finding.start : finding.end]))
    return [
        Advice(
            f"{name}/{rule}",
            str(labels[name]),
            hits[0][0].message,
            [quote for _finding, quote in hits if quote],
            hits[0][0].mend,
            hits[0][0].severity == Severity.REASON,
        )
        for (name, rule), hits in found.items()
    ]
