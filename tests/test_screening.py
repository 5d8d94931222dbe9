"""Screening: every rule proves itself by its own examples, and the engine finds and mends what they find."""

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.utils import timezone

from qa.screening import Severity, all_rules, mend, screen, screen_search
from qa.screening.context import is_so_now
from qa.screening.engine import read_rules, small_letters
from tests import more_sentences, sentences

EMERGENCIES = sentences.EMERGENCIES + more_sentences.EMERGENCIES
NO_EMERGENCIES = sentences.NO_EMERGENCIES + more_sentences.NO_EMERGENCIES
HITS = [(rule, text) for rule in all_rules() for text in rule.hits]
MISSES = [(rule, text) for rule in all_rules() for text in rule.misses]
SEARCHES = [(rule, text) for rule in all_rules() for text in rule.search_hits]
OTHER_SEARCHES = [(rule, text) for rule in all_rules() for text in rule.search_misses]
WHOLE_RULE = {
    "id": "'a'",
    "kind": "'links'",
    "severity": "'advice'",
    "pattern": "'a'",
    "message": "'A sentence.'",
    "hits": "['a']",
    "misses": "['b']",
}


SAID_NOW = [
    "I had [chest pain] this morning",
    "[chest pain] since yesterday",
    "I [can't breathe]",
    "he [cannot breathe]",
    "I do not know why I have [chest pain]",
    "I can't sleep because of [chest pain]",
    "I am not sure whether this is [chest pain]",
    "I have no fever, I have [chest pain]",
    "No fever but [chest pain]",
    "not only [chest pain], also a cough",
    "I have never had [chest pain] like this",
    "I want help, I have [chest pain]",
    "constant [chest pain]",
    "The patient has [chest pain]",
    "no sleep because of the [chest pain]",
    "I have [chest pain] when I climb stairs, when I was walking it got worse",
    "In 2010 I had bypass surgery, now I have [chest pain]",
    "I had a stroke in 2010 and today I have [chest pain]",
    "My [chest pain] started two months ago and is still there",
    "I used to smoke and I have [chest pain]",
    "What causes my [chest pain]?",
    "My son has [chest pain], what are the causes?",
    "I have a history of heart disease and [chest pain]",
    "I had surgery 3 years ago, [chest pain] since last night",
    "My dad had a stroke 5 years ago, he has [chest pain]",
    "I gave birth two months ago and the [chest pain] gets worse",
    "In 2010, I had surgery, [chest pain] came an hour ago",
    "What do I do about [chest pain]?",
    "沒有發燒，[胸痛]",
    "是不是[胸痛]",
]
NOT_SAID_NOW = [
    "no [chest pain]",
    "No [chest pain], please!",
    "denies [chest pain]",
    "She denied fever and [chest pain]",
    "without [chest pain]",
    "I do not have [chest pain] but my arm is numb",
    "I don't have any [chest pain]",
    "I dont have fever or [chest pain]",
    "no fever, cough or [chest pain]",
    "no fever, [chest pain], or cough",
    "I have never had [chest pain]",
    "I am not having [chest pain]",
    "It isn't [chest pain]",
    "[chest pain]: none",
    "[chest pain] was ruled out",
    "in 2010 I had [chest pain]",
    "I had [chest pain] in March 2014",
    "I had [chest pain] 5 years ago",
    "a few months ago there was [chest pain]",
    "when I was a child I had [chest pain]",
    "When she was 12 she had [chest pain]",
    "as a teenager I had [chest pain]",
    "I used to have [chest pain]",
    "history of [chest pain]",
    "at the age of 40 I had [chest pain]",
    "In 2010, I had [chest pain]",
    "3 years ago I was ill and had [chest pain]",
    "My uncle died after [chest pain]",
    "What are the causes of [chest pain]?",
    "Information about [chest pain]",
    "people with [chest pain]",
    "沒有[胸痛]",
    "我三年前[胸痛]過",
    "請問[胸痛]有哪些原因",
]


def rules_found(text):
    return {finding.rule for finding in screen(text)}


def urgent_found(text):
    return [finding.rule for finding in screen(text) if finding.severity == Severity.URGENT]


@pytest.mark.parametrize(("rule", "text"), HITS, ids=lambda value: getattr(value, "id", value))
def test_each_rule_hits_its_examples(rule, text):
    assert rule.id in rules_found(text)


@pytest.mark.parametrize(("rule", "text"), MISSES, ids=lambda value: getattr(value, "id", value))
def test_each_rule_misses_its_counter_examples(rule, text):
    assert rule.id not in rules_found(text)


@pytest.mark.parametrize(("rule", "text"), SEARCHES, ids=lambda value: getattr(value, "id", value))
def test_who_only_searches_for_an_emergency_is_told_what_to_do(rule, text):
    assert rule.id in {finding.rule for finding in screen_search(text)}


