"""Words that a moderator changes: shown before they count, with a reason, over nothing newer, and none once erased."""

from dataclasses import replace

import pytest

from qa import moderating
from qa.errors import InvalidTransition
from qa.models import Question, QuestionStatus
from qa.moderating import Texts
from qa.retention import erase
from tests import deciding
from tests.deciding import decide, page_of, sent
from tests.factories import make_answered_question, make_question

pytestmark = pytest.mark.django_db
desk = deciding.desk


def test_a_change_of_the_words_is_shown_before_it_counts_and_the_earlier_words_are_kept(desk, moderator):
    question = make_question(body="Call me at 0912 about my rash.")
    question.parts.create(position=1, text="What is it?")
    typed = {"body": "I ask about my rash.", "parts": "What is it?\nDoes it spread?", "reason": "A telephone number"}
    shown = decide(desk, question, "accept", **typed)
    assert "<del>" in shown.text
    assert Question.objects.pending().get().body == "Call me at 0912 about my rash."
    form = shown.context["opened"]
    again = sent(question, "accept", **typed, shown=form["shown"].value())
    desk.post(page_of(question), again)
    question.refresh_from_db()
    assert (question.status, question.body) == (QuestionStatus.OPEN, "I ask about my rash.")
    assert [part.text for part in question.parts.all()] == ["What is it?", "Does it spread?"]
    body = question.revisions.get(field="body")
    assert (body.text, body.reason, body.editor) == ("Call me at 0912 about my rash.", "A telephone number", moderator)
    assert "0912" in desk.get(page_of(question)).text


def test_words_are_not_changed_without_a_reason(desk):
    question = make_question()
    assert "Say why" in decide(desk, question, "accept", body="Other words").text
    with pytest.raises(InvalidTransition, match="Say why"):
        moderating.edit(question, None, moderating.Texts("Other", "words", "", "Blue Heron"), " ")


def test_what_is_wrong_with_the_words_is_not_folded_away(desk):
    question = make_question()
    assert '<details class="words">' in desk.get(page_of(question)).text
    text = desk.post(page_of(question), sent(question, "accept", body="")).text
    assert '<details class="words" open>' in text


def test_accepting_with_a_refused_change_leaves_everything_as_it_was(moderator):
    question = make_question()
    texts = moderating.Texts("Other", "words", "", "Blue Heron")
    with pytest.raises(InvalidTransition):
        moderating.accept(question, moderator, question.specialty, texts=texts, reason="")
    assert Question.objects.pending().get().title == question.title
    assert not question.events.exists()


@pytest.mark.parametrize("first", ["title", "parts"])
def test_words_that_were_changed_since_they_were_read_are_not_put_back(moderator, first):
    question = make_answered_question(title="Liu Wei has spots")
    question.parts.create(position=1, text="What does Liu Wei have?")
    seen = Texts.of(question)
    stale = Question.objects.get(pk=question.pk)
    mended = replace(seen, **{first: "Without the name"})
    moderating.edit(question, moderator, mended, "A name")
    with pytest.raises(InvalidTransition, match="just changed"):
        moderating.edit(stale, moderator, replace(seen, body="Clearer."), "Hard to read", seen)
    assert Texts.of(Question.objects.get(pk=question.pk)) == mended
    assert question.revisions.count() == 1


@pytest.mark.parametrize("keep_replies", [True, False])
def test_words_that_the_patient_erases_meanwhile_stay_erased(moderator, keep_replies):
    question = make_answered_question(title="Liu Wei has spots")
    stale = Question.objects.get(pk=question.pk)
    erase(question, keep_replies=keep_replies, tell=False)
    with pytest.raises(InvalidTransition, match="erased"):
        moderating.edit(stale, moderator, Texts("Spots", "Clearer.", "", "Blue Heron"), "A name")


def test_an_answered_question_can_be_mended_without_leaving_the_portal(desk):
    question = make_answered_question(body="My neighbour Ann has it too.")
    typed = {"body": "A neighbour has it too.", "reason": "A name"}
    shown = decide(desk, question, "edit", **typed).context["opened"]["shown"].value()
    decide(desk, question, "edit", **typed, shown=shown)
    page = desk.get(question.get_absolute_url()).text
    assert "A neighbour has it too." in page
    assert "Ann" not in page


CANCER, FLY = "Is it cancer, asks Chen Mei-Ling?", "May I fly next week?"


@pytest.mark.parametrize(
    ("lines", "covered"),
    [
        ([FLY], {FLY: "needs_examination"}),
        ([FLY, CANCER], {FLY: "needs_examination", CANCER: "answered"}),
        (["Is it cancer, I ask?", FLY], {"Is it cancer, I ask?": "answered", FLY: "needs_examination"}),
        (["How long does it last, and why?", FLY], {FLY: "needs_examination"}),
        ([CANCER, "Does it spread?", FLY], {CANCER: "answered", FLY: "needs_examination"}),
    ],
    ids=["taken out", "exchanged", "other words", "another part", "put between"],
)
def test_what_a_reply_says_of_a_part_stays_with_that_part(moderator, lines, covered):
    question = make_answered_question()
    reply = question.replies.get()
    for position, (text, coverage) in enumerate([(CANCER, "answered"), (FLY, "needs_examination")], 1):
        part = question.parts.create(position=position, text=text)
        reply.coverages.create(part=part, coverage=coverage)
    moderating.edit(question, moderator, replace(Texts.of(question), parts="\n".join(lines)), "A name")
    assert [part.text for part in question.parts.all()] == lines
    assert dict(reply.coverages.values_list("part__text", "coverage")) == covered
