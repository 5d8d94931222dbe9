"""Advice: what the checks find in several texts, as whoever writes them reads it before sending; and what of it is let
stand, with a reason."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _

from qa import screening
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


def mended(texts: Mapping[str, str], place: str, find: Callable[[str], list[Finding]]) -> dict[str, str]:
    """The texts with what one rule has found in one of them replaced by what it proposes; `place` is the advice's."""
    name, _slash, rule = place.partition("/")
    if name not in texts:
        return dict(texts)
    findings = [finding for finding in find(texts[name]) if finding.rule == rule]
    return dict(texts) | {name: screening.mend(texts[name], findings)}


def let_stand(advice: Iterable[Advice], reasons: Mapping[str, str]) -> tuple[dict[str, str], list[Advice]]:
    """Of what needs a reason: the reasons given, by place, and what has none."""
    needing = [item for item in advice if item.needs_reason]
    given = {item.place: reasons.get(item.place, "").strip() for item in needing}
    return {place: reason for place, reason in given.items() if reason}, [i for i in needing if not given[i.place]]


def demand(item: Advice) -> str:
    """What is said of something that has no reason, naming the words."""
    said = {"words": words_of([item]), "message": item.message}
    return _("Change %(words)s, or say why it must stand: %(message)s") % said


def words_of(advice: Iterable[Advice]) -> str:
    """The words that it is about, each in quotes."""
    return ", ".join(dict.fromkeys(f"“{quote}”" for item in advice for quote in item.quotes))
