"""Finds a brand that is another medicine than the name beside it, and a strength that is not sold.

The facts stand in medicines.toml. A finding advises and never blocks; a dose of several tablets is no finding.
"""

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path

from qa.screening.engine import Finding, Severity

TABLE = Path(__file__).parent / "medicines.toml"
KIND = "medicine"
MILLIGRAMS = {
    "mg": 1,
    "毫克": 1,
    "g": 1000,
    "gm": 1000,
    "mcg": 0.001,
    "ug": 0.001,
    "µg": 0.001,
    "μg": 0.001,
    "微克": 0.001,
}
PERCENT = {"%", "％", "﹪"}
MOST_AT_ONCE = 8  # so many of the largest tablets can still be a dose
LEAST = 0.5  # of the smallest tablet

WORD = re.compile(r"[A-Za-z]+|[\u3400-\u9fff]")
# What may stand between a name and its strength, or between a name and the other name in brackets.
FORM = (
    r"(?:[\s-]*(?:\b(?:sodium|potassium|calcium|hydrochloride|hcl|succinate|tartrate|maleate|besylate|mesylate|furoate"
    r"|dipropionate|propionate|acetate|acetonide|valerate|butyrate|phosphate|sulfate|fumarate|citrate|hydrobromide"
    r"|monohydrate|hyclate|medoxomil|axetil|forte|xr|er|sr|xl|la|cr|dr|od|topical|oral|vaginal|nasal|inhaled"
    r"|creams?|ointments?|gels?|lotions?|foams?|solutions?|shampoos?|sprays?|drops?|eye|tablets?|tabs?|capsules?|caps?"
    r"|pills?|inhalers?|patch(?:es)?|injections?|suppository|syrup|suspension)\b"
    r"|軟膏|乳膏|藥膏|凝膠|乳霜|膜衣錠|錠|膠囊|眼藥水|洗劑|噴霧|藥水))*"
)
AMOUNT = (
    r"(?:\d+\s*[x×*]\s*)?(?:\d+(?:[.,]\d+)?\s*(?:-|–|~|to)\s*)?"
    r"(?P<number>\d{1,6}(?:[.,]\d{1,6})?)\s*(?P<unit>%|％|﹪|(?:mcg|ug|µg|μg|mg|gm|g)\b|毫克|微克)"
    r"(?!\s*(?:/(?!\s*d(?:ay)?\b)|per\s+(?:kg|kilo|ml|dl|lit|gram|g\b)))"
)
AFTER = re.compile(rf"{FORM}[ \t]*(?:[(（:]|(?P<comma>,))?[ \t]*{AMOUNT}", re.IGNORECASE)
BEFORE = re.compile(rf"(?<![\d.,/+-]){AMOUNT}{FORM}(?:\s+of)?\s*$", re.IGNORECASE)
OTHER = r"(?:i\.e\.,?|aka|=|also (?:called|known as))"  # words that say: the same, by another name
OPENED = re.compile(
    rf"{FORM}(?:\s*{AMOUNT})?{FORM}\s*"
    rf"(?:[(（\[]\s*(?:{OTHER}|(?:brand|generic)(?: name)?:?)?|,?\s*{OTHER})\s*['\"“「]?",
    re.IGNORECASE,
)
CLOSED = re.compile(rf"{FORM}(?:\s*\d[\d.,]*\s*\S{{1,4}})?{FORM}\s*['\"”」]?\s*[)）\]]", re.IGNORECASE)
JOINED = re.compile(r"\s*[/+&-]\s*[A-Za-z]")
JOINING = re.compile(r"[A-Za-z]\s*[/+&-]\s*\Z")
STRENGTH = re.compile(r"([\d.]+(?:, [\d.]+)*) (\S+)")
A_TUBE = 5000  # milligrams: "Elidel 15 g" is the size of a tube
REACH = 80  # characters beside a name that may say its strength
ADVICE = "Please read the name and the strength on the package."


@dataclass(frozen=True)
class Medicine:
    """A medicine as it is sold; `percents` and `milligrams` are its strengths as numbers."""

    name: str
    contains: frozenset[str]
    strengths: tuple[str, ...]
    percents: frozenset[float]
    milligrams: frozenset[float]
    is_also_liquid: bool
    source: str

    def is_same(self, other):
        """Whether one is the other, or a part of it."""
        return bool(({self.name} | self.contains) & ({other.name} | other.contains))

    @property
    def sold_as(self):
        """For a reader: "0.03 or 0.1 % ointment; 0.5, 1 or 5 mg capsule"."""
        return "; ".join(" or ".join(strength.rsplit(", ", 1)) for strength in self.strengths)


@dataclass(frozen=True)
class Name:
    """A medicine's name in text[start:end]; a brand has both its spellings in `brand`, a generic name has none."""

    medicine: Medicine
    brand: str
    start: int
    end: int


def find_medicines(text: str) -> list[Finding]:
    """Findings of the kind "medicine" in `text`, in its order; they never overlap, and a wrong name goes first.

    Args:
        text: plain text.
    """
    names = find_names(text)
    pairs = pairwise(names)
    found = [finding for first, second in pairs if (finding := _pair(text, first, second))]
    for strength in _strengths(text, names):
        if not any(strength.start < other.end and other.start < strength.end for other in found):
            found.append(strength)
    return sorted(found, key=lambda finding: finding.start)


