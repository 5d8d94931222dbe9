"""Reads the rules, finds them in a text, and mends what they have found. What they look for stands in rules/."""

import re
import tomllib
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from itertools import islice
from pathlib import Path

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from qa.screening.context import is_so_now

RULES = Path(__file__).parent / "rules"
REQUIRED = {"id": str, "kind": str, "severity": str, "pattern": str, "message": str, "hits": list, "misses": list}
EXPRESSIONS = ["pattern", "near", "unless", "search"]
OPTIONAL = {"title": str, "mend": str, "only_now": bool, "words": list, "near": str, "unless": str} | {
    "search": str, "search_hits": list, "search_misses": list,
}  # fmt: skip
EXAMPLES = ["hits", "misses", "search_hits", "search_misses"]

NEAR = 200  # characters before and after a hit in which `near` must stand
NOT_WORD = re.compile(r"\W")
WORD = re.compile(r"\w+")
UNLESS = 60  # and in which `unless` must not
ENOUGH = 10  # findings of one urgent rule in a text: more would tell nothing new
STRETCH = 300  # characters before and after a word of the first group in which the pattern is tried
SHORT_SEARCH = 6  # words; two Chinese characters are one
FEWEST_TYPED, MOST_LEFT = 5, 1 / 3  # characters of a search that is completed, and what part of it may be missing
SEARCHED_WORD = re.compile(r"[\u3000-\u9fff]{1,2}|[^\W_\u3000-\u9fff]+")
NOT_SEARCHED = re.compile(r"(?<!\S)-\S+|['’‘´`]")  # -stroke; and can't is cant
CAPITAL = re.compile(r"(?<!\\)[A-Z]")


class Severity(StrEnum):
    """How much a finding weighs, from the lightest."""

    ADVICE = "advice"  # may be ignored
    REASON = "reason"  # going on needs a typed reason
    URGENT = "urgent"  # said before anything else


@dataclass(frozen=True)
class Rule:
    """A pattern with what it means. Of two rules that hit the same place, the one that stands first counts.

    Attributes:
        only_now: a hit counts only where it is said to be so, and now (context.py).
        words: the pattern is tried only on texts that hold one word of each group ("pain|ache"; a blank is the edge of
            a word), which keeps screening quick.
        sees_small_letters: as a rule with words does, and one whose patterns hold no capital letter; it is quicker.
        near: must stand around the hit, too ("bleeding" near "pregnant").
        unless: must not stand around the hit ("cannot breathe" through the nose).
        search: that it is mentioned in a short search is enough ("stroke"); small letters, no apostrophes or hyphens.
    """

    id: str
    kind: str
    severity: Severity
    pattern: re.Pattern
    title: str
    message: str
    mend: str | None
    only_now: bool
    words: tuple[tuple[str, ...], ...]
    sees_small_letters: bool
    near: re.Pattern | None
    unless: re.Pattern | None
    hits: tuple[str, ...]
    misses: tuple[str, ...]
    search: re.Pattern | None
    search_hits: tuple[str, ...]
    search_misses: tuple[str, ...]


@dataclass(frozen=True)
class Finding:
    """What a rule has found in text[start:end]; `mend` is the text to put there, None where there is none.

    An urgent finding has a `title`: what to do, before why.
    """

    rule: str
    kind: str
    severity: Severity
    start: int
    end: int
    message: str
    mend: str | None = None
    title: str = ""


def screen_by_rules(text: str, kinds: Iterable[str] | None = None) -> list[Finding]:
    """What the rules find in `text`, from its beginning to its end; findings of one kind never overlap.

    Args:
        text: plain text.
        kinds: the kinds of rules to apply; all by default.

    Raises:
        ImproperlyConfigured: where a file of rules is wrong.
    """
    wanted = None if kinds is None else set(kinds)
    small = small_letters(text)
    words = f" {NOT_WORD.sub(' ', small)} "
    taken = defaultdict(lambda: bytearray(len(text)))  # by kind, the characters that a finding holds
    found = []
    for rule in all_rules():
        if wanted is not None and rule.kind not in wanted:
            continue
        read = small if rule.sees_small_letters else text
        hits = (hit for stretch in _stretches(rule, words) for hit in rule.pattern.finditer(read, *stretch))
        new = (hit for hit in hits if _is_free(taken[rule.kind], *hit.span()) and _counts(rule, read, *hit.span()))
        for hit in islice(new, ENOUGH if rule.severity == Severity.URGENT else None):
            taken[rule.kind][hit.start() : hit.end()] = b"1" * (hit.end() - hit.start())
            found.append(_finding(rule, hit, text))
    return sorted(found, key=lambda finding: (finding.start, finding.end))


def screen_search(text: str) -> list[Finding]:
    """What a short search mentions, one finding of each kind at most; of a longer one, which is told, nothing.

    Whoever types "stroke" may have one, while a text that holds the word mostly tells of another day. Places are those
    in the words of `text`, in small letters and with a blank between them.
    """
    text = " ".join(NOT_WORD.sub(" ", small_letters(NOT_SEARCHED.sub("", text))).split())
    if len(SEARCHED_WORD.findall(text)) > SHORT_SEARCH:
        return []
    found = {}
    for rule in all_rules():
        if rule.search and rule.kind not in found and (hit := rule.search.search(text)):
            found[rule.kind] = _finding(rule, hit, text)
    return list(found.values())


