"""What somebody typed, taken apart: words, "phrases", -not, specialty:, topic:, year:. Anything else is words as well.

Nothing typed can be wrong, and nothing typed reaches an engine but the pipeline's terms.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from qa.search.engine import Group, Phrase
from qa.search.entries import label
from qa.search.pipeline import QUOTES, WORDS, fold, terms
from qa.search.synonyms import said
from qa.search.words import ALL, rarity

MOST_WORDS = 16  # words and phrases; of more, the first
LONGEST = 300  # characters that are read
FIRST_YEAR, LAST_YEAR = 1970, 2100
SHORT = 6  # words; a longer search is a text of its own and means what it says: synonyms would only blur it
MOST_MEANINGS = 8  # phrases that may stand for one
WORDY = 14  # words with the little ones; in a longer search, too, what people say means just what it says

# Who it is about says little of what it is; a child is treated otherwise, and stays.
PEOPLE = frozenset(
    (term,)
    for term in terms(
        "mother mom mum mommy mummy father dad daddy parent husband wife partner boyfriend girlfriend son daughter "
        "brother sister uncle aunt auntie cousin nephew niece grandmother grandma granny grandfather grandpa friend"
    )
)

NEVER = re.compile("[\x00\ud800-\udfff]")  # characters that no database takes

TYPED = re.compile(
    r"""(?P<minus>(?<!\S)-(?=\S))?
        (?:(?<!\w)(?P<name>specialty|topic|year)[:：]\s*(?=\S))?
        (?:"(?P<phrase>[^"]*)"?|(?P<word>[^\s"]+))""",
    re.VERBOSE | re.IGNORECASE,
)
YEARS = re.compile(r"(\d{4})(?:(?:-|–|\.\.)(\d{4}))?")
PARTS = re.compile(r"[^\s,;:/|+&()\[\]{}<>=*!?.…、，。；：！？（）]+")  # of a word that is several: itching/burning


@dataclass(frozen=True)
class Typed:
    """A search as it was typed. The filters are as typed too: nobody has looked yet whether there is such a thing."""

    words: tuple[Phrase, ...] = ()  # words with a hyphen, and Chinese, are phrases of several terms
    sayings: tuple[tuple[Phrase, Phrase], ...] = ()  # what each means, and the terms that are left of how it was said
    phrases: tuple[Phrase, ...] = ()
    excluded: tuple[Phrase, ...] = ()
    specialty: str = ""
    topic: str = ""
    years: tuple[int, int] | None = None  # the first and the last

    def __bool__(self):
        return bool(self.words or self.sayings or self.phrases or self.specialty or self.topic or self.years)


def clean(text: str) -> str:
    """`text` as far as it is read, without what no database takes."""
    return NEVER.sub(" ", text[:LONGEST])


def holds_words(text: str) -> bool:
    """Whether there is any word in `text`, be it one that says nothing."""
    return WORDS.search(fold(clean(text))) is not None


def parse(text: str) -> Typed:
    """`text` taken apart. Only the first of several filters of one name counts."""
    found = {"words": [], "sayings": [], "phrases": [], "excluded": []}
    filters = {}
    text = clean(text).translate(QUOTES)
    if len(text.split()) <= WORDY and '"' not in text:
        found["sayings"], text = said(text)
    for hit in TYPED.finditer(text):
        typed = hit["phrase"] if hit["phrase"] is not None else hit["word"]
        name = (hit["name"] or "").lower()
        value = years(typed) if name == "year" else typed.strip()
        if name and value and not hit["minus"] and not filters.get(name):
            filters[name] = value
            continue
        pieces = [typed] if hit["phrase"] is not None else PARTS.findall(typed)
        place = "excluded" if hit["minus"] else "phrases" if hit["phrase"] is not None else "words"
        found[place] += [tuple(phrase) for piece in pieces if (phrase := terms(piece))]
    return Typed(
        **{place: tuple(dict.fromkeys(phrases))[:MOST_WORDS] for place, phrases in found.items()},
        specialty=filters.get("specialty", ""),
        topic=filters.get("topic", ""),
        years=filters.get("year"),
    )


def meanings(typed: Typed, synonyms: dict[Phrase, tuple[Phrase, ...]]) -> list[Group]:
    """For each thing wanted, what means it: as typed, and its synonyms where few words were typed.

    Of words that stand side by side, the longest run that has synonyms is taken for one thing.
    """
    wanted = [Group(_with(phrase, synonyms)) for phrase in typed.phrases]
    wanted += [Group(_with(meaning, synonyms), left) for meaning, left in typed.sayings]
    words = [word for word in typed.words if word not in PEOPLE]
    if not (words or wanted):
        words = list(typed.words)
    if len(words) > SHORT:
        return wanted + [Group((word,)) for word in words]
    longest = max(map(len, synonyms), default=1)
    while words:
        for size in range(min(len(words), longest), 0, -1):
            run = tuple(term for word in words[:size] for term in word)
            if size == 1 or run in synonyms:
                wanted.append(Group(_with(run, synonyms), run if size > 1 else ()))
                words = words[size:]
                break
    return wanted


def _with(phrase, synonyms):
    return (phrase, *synonyms.get(phrase, ())[: MOST_MEANINGS - 1])


def counted(group: Group, numbers: dict[str, int]) -> Group:
    """`group` with how many entries may hold what it stands for: of a phrase no more than hold its rarest term."""
    each = [*group.phrases, *([group.words] if group.words else [])]
    number = sum(min(numbers[term] for term in phrase) for phrase in each)
    return replace(group, number=min(number, numbers[ALL]))


def one_by_one(groups: Iterable[Group], synonyms: Mapping[Phrase, tuple[Phrase, ...]]) -> list[Group]:
    """Each word of a run that was taken for one thing by itself, for entries that hold some of it."""
    runs = (group.words for group in groups if group.words == group.phrases[0])
    return [Group(_with((word,), synonyms)) for word in dict.fromkeys(word for run in runs for word in run)]


def labels_of(years: tuple[int, int] | None) -> tuple[str, ...]:
    return tuple(label("year", year) for year in range(years[0], years[1] + 1)) if years else ()


def weights(groups: Iterable[Group], numbers: dict[str, int]) -> dict[str, float]:
    """Each term of `groups` that some entry holds, with how much it says; for entries that need not hold all."""
    found = {term for group in groups for phrase in group.phrases for term in phrase}
    return {term: rarity(numbers[term], numbers[ALL]) for term in sorted(found) if numbers[term]}


def years(typed: str) -> tuple[int, int] | None:
    """The first and last year that "2019" or "2015-2019" names; None where it names none."""
    hit = YEARS.fullmatch(typed)
    if not hit:
        return None
    first, last = sorted((int(hit[1]), int(hit[2] or hit[1])))
    return (first, last) if first >= FIRST_YEAR and last <= LAST_YEAR else None