def find_names(text: str) -> list[Name]:
    """The names of known medicines in `text`, the longest where several begin at one place."""
    found = []
    for word in WORD.finditer(text):
        if found and word.start() < found[-1].end:
            continue
        for name, medicine, brand in _by_first_word().get(word.group().lower(), ()):
            end = word.start() + len(name)
            if text[word.start() : end].lower() == name and not (name.isascii() and text[end : end + 1].isalpha()):
                found.append(Name(medicine, brand, word.start(), end))
                break
    return found


def _pair(text, first, second):
    """Two names of which the second explains the first, as in "pimecrolimus (Protopic)"."""
    is_near = second.start - first.end <= REACH
    if not is_near or first.medicine.is_same(second.medicine) or not (first.brand or second.brand):
        return None
    opened = OPENED.fullmatch(text, first.end, second.start)
    if not opened:
        return None
    end = second.end
    if re.search(r"[(（\[]", opened.group()):
        closed = CLOSED.match(text, second.end, second.end + REACH)
        if not closed:
            return None  # "ibuprofen (Tylenol did not help)"
        end = closed.end()
    brand, other = (second, first) if second.brand else (first, second)
    message = (
        f"{brand.brand} is {brand.medicine.name}; {text[other.start : other.end]} is another medicine, "
        f"as far as we know. {ADVICE}"
    )
    return Finding("medicine-name", KIND, Severity.ADVICE, first.start, end, message)


def _strengths(text, names):
    used = 0  # up to here, numbers belong to an earlier name
    for name, following in zip(names, [*names, None][1:], strict=True):
        limit = following.start if following else len(text)
        after = AFTER.match(text, name.end, min(limit, name.end + REACH))
        if after and after["comma"] and following and not text[after.end() : limit].strip():
            after = None  # "Elidel, 0.1 % tacrolimus": the number belongs to what follows
        amount = after or BEFORE.search(text, max(used, name.start - REACH), name.start)
        if not amount or _is_combined(text, name):
            continue
        used = max(name.end, amount.end())
        if not _is_sold(name.medicine, amount):
            yield _strength(name, amount)


def _is_combined(text, name):
    """Whether which part of a combination a number belongs to cannot be told."""
    return bool(
        name.medicine.contains
        or JOINED.match(text, name.end)
        or JOINING.search(text, max(0, name.start - 5), name.start)
    )


def _strength(name, amount):
    medicine = name.medicine
    message = (
        f"{amount['number']} {amount['unit']} is not a strength of {medicine.name} that we know: it is sold as "
        f"{medicine.sold_as}. {ADVICE}"
    )
    start, end = min(name.start, amount.start()), max(name.end, amount.end())
    return Finding("medicine-strength", KIND, Severity.ADVICE, start, end, message)


def _is_sold(medicine, amount):
    """Whether there is such a strength, or a dose made of several or of half a tablet; unknown forms pass."""
    value = _number(amount["number"])
    if amount["unit"] in PERCENT:
        return not medicine.percents or value in medicine.percents
    if not medicine.milligrams or (medicine.percents and value * MILLIGRAMS[amount["unit"].lower()] >= A_TUBE):
        return True
    milligrams = value * MILLIGRAMS[amount["unit"].lower()]
    least = 0 if medicine.is_also_liquid else min(medicine.milligrams) * LEAST
    return least <= milligrams <= max(medicine.milligrams) * MOST_AT_ONCE


def _number(text):
    """A number as written: "0,1" is a tenth, "1,000" a thousand."""
    if re.fullmatch(r"[1-9]\d{0,2},\d{3}", text):
        return float(text.replace(",", ""))
    return float(text.replace(",", "."))


@cache
def all_medicines() -> dict[str, tuple[Medicine, str]]:
    """Each known name in lower case, with its medicine and, of a brand, how the brand is written; read once."""
    names = {}
    for group in tomllib.loads(TABLE.read_text(encoding="utf-8"))["group"]:
        for row in group["medicines"]:
            medicine = _medicine(row, group["source"])
            names |= {name.lower(): (medicine, "") for name in [row["name"], *row.get("also", [])]}
            for brand in row.get("brands", []):
                spellings = brand.split("/")
                shown = f"{spellings[0]} ({spellings[1]})" if len(spellings) > 1 else brand
                names |= {spelling.lower(): (medicine, shown) for spelling in spellings}
    return names


def names_of_medicines() -> list[list[str]]:
    """The names of each medicine, generic and brands, in lower case."""
    names = {}
    for name, (medicine, _brand) in all_medicines().items():
        names.setdefault(medicine, []).append(name)
    return list(names.values())


def _medicine(row, source):
    numbers = {"%": set(), "mg": set()}
    units = set()
    for strength in row["strengths"]:
        values, unit = STRENGTH.match(strength).groups()
        units.add(unit)
        if unit == "%" or unit in MILLIGRAMS:
            factor = MILLIGRAMS.get(unit, 1)
            numbers["%" if unit == "%" else "mg"] |= {float(value) * factor for value in values.split(", ")}
    return Medicine(
        name=row["name"],
        contains=frozenset(row.get("contains", [])),
        strengths=tuple(row["strengths"]),
        percents=frozenset(numbers["%"]),
        milligrams=frozenset(numbers["mg"]),
        is_also_liquid=any("/" in unit for unit in units),
        source=row.get("source", source),
    )


@cache
def _by_first_word():
    """The names that begin with a word, the longest first; of a Chinese name the first character is its word."""
    table = {}
    for name in sorted(all_medicines(), key=len, reverse=True):
        table.setdefault(WORD.match(name).group(), []).append((name, *all_medicines()[name]))
    return table
