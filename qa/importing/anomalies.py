"""What is odd in a document: found, reported and kept as it is. Nothing here changes a text or infers a fact."""

import difflib
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from qa.importing.documents import ArticlePage, Line, QuestionPage
from qa.screening import screen

OF_AGE = 18
EXCERPT_LENGTH = 280  # after which the archive cut its excerpts
MALE_FORMS, FEMALE_FORMS = {"mr", "sir"}, {"mrs", "ms", "miss", "madam"}
ASKING_WORDS = re.compile(
    r"\b(i|i'm|i've|my|me|we|our|us|you|your|hello|hi|doctor|please|thank|thanks)\b", re.IGNORECASE
)
NAMED_DOCTOR = re.compile(r"\bDr\. ((?:[A-Z][\w'-]*)(?: [A-Z][\w'-]*){1,2})")
SAME_NAME = 0.9  # how like two spellings are, from 0 to 1, so that they count as one name
GLUED = re.compile(r"[a-z]{2}[.!?][A-Z][a-z]")
CURLY, STRAIGHT = set("‘’“”"), set("'\"")


@dataclass(frozen=True)
class Anomaly:
    """One oddity: its code, the line it stands in, a sentence about it, and the words meant."""

    code: str
    line: int
    message: str
    text: str


def find_anomalies(page: QuestionPage | ArticlePage) -> list[Anomaly]:
    """All oddities of a document, by line. The same document always gives the same list."""
    checks = [non_latin, photo_links, glued_sentences, mixed_quotes]
    if isinstance(page, QuestionPage):
        checks += [
            people,
            dates,
            cut_excerpts,
            excerpts_that_answer,
            spellings,
            other_specialties,
            terms,
            repeated_cards,
        ]
    else:
        checks += [missing_title]
    found = [anomaly for check in checks for anomaly in check(page)]
    return sorted(found, key=lambda anomaly: (anomaly.line, anomaly.code, anomaly.text))


def spelling_variants(name: str, reply: str) -> list[str]:
    """Other spellings of the doctor's own name in a reply: of the same letters, or nearly so.

    Args:
        name: the name as the page gives it, without "Dr.".
        reply: the text of that doctor's reply.
    """
    found = []
    for words in NAMED_DOCTOR.findall(reply):
        other, own = _letters(words), _letters(name)
        is_alike = difflib.SequenceMatcher(None, own, other).ratio() >= SAME_NAME
        same_family = words.split(maxsplit=1)[0] == name.split(maxsplit=1)[0]
        if words != name and words not in found and same_family and is_alike:
            found.append(words)
    return found


def _letters(name):
    return "".join(character for character in name.casefold() if character.isalpha())


# Any document


def non_latin(page) -> Iterator[Anomaly]:
    """Words in another script inside a text in Latin letters; Greek letters are usual in medicine."""
    for line in page.texts():
        foreign = [_is_foreign(character) for character in line.text]
        if sum(foreign) * 2 > sum(character.isalpha() for character in line.text):
            continue  # the line as a whole is in that script
        for words in "".join(c if f else " " for c, f in zip(line.text, foreign, strict=True)).split():
            yield Anomaly("non-latin", line.number, f"The words “{words}” are in another script.", words)


def _is_foreign(character):
    return character.isalpha() and not unicodedata.name(character, "LATIN").startswith(("LATIN", "GREEK", "MICRO"))


def photo_links(page) -> Iterator[Anomaly]:
    """Links to photos on other sites, which are never shown."""
    for line in page.texts():
        for finding in screen(line.text, ["links"]):
            if finding.rule == "photo-link":
                is_inside = line.text[: finding.start].strip() and line.text[finding.end :].strip(" .!?")
                place = "in the middle of a sentence " if is_inside else ""
                message = f"A link {place}leads to a photo on another site; the words around it are kept."
                yield Anomaly("photo-link", line.number, message, line.text[finding.start : finding.end])


def glued_sentences(page) -> Iterator[Anomaly]:
    """Two sentences without a space between them."""
    for line in page.texts():
        for word in line.text.split():
            if "://" not in word and not word.startswith("www.") and GLUED.search(word):
                yield Anomaly("glued-sentences", line.number, "Two sentences stand without a space between them.", word)


def mixed_quotes(page) -> Iterator[Anomaly]:
    """Curly and straight quotes in one document; said once, where the second sort begins."""
    lines = sorted(page.texts(), key=lambda line: line.number)
    first = {}
    for sort in (CURLY, STRAIGHT):
        first[min(sort)] = next((line for line in lines if sort & set(line.text)), None)
    if all(first.values()):
        second = max(first.values(), key=lambda line: line.number)
        word = next(word for word in second.text.split() if (CURLY | STRAIGHT) & set(word))
        yield Anomaly("mixed-quotes", second.number, "The document has both curly and straight quotes.", word)