@pytest.mark.parametrize(("rule", "text"), OTHER_SEARCHES, ids=lambda value: getattr(value, "id", value))
def test_who_searches_for_something_else_is_not_alarmed(rule, text):
    assert rule.id not in {finding.rule for finding in screen_search(text)}


@pytest.mark.parametrize(
    "text",
    [
        "my grandmother had a stroke in 1990",
        "rash after vaccination -stroke",
        "我的祖母在一九九零年的時候中風",
        "eczema",
        "-",
        "'" * 300,
    ],
)
def test_a_longer_search_and_one_for_something_else_mention_no_emergency(text):
    assert screen_search(text) == []


def test_what_a_search_may_only_mention_is_no_finding_in_a_text():
    for text in (
        "My grandmother had a stroke in 1990.",
        "Is epilepsy with seizures inherited?",
        "Which pills cause fits?",
    ):
        assert urgent_found(text) == []


def test_a_search_that_mentions_several_emergencies_gets_one_advice_of_each_kind():
    assert [finding.kind for finding in screen_search("stroke seizure suicide")] == ["emergency", "self_harm"]


def test_every_rule_gives_a_full_sentence_as_its_message():
    assert all_rules()
    for rule in all_rules():
        assert rule.message[0].isupper(), rule.id
        assert rule.message.endswith((".", "!", "?")), rule.id


@pytest.mark.parametrize("text", SAID_NOW)
def test_what_is_said_to_be_so_now_counts(text):
    assert says_now(text)


@pytest.mark.parametrize("text", NOT_SAID_NOW)
def test_what_is_denied_or_past_or_asked_in_general_does_not_count(text):
    assert not says_now(text)


def test_this_year_is_not_the_past():
    assert says_now(f"In {timezone.localdate().year} I had [chest pain]")
    assert not says_now(f"In {timezone.localdate().year - 1} I had [chest pain]")


def says_now(text):
    """Whether the words in brackets are said to be so now."""
    before, _, rest = text.partition("[")
    hit, _, after = rest.partition("]")
    return is_so_now(before + hit + after, len(before), len(before) + len(hit))


@pytest.mark.parametrize("text", EMERGENCIES)
def test_an_emergency_in_a_patients_words_is_found(text):
    assert urgent_found(text)


@pytest.mark.parametrize("text", NO_EMERGENCIES)
def test_a_question_that_can_wait_raises_no_alarm(text):
    assert not urgent_found(text)


@pytest.mark.parametrize(
    ("text", "told", "not_told"),
    [
        ("My husband is choking me and I am afraid", "strangled", "choking"),
        ("My son is choking on a coin", "choking", "swallowed-object"),
        ("My son swallowed a coin battery and drools", "battery-or-magnet-swallowed", "swallowed-object"),
        ("Our 6 week old has a fever of 41", "fever-in-young-baby", "very-high-fever"),
        ("She fell down the stairs, her hip hurts and she can't stand", "fall-cannot-stand", "after-an-accident"),
    ],
)
def test_of_two_dangers_in_the_same_words_the_one_that_fits_is_told(text, told, not_told):
    assert told in urgent_found(text)
    assert not_told not in urgent_found(text)


def urgent_rules():
    rules = [rule for rule in all_rules() if rule.severity == Severity.URGENT]
    assert rules
    return rules


def test_an_urgent_rule_says_what_to_do_and_names_a_number():
    for rule in urgent_rules():
        assert rule.kind in ("emergency", "self_harm"), rule.id
        assert rule.title[0].isupper(), rule.id
        assert not rule.title.endswith("."), rule.id
        assert "{emergency_number}" in rule.title + rule.message, rule.id
        assert rule.kind == "emergency" or "{crisis_line}" in rule.title + rule.message, rule.id


def test_an_urgent_rule_is_proved_by_three_examples_of_each_kind():
    for rule in urgent_rules():
        assert len(rule.hits) >= 3, rule.id
        assert len(rule.misses) >= 3, rule.id


def test_the_numbers_of_the_settings_stand_in_title_and_message(settings):
    settings.EMERGENCY_NUMBER = "112"
    settings.CRISIS_LINE = "0800 123"
    urgent = screen("I want to kill myself. I have crushing chest pain")
    assert [finding.kind for finding in urgent] == ["self_harm", "emergency"]
    assert "0800 123" in urgent[0].title
    assert "112" in urgent[0].message
    assert "112" in urgent[1].title


