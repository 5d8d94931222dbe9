"""Screening: every rule proves itself by its own examples, and the engine finds and mends what they find."""

import pytest
from django.core.exceptions import ImproperlyConfigured

from qa.screening import all_rules, mend, screen
from qa.screening.engine import read_rules

HITS = [(rule, text) for rule in all_rules() for text in rule.hits]
MISSES = [(rule, text) for rule in all_rules() for text in rule.misses]
WHOLE_RULE = {
    "id": "'a'",
    "kind": "'links'",
    "severity": "'advice'",
    "pattern": "'a'",
    "message": "'A sentence.'",
    "hits": "['a']",
    "misses": "['b']",
}


def rules_found(text):
    return {finding.rule for finding in screen(text)}


@pytest.mark.parametrize(("rule", "text"), HITS, ids=lambda value: getattr(value, "id", value))
def test_each_rule_hits_its_examples(rule, text):
    assert rule.id in rules_found(text)


@pytest.mark.parametrize(("rule", "text"), MISSES, ids=lambda value: getattr(value, "id", value))
def test_each_rule_misses_its_counter_examples(rule, text):
    assert rule.id not in rules_found(text)


def test_every_rule_gives_a_full_sentence_as_its_message():
    for rule in all_rules():
        assert rule.message[0].isupper(), rule.id
        assert rule.message.endswith((".", "!", "?")), rule.id


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


@pytest.mark.parametrize("text", ["a." * 50_000, "https://" * 5_000, "www.a/" * 5_000, "imgur.com" * 5_000])
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