def missing_title(page: ArticlePage) -> Iterator[Anomaly]:
    message = f"The article has no title of its own; “{page.title}” is the subject of its headings."
    yield Anomaly("missing-title", page.paragraphs[0].number, message, page.title)


# Question pages


def people(page: QuestionPage) -> Iterator[Anomaly]:
    """A pseudonym that does not fit the sex, and an age band that may mean a minor."""
    asker = page.asker
    form = asker.pseudonym.split()[0].rstrip(".").casefold()
    if (form in MALE_FORMS and asker.sex == "female") or (form in FEMALE_FORMS and asker.sex == "male"):
        message = f"“{asker.pseudonym}” is given as {asker.sex}; both are kept."
        yield Anomaly("pseudonym-sex", asker.line, message, asker.pseudonym)
    if asker.age_from < OF_AGE <= asker.age_to:
        band = f"{asker.age_from}~{asker.age_to}"
        message = f"The age band {band} holds minors and adults; the question counts as possibly from a minor."
        yield Anomaly("minor-age-band", asker.line, message, band)


def dates(page: QuestionPage) -> Iterator[Anomaly]:
    if page.replied_on < page.asker.asked_on:
        message = f"The reply of {page.replied_on} is older than the question of {page.asker.asked_on}."
        yield Anomaly("date-order", page.replied_on_line, message, f"{page.replied_on}")


def cut_excerpts(page: QuestionPage) -> Iterator[Anomaly]:
    """Excerpts that end in "...", and whether the cut went through a word.

    A cut word is one that the document has nowhere else as a whole word.
    """
    whole_words = {word for line in page.texts() if not line.text.endswith("...") for word in _words(line.text)}
    for card in page.cards:
        for line in (card.excerpt, card.reply):
            if not line.text.endswith("..."):
                continue
            message = f"The excerpt is cut after about {EXCERPT_LENGTH} characters."
            yield Anomaly("excerpt-cut", line.number, message, line.text[-23:])
            last = line.text.removesuffix("...").split(" ")[-1]
            if last[-1:].isalpha() and (last.casefold() not in whole_words or len(last) == 1):
                yield Anomaly(
                    "cut-mid-word", line.number, f"The excerpt seems to be cut within the word “{last}…”.", f"{last}..."
                )


def _words(text):
    return re.findall(r"\w+", text.casefold())


def excerpts_that_answer(page: QuestionPage) -> Iterator[Anomaly]:
    """Cards whose "question" asks nothing: no question mark, and nobody speaks to anybody."""
    for card in page.cards:
        if "?" not in card.excerpt.text and not ASKING_WORDS.search(card.excerpt.text):
            message = "The card's question asks nothing: it reads like an answer."
            yield Anomaly("question-is-answer", card.excerpt.number, message, card.excerpt.text[:60])


def spellings(page: QuestionPage) -> Iterator[Anomaly]:
    """Replies in which the doctor's own name is spelled in another way."""
    replies = [(page.byline.doctor, line) for line in page.reply]
    for name, line in replies + [(card.byline.doctor, card.reply) for card in page.cards]:
        for variant in spelling_variants(name, line.text):
            yield Anomaly("doctor-spelling", line.number, f"Dr. {name} is spelled “{variant}” in the reply.", variant)


def other_specialties(page: QuestionPage) -> Iterator[Anomaly]:
    """Replies given in another specialty than the page's."""
    for byline in (page.byline, *(card.byline for card in page.cards)):
        if byline.specialty.casefold() != page.specialty.casefold():
            message = f"Dr. {byline.doctor} replied in {byline.specialty}, on a page of {page.specialty}."
            yield Anomaly("other-specialty", byline.line, message, byline.specialty)


def terms(page: QuestionPage) -> Iterator[Anomaly]:
    """Topics that stand under two specialties, or twice under one."""
    seen = defaultdict(list)
    for term in page.terms:
        earlier = seen[term.name.casefold()]
        if term.specialty.casefold() in earlier:
            message = f"“{term.name} ({term.specialty})” stands here for the second time."
            yield Anomaly("repeated-term", term.line, message, term.name)
        elif earlier:
            message = f"“{term.name}” stands under {term.specialty} too: one topic in two specialties."
            yield Anomaly("topic-in-two-specialties", term.line, message, term.name)
        earlier.append(term.specialty.casefold())


def repeated_cards(page: QuestionPage) -> Iterator[Anomaly]:
    """Cards with the headline of the page itself, or of an earlier card."""
    seen = {page.headline.text.casefold()}
    for card in page.cards:
        headline: Line = card.headline
        if headline.text.casefold() in seen:
            message = "The card has the headline of the page or of an earlier card; no link is made of it."
            yield Anomaly("repeated-card", headline.number, message, headline.text)
        seen.add(headline.text.casefold())