def test_the_words_of_a_rule_never_hide_what_its_pattern_finds():
    texts = [text for _, text in HITS + MISSES] + EMERGENCIES + NO_EMERGENCIES
    with_words = [rule for rule in all_rules() if rule.words]
    assert with_words
    for rule in with_words:
        for text in texts:
            padded = " " + "".join(
                letter if letter.isalnum() or letter == "_" else " " for letter in small_letters(text)
            )
            hidden = not all(any(word in f"{padded} " for word in group) for group in rule.words)
            found = rule.pattern.search(small_letters(text)) and (not rule.near or rule.near.search(text.lower()))
            assert not (hidden and found), (rule.id, text)


def test_an_emergency_is_found_far_into_a_long_text_and_in_capital_letters():
    text = "I sleep badly and eat little. " * 60 + "SINCE THIS MORNING I HAVE CHEST PAIN. " + "What can I do? " * 60
    (finding,) = screen(text, ["emergency"])
    assert text[finding.start : finding.end] == "CHEST PAIN"


def test_letters_that_grow_when_small_do_not_move_a_finding():
    text = "İ İ İ chest pain"
    (finding,) = screen(text)
    assert text[finding.start : finding.end] == "chest pain"


def test_a_text_that_repeats_an_emergency_has_few_findings():
    assert len(screen("I have chest pain. " * 500)) == 10


def test_a_link_to_a_photo_is_mended_and_the_words_around_it_are_kept():
    text = "See https://imgur.com/a/H7au7, what is it? And i.imgur.com/x.jpg."
    assert mend(text, screen(text)) == ("See (link to a photo, removed), what is it? And (link to a photo, removed).")


def test_findings_of_one_kind_do_not_overlap_and_come_in_the_order_of_the_text():
    text = "https://www.who.int/scabies and https://imgur.com/a/H7au7"
    assert [(f.rule, text[f.start : f.end]) for f in screen(text)] == [
        ("web-link", "https://www.who.int/scabies"),
        ("photo-link", "https://imgur.com/a/H7au7"),
    ]


def test_a_text_without_findings_stays_as_it_is():
    text = "Red spots; smooth, not raised."
    assert screen(text) == []
    assert mend(text, screen(text)) == text


def test_only_the_wanted_kinds_are_screened():
    text = "https://imgur.com/a/H7au7"
    assert screen(text, kinds=["links"])
    assert screen(text, kinds=["no such kind"]) == []


@pytest.mark.parametrize(
    "text",
    [
        "a." * 50_000,
        "https://" * 5_000,
        "www.a/" * 5_000,
        "imgur.com" * 5_000,
        " " * 100_000,
        "a" * 100_000,
        "İ" * 100_000,
        "chest " * 16_000,
        "chest pain " * 9_000,
        "no chest pain " * 7_000,
        "i can't my left arm face mouth side " * 2_700,
        "he she son daughter says wants to " * 2_900,
        "fever rash blister mouth eyes skin spots glass " * 2_100,
        "took swallowed all my the 20 " * 3_400,
        "severe sudden " * 7_000,
        "痛" * 100_000,
        "胸痛不" * 33_000,
        " ".join(word for rule in all_rules() for group in rule.words for word in group) * 10,
    ],
    ids=lambda text: text[:12],
)
def test_a_text_made_to_keep_the_rules_busy_is_screened_to_its_end(text):
    link = " https://imgur.com/a/H7au7"
    assert screen(text + link)[-1].end == len(text + link)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"severity": "'dreadful'"}, "severity"),
        ({"pattern": "'('"}, "not a regular expression"),
        ({"hits": "[]"}, "“hits” is missing"),
        ({"misses": None}, "“misses” is missing"),
        ({"message": "3"}, "“message” must be a str"),
        ({"colour": "'red'"}, "“colour” is not a known key"),
        ({"hits": "[3]"}, "every example must be a text"),
        ({"words": "['Chest']"}, "“words” must be a text in small letters"),
        ({"near": "'('"}, "“near” is not a regular expression"),
        ({"severity": "'urgent'"}, "needs a “title”"),
        ({"search": "'a'"}, "“search” needs an urgent rule"),
    ],
)
def test_a_wrong_rule_stops_with_its_file_and_what_is_wrong(tmp_path, change, said):
    fields = {name: value for name, value in (WHOLE_RULE | change).items() if value is not None}
    path = tmp_path / "wrong.toml"
    path.write_text("[[rule]]\n" + "\n".join(f"{name} = {value}" for name, value in fields.items()))
    with pytest.raises(ImproperlyConfigured, match=r"wrong\.toml, rule a") as refusal:
        read_rules(path)
    assert said in str(refusal.value)


@pytest.mark.parametrize("content", ["[[rule]", "rules = 3", "[rule]\nid = 'a'"])
def test_a_file_that_holds_no_rules_is_refused(tmp_path, content):
    path = tmp_path / "wrong.toml"
    path.write_text(content)
    with pytest.raises(ImproperlyConfigured, match=r"wrong\.toml"):
        read_rules(path)