def completed_searches(text: str) -> list[str]:
    """What `text` becomes where it ends in the greater part of a search that a rule mentions, up to its last word:
    "heart at" is "heart attack" soon."""
    typed = " ".join(_without_signs(text).split())
    starts = [hit.start() for hit in WORD.finditer(typed) if len(typed) - hit.start() >= FEWEST_TYPED]
    return [
        typed[:start] + example
        for start in starts
        for example in _searched()
        if example.startswith(typed[start:])
        if " " not in (rest := example[len(typed) - start :])
        if len(rest) <= len(example) * MOST_LEFT
    ]


@cache
def _searched():
    """The examples of what rules find in a search, as people type them."""
    examples = (example for rule in all_rules() for example in rule.search_hits)
    return list(dict.fromkeys(map(_without_signs, examples)))


def _without_signs(text):
    return small_letters(re.sub(r"[^\w\s]", "", text))


def _is_free(taken, start, end):
    return not any(taken[start:end])


def _stretches(rule, words):
    """Where the pattern may hit: around the words of the first group, where words of the other groups stand, too."""
    if not rule.words or not all(any(word in words for word in group) for group in rule.words):
        return [] if rule.words else [(0, len(words))]
    places = sorted({place for word in rule.words[0] for place in _places(word, words)})
    stretches = []
    for place in places:
        start, end = max(0, place - STRETCH), place + STRETCH
        if stretches and start <= stretches[-1][1]:
            stretches[-1] = (stretches[-1][0], end)
        else:
            stretches.append((start, end))
    return [
        (start, end)
        for start, end in stretches
        if all(any(words.find(word, start, end) >= 0 for word in group) for group in rule.words[1:])
    ]


def _places(word, words):
    place = words.find(word)
    while place >= 0:
        yield place
        place = words.find(word, place + len(word))


def small_letters(text: str) -> str:
    """`text` in small letters, of the same length: a letter that would become two stays as it is."""
    small = text.lower()
    return small if len(small) == len(text) else "".join(c.lower() if len(c.lower()) == 1 else c for c in text)


def _counts(rule, text, start, end):
    if rule.unless and rule.unless.search(text, max(0, start - UNLESS), end + UNLESS):
        return False
    if rule.only_now and not is_so_now(text, start, end):
        return False
    if rule.near is None:
        return True
    beside = rule.near.finditer(text, max(0, start - NEAR), end + NEAR)
    return any(not rule.only_now or is_so_now(text, *other.span()) for other in beside)


def _finding(rule, hit, text):
    parts = {name: text[slice(*hit.span(name))] if hit[name] else "" for name in hit.groupdict()}
    if parts.get("age"):
        parts["decade"] = decade(int(parts["age"]))
    numbers = {"emergency_number": settings.EMERGENCY_NUMBER, "crisis_line": settings.CRISIS_LINE}
    return Finding(
        rule=rule.id,
        kind=rule.kind,
        severity=rule.severity,
        start=hit.start(),
        end=hit.end(),
        title=rule.title.format(**numbers),
        message=rule.message.format(**numbers),
        mend=None if rule.mend is None else rule.mend.format(**parts),
    )


def decade(age: int) -> str:
    """The band of an age in years as people say it: "early childhood", "teens", "forties"."""
    bands = ["childhood", "teens", "twenties", "thirties", "forties", "fifties", "sixties", "seventies", "eighties"]
    return "early childhood" if age < 4 else bands[age // 10] if age < 90 else "nineties or older"


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

    _check(fields, refuse)
    words = fields.get("words", [])
    is_small = bool(words) or not any(CAPITAL.search(fields.get(name, "")) for name in EXPRESSIONS)
    return Rule(
        id=fields["id"],
        kind=fields["kind"],
        severity=Severity(fields["severity"]),
        **{name: _compile(name, fields.get(name), is_small, refuse) for name in EXPRESSIONS},
        **{name: tuple(fields.get(name, [])) for name in EXAMPLES},
        title=fields.get("title", ""),
        message=fields["message"],
        mend=fields.get("mend"),
        only_now=fields.get("only_now", False),
        words=tuple(tuple(group.split("|")) for group in words),
        sees_small_letters=is_small,
    )


def _check(fields, refuse):
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
    is_urgent = fields["severity"] == Severity.URGENT
    if is_urgent and not fields.get("title"):
        refuse("an urgent rule needs a “title” that says what to do.")
    if fields.get("search") and not (is_urgent and fields.get("search_hits") and fields.get("search_misses")):
        refuse("“search” needs an urgent rule with “search_hits” and “search_misses”.")
    if not all(isinstance(example, str) for name in EXAMPLES for example in fields.get(name, [])):
        refuse("every example must be a text.")
    if not all(isinstance(group, str) and group and group == group.lower() for group in fields.get("words", [])):
        refuse("every one of “words” must be a text in small letters.")


def _compile(name, pattern, is_small, refuse):
    try:
        return pattern and re.compile(pattern, 0 if is_small else re.IGNORECASE)
    except re.error as error:
        return refuse(f"“{name}” is not a regular expression: {error}.")
