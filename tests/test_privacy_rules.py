"""The privacy and tone rules: what they mend reads well, mending twice changes nothing, and medicine stays medicine."""

import time

import pytest

from qa.screening import Severity, all_rules, mend, screen
from qa.screening.engine import RULES

PRIVACY = [rule for rule in all_rules() if rule.kind == "privacy"]
HITS = [(rule, text) for rule in PRIVACY for text in rule.hits]
DOCUMENTS = RULES.parents[2] / "fixtures" / "documents"


def mended(text):
    return mend(text, screen(text, ["privacy"]))


@pytest.mark.parametrize(("rule", "text"), HITS, ids=lambda value: getattr(value, "id", value))
def test_a_mended_text_holds_nothing_more_to_mend(rule, text):
    once = mended(text)
    assert once != text
    assert screen(once, ["privacy"]) == []


def test_every_privacy_rule_mends_and_only_exact_ages_birth_dates_and_greetings_need_a_reason():
    assert all(rule.mend is not None for rule in PRIVACY)
    needing = {rule.id for rule in PRIVACY if rule.severity == Severity.REASON}
    named = {"greeting-name", "letter-name", "chinese-greeting-name", "birth-date", "chinese-age"}
    assert needing == {rule.id for rule in PRIVACY if rule.id.startswith("age-")} | named


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("You are a 17-year-old male. Fat may be scarce.", "You are a male in your teens. Fat may be scarce."),
        ("I am a 17-year-old girl.", "I am a girl in my teens."),
        ("I am 17 years old. It itches.", "I am in my teens. It itches."),
        ("My 45 yo husband has it.", "My husband in his forties has it."),
        ("She saw an 18 year old woman.", "She saw a woman in her teens."),
        ("my mother, 84 y.o., has", "my mother, in her eighties, has"),
        ("My dad is 92.", "My dad is in his nineties or older."),
        ("An 8-year-old boy has spots.", "A young boy has spots."),
        ("My son is 5 years old.", "My son is a young child."),
        ("My 3 year old has a fever.", "My young child has a fever."),
        ("Dear Liu: Vasculitis is common.", "Hello: Vasculitis is common."),
        ("Hello Delia, thank you.", "Hello, thank you."),
        ("Hello, I am Maria Lopez and I itch.", "Hello, I am [name removed] and I itch."),
        ("I ask for my wife Mary Smith, who coughs.", "I ask for my wife [name removed], who coughs."),
        ("My name is Delia and I itch.", "My name is [name removed] and I itch."),
        ("Write to me at gmail dot com today.", "Write to [e-mail address removed] today."),
        ("Call me on 0912-345-678 today.", "Call me on [phone number removed] today."),
        ("我叫王小明，今年17歲。", "我叫[姓名已移除]，今年[年齡已移除]。"),
        ("王小姐您好", "您好"),
    ],
)
def test_a_mended_sentence_is_still_a_sentence(text, expected):
    assert mended(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "Hi Dr. Wang, thank you.",
        "Hello doctor, I have a rash.",
        "Dear Sir or Madam,",
        "A 6-month-old girl, 3 weeks old twins and a 1 year old boy.",
        "I have had a rash for 17 years, and a 2 years old scar.",
        "Pain for 3 years, since I was 12 years old.",
        "Hua Hua, 10~19 year old female. Ask Date: 2004/03/09",
        "Blood pressure 120/80, LDL 100-160, WBC 5000-10000, HbA1c 6.5 %.",
        "Take 500-1000 mg, 2 x 500 mg, at most 4,000 mg a day.",
        "ICD-10 L94.0, lot 0912345678, on 2023-02-27 and 03/05/2021.",
        "In a crisis call 1925 or 0800-788-995.",
        "There is a red line on my leg; a line: straight, 12 cm long.",
        "2歲以上的孩童，10~19歲",
    ],
)
def test_medicine_dates_and_doctors_are_left_alone(text):
    assert screen(text, ["privacy"]) == []


def test_what_the_replies_of_the_archive_leak_is_found():
    texts = [path.read_text(encoding="utf-8") for path in sorted(DOCUMENTS.glob("*.txt"))]
    found = {text[f.start : f.end] for text in texts for f in screen(text, ["privacy"])}
    assert {"Dear Liu", "Hello Delia", "You are a 17-year-old male"} <= found
    assert any(place.endswith("Kaohsiung Veterans General Hospital") for place in found)
    assert len(found) == 5  # and "Mr. Zhang"


def test_the_reply_of_the_archive_that_sends_a_patient_to_the_real_world_gets_a_hint_on_its_tone():
    text = (DOCUMENTS / "001_121d227827def5eb.txt").read_text(encoding="utf-8")
    assert {finding.rule for finding in screen(text, ["tone"])} == {"real-world", "waste-of-time"}
    assert {rule.severity for rule in all_rules() if rule.kind == "tone"} == {Severity.ADVICE}


@pytest.mark.parametrize(
    "piece",
    [
        "a.",
        "A",
        "Aa ",
        "0",
        "09 12-34 ",
        "中",
        "\n",
        "I m 17 ",
        "my girl ",
        "Mayo Clinic ",
        "rare disease ",
        "I am Aa Bb ",
        "my son Aa ",
    ],
)
def test_a_text_made_to_keep_the_rules_busy_is_read_in_time(piece):
    started = time.perf_counter()
    screen(piece * (20_000 // len(piece)), ["privacy", "tone", "medicine"])
    assert time.perf_counter() - started < 5
