"""Import: each oddity of the documents is reported with its line, and ordinary text is not."""

from dataclasses import replace
from datetime import date

import pytest
from django.conf import settings

from qa.importing.anomalies import find_anomalies, spelling_variants
from qa.importing.documents import ArticlePage, Line, parse_document

FOLDER = settings.BASE_DIR / "fixtures" / "documents"
NAMES = ["000_287df63ca416a11f", "001_121d227827def5eb", "002_614d02a2dc9fc088", "003_9da9379b0cc11456"]
PAGES = {name[:3]: parse_document((FOLDER / f"{name}.txt").read_bytes()) for name in NAMES}


def found(code):
    """(document, line, words) of each anomaly of this code in the four documents."""
    return [(name, a.line, a.text) for name, page in PAGES.items() for a in find_anomalies(page) if a.code == code]


def codes(page):
    return {anomaly.code for anomaly in find_anomalies(page)}


def with_asker(**fields):
    return replace(PAGES["002"], asker=replace(PAGES["002"].asker, **fields))


def article(*texts):
    return ArticlePage("Warts", tuple(Line(number, text) for number, text in enumerate(texts, 1)))


def test_a_pseudonym_that_does_not_fit_the_sex_is_reported():
    assert found("pseudonym-sex") == [("001", 14, "Mr. Zhang")]
    assert "pseudonym-sex" in codes(with_asker(pseudonym="Miss Lin", sex="male"))
    for pseudonym, sex in [("Mr. Lin", "male"), ("Ms. Lin", "female"), ("Mrina", "female"), ("Shan", "male")]:
        assert "pseudonym-sex" not in codes(with_asker(pseudonym=pseudonym, sex=sex))


def test_an_age_band_that_holds_minors_and_adults_is_reported():
    assert found("minor-age-band") == [("000", 12, "10~19"), ("001", 14, "10~19"), ("002", 12, "10~19")]
    for lo, hi in [(20, 29), (18, 20), (10, 17)]:
        assert "minor-age-band" not in codes(with_asker(age_from=lo, age_to=hi))


def test_every_cut_excerpt_is_reported_and_no_whole_one():
    lines = {"000": [71, 75, 82, 86, 104, 108], "001": [59, 70, 74, 81], "002": [41, 63, 74]}
    assert found("excerpt-cut") == [(name, line, _ending(name, line)) for name in lines for line in lines[name]]


def _ending(name, number):
    return next(line.text for line in PAGES[name].texts() if line.number == number)[-23:]


def test_an_excerpt_cut_within_a_word_is_reported():
    words = {words for _, _, words in found("cut-mid-word")}
    assert {"affectin...", "compla...", "docto...", "informa...", "immu...", "accurat..."} <= words
    card = PAGES["002"].cards[0]
    cut = replace(card, excerpt=Line(41, "Red spots may come from allergic reactions, as on the thigh..."))
    page = replace(PAGES["002"], cards=(cut, *PAGES["002"].cards[1:]))
    assert 41 not in {a.line for a in find_anomalies(page) if a.code == "cut-mid-word"}


def test_the_two_card_questions_that_are_answers_are_reported_and_the_ten_others_are_not():
    assert [(name, line) for name, line, _ in found("question-is-answer")] == [("001", 59), ("002", 41)]


def test_another_spelling_of_the_doctors_own_name_is_reported():
    assert found("doctor-spelling") == [("000", 97, "Liao Wenyun"), ("000", 108, "Jin Lian-Chun")]


@pytest.mark.parametrize(
    ("name", "reply"),
    [
        ("Liao Wenyu", "As Dr. Liao Wenyu said, drink water."),
        ("Liao Wenyu", "Please ask Dr. Jin Lianchun instead."),
        ("Liao Wenyu", "Liao Wenyun is a name without a title."),
        ("Liao Wenyu", "Dr. Liao is here."),
        ("Liao Wenyu", "Dr. Tiao Wenyu is another family."),
    ],
)
def test_the_same_name_and_other_peoples_names_are_no_spelling_variants(name, reply):
    assert spelling_variants(name, reply) == []


def test_a_reply_in_another_specialty_than_its_page_is_reported():
    assert found("other-specialty") == [
        ("000", 85, "Internal Medicine"),
        ("001", 73, "Rare Disease"),
        ("001", 84, "Plastic Surgery"),
        ("002", 44, "Internal Medicine"),
    ]


def test_a_topic_under_two_specialties_is_reported():
    assert found("topic-in-two-specialties") == [("002", 89, "Red Spots")]


def test_thirty_entries_are_twenty_seven_pairs_and_twenty_six_terms():
    terms = [term for name in ("000", "001", "002") for term in PAGES[name].terms]
    assert len(terms) == 30
    assert len({(term.name, term.specialty) for term in terms}) == 27
    assert len({term.name for term in terms}) == 26


def test_chinese_words_inside_english_are_reported():
    assert found("non-latin") == [("001", 28, "普特皮")]
    assert "non-latin" not in codes(article("Blood vessels in the skin: naïve T cells, β-blockers, 5 µg, 20 °C."))
    assert "non-latin" not in codes(article("普特皮是一種藥膏。"))


def test_a_photo_link_in_the_middle_of_a_sentence_is_reported():
    assert found("photo-link") == [("002", 10, "https://imgur.com/a/H7au7")]
    (anomaly,) = (a for a in find_anomalies(PAGES["002"]) if a.code == "photo-link")
    assert "in the middle of a sentence" in anomaly.message
    assert "photo-link" not in codes(article("The image link is missing; write to photos@example.org."))


def test_curly_and_straight_quotes_in_one_document_are_reported_once():
    assert [(name, line) for name, line, _ in found("mixed-quotes")] == [("000", 31)]
    assert "mixed-quotes" not in codes(article("It's the doctor's."))
    assert "mixed-quotes" not in codes(article("It’s the doctor’s “advice”."))


def test_two_sentences_without_a_space_between_them_are_reported():
    assert found("glued-sentences") == [("003", 1, "skin.Milia")]
    for text in ("Wash it. Dry it.", "See https://example.org/a.Page", "Vitamin B.Complex", "e.g. Warts", "ph.D"):
        assert "glued-sentences" not in codes(article(text))


def test_a_title_made_of_the_headings_is_reported():
    assert found("missing-title") == [("003", 1, "Milia Syndrome")]


def test_a_reply_older_than_its_question_is_reported():
    assert not found("date-order")
    assert "date-order" in codes(replace(PAGES["002"], replied_on=date(2016, 5, 31)))
    assert "date-order" not in codes(replace(PAGES["002"], replied_on=date(2016, 6, 2)))


def test_a_repeated_term_or_card_is_reported():
    page = PAGES["002"]
    assert not found("repeated-term") + found("repeated-card")
    assert "repeated-term" in codes(replace(page, terms=(*page.terms[:9], page.terms[0])))
    assert "repeated-card" in codes(replace(page, cards=(*page.cards[:3], page.cards[0])))
    itself = replace(page.cards[3], headline=page.headline)
    assert "repeated-card" in codes(replace(page, cards=(*page.cards[:3], itself)))


def test_anomalies_stand_in_the_order_of_the_lines_and_are_full_sentences():
    for page in PAGES.values():
        anomalies = find_anomalies(page)
        assert [a.line for a in anomalies] == sorted(a.line for a in anomalies)
        assert all(a.message[0] in "“ABCDEFGHIJKLMNOPQRSTUVWXYZ" and a.message.endswith(".") for a in anomalies)
        assert anomalies == find_anomalies(page)
