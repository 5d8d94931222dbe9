"""What is to be said of how something was typed, where it finds less than whoever typed it may think."""

from qa.search.pipeline import LONGEST, QUOTES, WORDS, fold, terms
from qa.search.query import TYPED, clean, parse, years

SHOWN = 24  # characters of what is too long


def remarks(text: str) -> dict[str, str]:
    """By what there is to say, the words it is about: `nothing_named` after "topic:", `no_year` after "year:",
    `left_out` and looked for at once, and `too_long` to be searched for."""
    typed = parse(text)
    wanted, found = {*typed.words, *typed.phrases}, {}
    for hit in TYPED.finditer(clean(text).translate(QUOTES)):
        value = (hit["phrase"] if hit["phrase"] is not None else hit["word"]).strip()
        name = (hit["name"] or "").lower()
        if name and not value:
            found.setdefault("nothing_named", f"{name}:")
        elif name == "year" and not hit["minus"] and not years(value):
            found.setdefault("no_year", value)
        elif hit["minus"] and tuple(terms(value)) in wanted:
            found.setdefault("left_out", value)
    for hit in WORDS.finditer(fold(clean(text))):
        if not hit[1] and len(hit[0]) > LONGEST:
            found.setdefault("too_long", f"{hit[0][:SHOWN]}…")
    return found
