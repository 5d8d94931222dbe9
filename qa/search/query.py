"""What somebody typed, taken apart: words, "phrases", -not, specialty:, topic:, year:. Anything else is words as well.

Nothing typed can be wrong, and nothing typed reaches an engine but the pipeline's terms.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise, permutations

from qa.search.engine import Group, Phrase, is_chinese, is_prefix
from qa.search.entries import label
from qa.search.pipeline import LONGEST as LONGEST_WORD
from qa.search.pipeline import QUOTES, WORDS, fold, term_of, terms, words
from qa.search.synonyms import said
from qa.search.words import ALL, rarity

MOST_WORDS = 16  # words and phrases; of more, the first
LONGEST = 300  # characters that are read
FIRST_YEAR, LAST_YEAR = 1970, 2100
SHORT = 6  # words; a longer search is a text of its own and means what it says: synonyms would only blur it
MOST_MEANINGS = 8  # phrases that may stand for one
MOST_TURNED = 3  # words that may stand in another order than they are known in
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
# What a Chinese question asks, whatever it is about: how, what to do, whether.
ASKING = re.compile(
    "怎么办|怎么样|怎么|怎样|如何|为什么|为何|什么|是不是|会不会|能不能|可不可以|要不要|有没有|吃什么药|看什么科|[吗呢吧]$"
)
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
        pieces = [typed] if hit["phrase"] is not None else _pieces(typed)
        place = "excluded" if hit["minus"] else "phrases" if hit["phrase"] is not None else "words"
        found[place] += [tuple(phrase) for piece in pieces if (phrase := terms(piece))]
    return Typed(
        **{place: tuple(dict.fromkeys(phrases))[:MOST_WORDS] for place, phrases in found.items()},
        specialty=filters.get("specialty", ""),
        topic=filters.get("topic", ""),
        years=filters.get("year"),
    )


def _pieces(typed):
    """The words of what was typed without a blank; of a Chinese question, what it is about."""
    pieces = PARTS.findall(typed)
    if typed.isascii():
        return pieces
    return [part for piece in pieces for part in ASKING.sub(" ", fold(piece)).split() or [piece]]


def side_by_side(text: str, typed: Typed) -> dict[Phrase, Phrase]:
    """Of words that stand side by side, what they are as one word: "heart burn" is heartburn."""
    spelled = pairwise(words(clean(text)))
    joined = {(one, other): left + right for (left, one), (right, other) in spelled if (left + right).isascii()}
    wanted = {*pairwise(term for word in typed.words for term in word)}
    found = {run: (term_of(word),) for run, word in joined.items() if run in wanted and len(word) <= LONGEST_WORD}
    return {run: word for run, word in found.items() if all(word)}  # "s o" is no "so", which says nothing


def meanings(typed: Typed, synonyms: dict[Phrase, tuple[Phrase, ...]]) -> list[Group]:
    """For each thing wanted, what means it: as typed, and its synonyms where few words were typed.

    Of words that stand side by side, the longest run that has synonyms is taken for one thing.
    """
    wanted = [Group(_with(phrase, synonyms)) for phrase in typed.phrases]
    wanted += [Group(_with(meaning, synonyms), left) for meaning, left in typed.sayings]
    left = [word for word in typed.words if word not in PEOPLE]
    if not (left or wanted):
        left = list(typed.words)
    if len(left) > SHORT:
        return wanted + [Group((word,), _scattered(word, synonyms)) for word in left]
    longest = max(map(len, synonyms), default=1)
    while left:
        for size in range(min(len(left), longest), 0, -1):
            run = tuple(term for word in left[:size] for term in word)
            known = _in_order(run, synonyms)
            if size == 1 or known:
                others = (known, *synonyms[known]) if known else ()
                phrases = tuple(dict.fromkeys((run, *others)))[:MOST_MEANINGS]
                wanted.append(Group(phrases, run if size > 1 else _scattered(run, synonyms)))
                left = left[size:]
                break
    return wanted


def _in_order(run, synonyms):
    """The words of `run` in an order in which they are known: a lump in the breast is a breast lump."""
    if run in synonyms:
        return run
    turned = permutations(run) if 1 < len(run) <= MOST_TURNED and run[0].isascii() else ()
    return next((other for other in turned if other in synonyms), None)


def _scattered(word, synonyms):
    """Of Chinese without blanks the words that may stand apart as well, as far as they can be told."""
    if not is_chinese(word):
        return ()
    if len(word) == 1:
        return tuple(word[0])
    inside = inside_of(word, synonyms)
    return tuple(term for (term, *more) in inside if not more) if all(len(phrase) == 1 for phrase in inside) else ()


def inside_of(run: Phrase, synonyms: Mapping[Phrase, object]) -> list[Phrase]:
    """What a Chinese run is made of: the longest phrases that are known, and elsewhere each pair of characters. Pairs
    that reach into a phrase say nothing."""
    found, place = [], 0
    while place < len(run):
        size = next((size for size in range(len(run) - place, 0, -1) if run[place : place + size] in synonyms), 0)
        if size and found and found[-1] == (run[place - 1],) and found[-1] not in synonyms:
            found.pop()
        found.append(run[place : place + max(size, 1)])
        place += size + 1 if size else 1
    return found[:MOST_WORDS]


def _with(phrase, synonyms):
    return (phrase, *synonyms.get(phrase, ())[: MOST_MEANINGS - 1])


def counted(group: Group, numbers: dict[str, int]) -> Group:
    """`group` with how many entries may hold what it stands for: of a phrase no more than hold its rarest term. Two
    Chinese characters stand apart only where nothing holds them together."""
    if group.words and is_prefix(group.words[:1]) and numbers[group.phrases[0][0]]:
        group = replace(group, words=())
    each = [*group.phrases, *([group.words] if group.words else [])]
    number = sum(min(numbers[term] for term in phrase) for phrase in each)
    return replace(group, number=min(number, numbers[ALL]))


def one_by_one(groups: Iterable[Group], synonyms: Mapping[Phrase, tuple[Phrase, ...]]) -> list[Group]:
    """Each word of a run that was taken for one thing by itself, for entries that hold some of it."""
    groups = list(groups)
    runs = [[(word,) for word in group.words] for group in groups if group.words == group.phrases[0]]
    runs += [
        inside_of(run, synonyms)
        for (run, *_others) in (group.phrases for group in groups)
        if is_chinese(run) and len(run) > 1
    ]
    return [Group(_with(word, synonyms)) for word in dict.fromkeys(word for run in runs for word in run)]


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
