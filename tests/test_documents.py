"""Reading documents: every line is kept, and what does not follow the grammar is refused with line and reason."""

import re

import pytest
from hypothesis import HealthCheck, example, given
from hypothesis import settings as limits
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from qa.errors import DocumentError
from qa.importing.documents import ArticlePage, Line, QuestionPage, parse_document
from qa.importing.markdown import to_markdown
from tests.documents import MORE_THAN_FOUR, PAGES, TEXTS, parse

# Reading


@pytest.mark.parametrize("name", PAGES)
def test_every_line_of_a_question_page_is_parsed_with_its_number(name):
    page, lines = parse(TEXTS[name]), TEXTS[name].split("\n")
    found = {line.number: line.text for line in page.texts()}
    assert all(text in lines[number - 1] for number, text in found.items())
    frame = {page.asker.line, page.replied_on_line, page.byline.line}
    frame |= {card.byline.line for card in page.cards} | {term.line for term in page.terms}
    rest = {line for number, line in enumerate(lines, 1) if line and number not in found.keys() | frame}
    known = {"Share to:", "More Info", "Similar Q&A", "Related FAQ"} | {f"({t.specialty})" for t in page.terms}
    assert rest - known == {f"[Read More] {card.headline.text}" for card in page.cards}


def test_a_question_page_says_who_asked_and_who_replied():
    page = parse(TEXTS["001"])
    assert isinstance(page, QuestionPage)
    assert page.headline.text == "Localized Scleroderma: Treatment Options and Side Effects"
    assert (page.specialty, page.title.text) == ("Dermatology", "Localized scleroderma medication issues?")
    assert (page.asker.pseudonym, page.asker.sex) == ("Mr. Zhang", "female")
    assert (page.asker.age_from, page.asker.age_to) == (10, 19)
    assert f"{page.asker.asked_on} {page.replied_on}" == "2023-02-27 2023-02-27"
    assert (page.byline.doctor, page.byline.specialty) == ("Wu Yuxin", "Dermatology")
    assert [len(part) for part in (page.body, page.reply, page.cards, page.terms)] == [5, 1, 4, 10]


def test_an_article_takes_its_title_from_its_headings():
    page = parse(TEXTS["003"])
    assert isinstance(page, ArticlePage)
    assert page.title == "Milia Syndrome"
    assert [line.text for line in page.paragraphs] == TEXTS["003"].split("\n")


@pytest.mark.parametrize("name", TEXTS)
def test_line_ends_byte_order_mark_and_empty_lines_do_not_matter(name):
    text = TEXTS[name]
    page = parse(text)
    assert parse(text.replace("\n", "\r\n")) == page
    assert parse_document(b"\xef\xbb\xbf" + text.encode()) == page
    assert parse(text + "\n\n") == page
    compact = parse(re.sub(r"\n+", "\n", text))
    assert [line.text for line in compact.texts()] == [line.text for line in page.texts()]


def lines_that_may_not_be_missing(name):
    """All but the lines of texts that have several: without one of those, a document is shorter, not malformed."""
    page = parse(TEXTS[name])
    several = {line.number for text in (page.body, page.reply, page.more_info) if len(text) > 1 for line in text}
    numbered = enumerate(TEXTS[name].split("\n"), 1)
    return [number for number, line in numbered if line and number not in several]


@pytest.mark.parametrize("name", PAGES)
def test_a_question_page_with_a_missing_line_is_refused(name):
    numbers = lines_that_may_not_be_missing(name)
    assert numbers
    for number in numbers:
        lines = TEXTS[name].split("\n")
        del lines[number - 1]
        with pytest.raises(DocumentError, match="Expected") as refused:
            parse("\n".join(lines))
        assert number - 3 <= refused.value.line <= number + 6, f"line {number}: {refused.value}"


@pytest.mark.parametrize(
    ("old", "new", "line", "said"),
    [
        ("Ask Date: 2023/02/27", "Ask Date: 2023/02/30", 14, "date of the calendar, but found “2023/02/30”"),
        ("Ask Date: 2023/02/27", "Ask Date: 27.2.2023", 14, "a date written YYYY/MM/DD"),
        ("Reply Date: 2023/02/27", "Reply Date: 2023/13/01", 21, "date of the calendar"),
        ("Reply Date: 2023/02/27", "Reply Date:", 21, "a date written YYYY/MM/DD"),
        ("10~19 year old", "19~10 year old", 14, "an age band from low to high, but found “19~10”"),
        ("year old female", "year old woman", 14, "“female” or “male”, but found “woman”"),
        ("Mr. Zhang, 10~19", "Mr. Zhang 10~19", 14, "“PSEUDONYM, FROM~TO year old SEX. Ask Date: YYYY/MM/DD”"),
        (" - Dermatology", "", 1, "“HEADLINE - SPECIALTY”"),
        ("[Read More] Understanding Scleroderma", "[Read More] Knowing Scleroderma", 76, "headline of line 68"),
        ("Related FAQ", MORE_THAN_FOUR, 102, "the line “Related FAQ”, but found “One more”"),
        ("Sunspots\n\n(Dermatology)", "Sunspots\n\n(Dermatology)\n\nMore", 143, "the end of the document"),
        ("Sunspots\n\n(Dermatology)", "Sunspots", 139, "of term 10 of 10 under “Related FAQ” after this line"),
        (
            "Localized scleroderma medication issues?",
            "Issue? " * 40,
            5,
            "the patient's title of at most 200 characters",
        ),
        ("Pityriasis Rosea", "Rosea " * 20, 115, "of at most 100 characters"),
        ("More Info", "More Info\x00", 23, "but found the control character U+0000"),
    ],
)
def test_a_malformed_page_is_refused_with_its_line_and_what_was_expected(old, new, line, said):
    text = TEXTS["001"].replace(old, new, 1)
    with pytest.raises(DocumentError) as refused:
        parse(text)
    assert said in refused.value.message
    assert refused.value.line == line


