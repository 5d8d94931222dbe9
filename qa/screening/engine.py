"""Reads the rules, finds them in a text, and mends what they have found. What they look for stands in rules/."""

import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

RULES = Path(__file__).parent / "rules"
REQUIRED = {"id": str, "kind": str, "severity": str, "pattern": str, "message": str, "hits": list, "misses": list}
OPTIONAL = {"mend": str}


class Severity(StrEnum):
    """How much a finding weighs, from the lightest."""

    ADVICE = "advice"  # may be ignored
    REASON = "reason"  # going on needs a typed reason
    URGENT = "urgent"  # said before anything else


@dataclass(frozen=True)
class Rule:
    """A pattern with what it means. Of two rules that hit the same place, the one that stands first counts."""

    id: str
    kind: str
    severity: Severity
    pattern: re.Pattern
    message: str
    mend: str | None
    hits: tuple[str, ...]
    misses: tuple[str, ...]


@dataclass(frozen=True)
class Finding:
    """What a rule has found in text[start:end]; `mend` is the text to put there, None where there is none."""

    rule: str
    kind: str
    severity: Severity
    start: int
    end: int
    message: str
    mend: str | None


def screen(text: str, kinds: Iterable[str] | None = None) -> list[Finding]:
    """The findings in `text`, from its beginning to its end; findings of one kind never overlap.

    Args:
        text: plain text.
        kinds: the kinds of rules to apply; all by default.

    Raises:
        ImproperlyConfigured: where a file of rules is wrong.
    """
    wanted = None if kinds is None else set(kinds)
    found = []
    for rule in all_rules():
        if wanted is not None and rule.kind not in wanted:
            continue
        for hit in rule.pattern.finditer(text):
            start, end = hit.span()
            if not any(f.kind == rule.kind and start < f.end and f.start < end for f in found):
                found.append(Finding(rule.id, rule.kind, rule.severity, start, end, rule.message, rule.mend))
    return sorted(found, key=lambda finding: (finding.start, finding.end))


def mend(text: str, findings: Iterable[Finding]) -> str:
    """`text` with each finding's place replaced by its mend; findings without one are left alone.

    Args:
        text: the text that was screened.
        findings: findings in that text; of overlapping ones, the last is mended.
    """
    untouched = len(text)
    for finding in sorted(findings, key=lambda finding: finding.start, reverse=True):
        if finding.mend is not None and finding.end <= untouched:
            text = text[: finding.start] + finding.mend + text[finding.end :]
            untouched = finding.start
    return text


@cache
def all_rules() -> tuple[Rule, ...]:
    """Every rule of rules/*.toml, read once, in the order of the files' names and of the rules in them.

    Raises:
        ImproperlyConfigured: with the file and the rule that is wrong, and why.
    """
    rules = [rule for path in sorted(RULES.glob("*.toml")) for rule in read_rules(path)]
    twice = {rule.id for rule in rules if [other.id for other in rules].count(rule.id) > 1}
    if twice:
        raise ImproperlyConfigured(f"Two screening rules have the id “{min(twice)}”; it must be unique.")
    return tuple(rules)


def read_rules(path: Path) -> list[Rule]:
    """The rules of one file.

    Raises:
        ImproperlyConfigured: with the file and the rule that is wrong, and why.
    """
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ImproperlyConfigured(f"{path.name} is not valid TOML: {error}.") from None
    if set(content) != {"rule"} or not isinstance(content["rule"], list):
        raise ImproperlyConfigured(f"{path.name} must hold [[rule]] tables and nothing else.")
    return [_rule(path.name, number, fields) for number, fields in enumerate(content["rule"], 1)]


def _rule(file, number, fields):
    def refuse(why):
        raise ImproperlyConfigured(f"{file}, rule {fields.get('id', number)}: {why}")

    for name, expected in (REQUIRED | OPTIONAL).items():
        if name in fields and not isinstance(fields[name], expected):
            refuse(f"“{name}” must be a {expected.__name__}.")
        if name in REQUIRED and not fields.get(name):
            refuse(f"“{name}” is missing.")
    for name in fields:
        if name not in REQUIRED | OPTIONAL:
            refuse(f"“{name}” is not a known key.")
    if fields["severity"] not in list(Severity):
        refuse(f"“severity” must be one of {', '.join(Severity)}.")
    if not all(isinstance(example, str) for example in fields["hits"] + fields["misses"]):
        refuse("every example must be a text.")
    try:
        pattern = re.compile(fields["pattern"], re.IGNORECASE)
    except re.error as error:
        refuse(f"“pattern” is not a regular expression: {error}.")
    return Rule(
        id=fields["id"],
        kind=fields["kind"],
        severity=Severity(fields["severity"]),
        pattern=pattern,
        message=fields["message"],
        mend=fields.get("mend"),
        hits=tuple(fields["hits"]),
        misses=tuple(fields["misses"]),
    )
