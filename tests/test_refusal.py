"""Refusals: the rule tells replies that only refuse from those that help, in the archive and in examples."""

import tomllib

import pytest

from qa.models import Reply
from qa.screening.readability import find_hard_reading, grade_level
from qa.screening.refusal import WORDS, is_bare_refusal, says_something

EXAMPLES = tomllib.loads(WORDS.read_text(encoding="utf-8"))["examples"]

# By the beginning of its text, each of the archive's fifteen replies: whether it only refuses.
ARCHIVE = {
    "Based on your description, the small red spots": False,
    "Dear Liu: Vasculitis is a disease": False,
    "Hello Delia, thank you for your question": False,
    "External forces or microvascular fragility": False,
    "Dr. Jin Lian-Chun from Pingtung Hospital": False,
    "In the early stages, corticosteroid ointments": False,
    "Go visit a real hospital in the real world": True,
    "Scleroderma is an autoimmune disease": False,
    "You are a 17-year-old male.": False,
    "Although your question is brief": True,
    "Medical regulations state that": True,
    "Hello: In response to your question": False,
    "Hello, sir: I apologize": True,
    "I'm sorry, but without actually seeing": True,
    "Without actually seeing the lesion, it is impossible": True,
}


@pytest.mark.django_db
def test_of_the_fifteen_replies_of_the_archive_the_six_bare_refusals_are_recognised(archive):
    found = {reply.body: is_bare_refusal(reply.body) for reply in Reply.objects.all()}
    assert len(found) == len(ARCHIVE) == 15
    for body, is_refusal in found.items():
        assert [expected for start, expected in ARCHIVE.items() if body.startswith(start)] == [is_refusal], body
    assert sum(found.values()) == 6


@pytest.mark.parametrize("text", EXAMPLES["refusals"])
def test_a_reply_that_only_refuses_is_recognised(text):
    assert is_bare_refusal(text)


@pytest.mark.parametrize("text", EXAMPLES["replies"])
def test_a_reply_that_says_something_is_not_taken_for_a_refusal(text):
    assert not is_bare_refusal(text)


def test_there_are_as_many_examples_of_both_kinds():
    assert len(EXAMPLES["refusals"]) == len(EXAMPLES["replies"]) >= 36


def test_three_lines_that_say_something_make_a_refusal_a_help():
    text = "I cannot tell this from here."
    lines = (
        "It can be a harmless vein.",
        "Pain or swelling on one side.",
        "Your family doctor, with a list of tablets.",
    )
    assert is_bare_refusal(text)
    assert not is_bare_refusal(text, lines)
    assert is_bare_refusal(text, ("See a doctor.", *lines[1:]))
    assert not says_something("n/a")


def test_plain_words_read_easier_than_learned_ones():
    plain = "Wash the skin with warm water. Pat it dry. Put the cream on twice a day. Do this for two weeks. " * 2
    learned = (
        "Continuous administration of topical immunomodulators necessitates dermatological surveillance, considering "
        "potential systemic absorption and individual susceptibility to subsequent opportunistic infections, "
        "particularly in immunocompromised individuals undergoing concurrent corticosteroid therapy. "
    )
    assert grade_level(plain) < 5 < 12 < grade_level(learned * 2)
    assert not find_hard_reading(plain)
    long = "and then it may come back in the same place " * 4
    assert [finding.rule for finding in find_hard_reading(learned * 2 + long)] == ["grade", "long-sentence"]
    assert grade_level("Too short to tell.") is None