@pytest.mark.parametrize(
    ("data", "line", "said"),
    [
        (b"", 1, "The document is empty"),
        (b" \n\n\t\n", 1, "The document is empty"),
        (TEXTS["000"].encode("utf-16"), 1, "Expected text in UTF-8, but found the byte 0xFF"),
        (TEXTS["000"].encode("cp1252"), 31, "Expected text in UTF-8, but found the byte 0x92"),
        (TEXTS["001"].encode("big5", "replace"), 28, "Expected text in UTF-8"),
        (b"Share to:", 1, "“HEADLINE - SPECIALTY”"),
        (b"A sentence, and nothing else.", 1, "headings that share the article's subject"),
    ],
)
def test_what_is_no_document_is_refused(data, line, said):
    with pytest.raises(DocumentError) as refused:
        parse_document(data)
    assert said in refused.value.message
    assert refused.value.line == line


@st.composite
def mutated_documents(draw):
    """A document of the archive with lines dropped, doubled or swapped, cut off, or with some bytes replaced."""
    lines = TEXTS[draw(st.sampled_from(list(TEXTS)))].split("\n")
    for _ in range(draw(st.integers(1, 4))):
        one, other = (draw(st.integers(0, len(lines) - 1)) for _ in range(2))
        change = draw(st.sampled_from(["drop", "double", "swap", "cut"]))
        if change == "drop" and len(lines) > 1:
            del lines[one]
        elif change == "double":
            lines.insert(one, lines[other])
        elif change == "swap":
            lines[one], lines[other] = lines[other], lines[one]
        else:
            lines[one] = lines[one][: draw(st.integers(0, 30))]
    data = bytearray("\n".join(lines), "utf-8")
    at = draw(st.integers(0, len(data)))
    data[at : at + draw(st.integers(0, 20))] = draw(st.binary(max_size=20))
    return bytes(data)


@limits(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(st.one_of(mutated_documents(), st.binary(max_size=200), st.text(max_size=200).map(str.encode)))
@example(b"A - B\nShare to:\nC\nD\n, 1~2 year old male. Ask Date: 2020/01/01")
def test_any_document_is_either_read_or_refused_with_a_sentence(data):
    outcomes = [outcome_of(data), outcome_of(data)]
    assert outcomes[0] == outcomes[1]
    assert isinstance(outcomes[0], QuestionPage | ArticlePage) or re.match(r"line [1-9].*\.$", outcomes[0], re.DOTALL)


def outcome_of(data):
    try:
        return parse_document(data)
    except DocumentError as refused:
        return str(refused)


# Markdown


def rendered(markdown):
    """The texts of the blocks that a reader sees, in order."""
    html = MarkdownIt("commonmark", {"html": False}).enable("table").render(markdown)
    blocks = re.sub(r"</(p|h\d|li)>", "\n", html)
    texts = re.sub(r"<[^>]+>", "", blocks)
    for entity, character in (("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&amp;", "&")):
        texts = texts.replace(entity, character)
    return [" ".join(text.split()) for text in texts.split("\n") if text.strip()]


@pytest.mark.parametrize("name", TEXTS)
def test_the_words_of_an_article_stay_exactly_the_documents(name):
    page = parse(TEXTS[name])
    lines = page.more_info if isinstance(page, QuestionPage) else page.paragraphs
    assert rendered(to_markdown(lines)) == [re.sub(r"^([0-9]\.|-) ", "", line.text) for line in lines]


def test_headings_and_lists_are_restored():
    markdown = to_markdown(parse(TEXTS["001"]).more_info)
    assert "\n\n## Side Effects\n\nWhile Pimecrolimus" in markdown
    assert "\n\n- **Skin Irritation:** This may manifest" in markdown
    assert to_markdown(parse(TEXTS["000"]).more_info).count("\n1. **") == 3
    headings = [line[3:] for line in to_markdown(parse(TEXTS["003"]).paragraphs).split("\n") if line[:3] == "## "]
    assert len(headings) == 8
    assert "Who is at Risk for Developing Milia Syndrome?" in headings


@limits(max_examples=150, deadline=None, derandomize=True)
@given(st.lists(st.text("aB1 .:)(*_`#<>&[]|~-+=\\\"'“普!{}$^/", min_size=1, max_size=12), min_size=1, max_size=4))
@example(["1. A: b", "2. C", "4. D", "- E", "+ F", "1) G", "---", "==="])
@example(["http://a.b", "&amp;", "![a](b)", "<b>", "a\\", "C#"])
def test_whatever_is_written_is_shown_letter_by_letter(texts):
    lines = [Line(number, text.strip()) for number, text in enumerate(texts, 1) if text.strip()]
    shown = "".join(rendered(to_markdown(lines)))
    written = "".join(line.text for line in lines)
    for marker in (" ", "-", ".", *"0123456789"):  # of list items
        shown, written = shown.replace(marker, ""), written.replace(marker, "")
    assert shown == written
