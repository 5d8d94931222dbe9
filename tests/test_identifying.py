"""What shows who somebody is: taken out before doctors see a question, or let stand by somebody who says why."""

import re

import pytest
from django.urls import reverse

from qa import answering, identifying, moderating
from qa.errors import InvalidTransition, ReplyNotReady
from qa.models import EventKind, Flag, Question, QuestionStatus
from tests import deciding, replying
from tests.deciding import decide, page_of, sent
from tests.factories import make_answered_question, make_question
from tests.replying import at

pytestmark = pytest.mark.django_db
desk = deciding.desk

NAMED = "My name is Maria Lopez. I have had small red spots on both shins for two weeks."
PLACE = "question_body/own-name"


def reasons_of(question):
    return [event.note for event in question.events.filter(kind=EventKind.REASON_GIVEN)]


def test_a_question_that_shows_who_somebody_is_is_not_accepted_without_a_reason(desk, moderator):
    question = make_question(body=NAMED)
    refused = desk.post(page_of(question), sent(question, "accept", headline="Red spots, as typed"))
    assert "Everybody would read “My name is Maria Lopez”. Change it, or say why it must stand." in refused.text
    assert "Red spots, as typed" in refused.text
    assert Question.objects.pending().get() == question
    assert not question.events.exists()
    reason = {f"reason/{PLACE}": " "}
    assert "or say why it must stand" in desk.post(page_of(question), sent(question, "accept") | reason).text
    reason = {f"reason/{PLACE}": "She is a singer, and it is about her song"}
    desk.post(page_of(question), sent(question, "accept") | reason)
    question.refresh_from_db()
    assert question.status == QuestionStatus.OPEN
    assert reasons_of(question) == [f"{PLACE}: She is a singer, and it is about her song"]
    assert question.events.get(kind=EventKind.REASON_GIVEN).actor == moderator
    assert "She is a singer" in desk.get(page_of(question)).text
    assert "She is a singer" not in desk.get(f"/my/{question.secret_key}/").text


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"title": "Is this shingles? Call 0912 345 678"}, "0912 345 678"),
        ({"headline": "Spots of Mrs. Lopez"}, "Mrs. Lopez"),
        ({"body": "I live at 12 Baker Street and my shins itch."}, "12 Baker Street"),
        ({"body": "Write to delia.liu@example.org please."}, "delia.liu@example.org"),
        ({"body": "I am a 17-year-old girl with a rash."}, "17-year-old"),
    ],
)
def test_whatever_text_it_stands_in_it_is_named(desk, fields, words):
    question = make_question(**fields)
    assert words in decide(desk, question, "accept").context["opened"].non_field_errors()[0]
    assert Question.objects.pending().exists()


def test_a_part_counts_and_what_only_doctors_read_does_not(desk):
    question = make_question(medicines="Aspirin, from Mrs. Lopez", allergies="I am Maria Lopez.")
    part = question.parts.create(position=1, text="Is it what Mrs. Lopez has?")
    assert "Mrs. Lopez" in decide(desk, question, "accept").context["opened"].non_field_errors()[0]
    part.delete()
    decide(desk, question, "accept")
    assert Question.objects.open().get() == question


@pytest.mark.parametrize("body", ["Look: https://imgur.com/a/H7au7", "I take Pimecrolimus 0.1% at night.", "I am ill."])
def test_a_link_or_a_medicine_asks_for_no_reason(desk, body):
    question = make_question(body=body)
    decide(desk, question, "accept")
    assert Question.objects.open().get() == question


def test_what_is_edited_out_asks_for_no_reason_and_what_is_left_in_does(desk):
    question = make_question(body=NAMED + " Call 0912 345 678.")
    typed = {"body": "My name is Maria Lopez. I have spots.", "reason": "A telephone number"}
    form = decide(desk, question, "accept", **typed).context["opened"]
    assert len(form.non_field_errors()) == 2  # the change is shown, and the name is still there
    typed["shown"] = form["shown"].value()
    refused = decide(desk, question, "accept", **typed)
    assert "Everybody would read “My name is Maria Lopez”." in refused.text
    assert "0912" not in refused.context["opened"].non_field_errors()[0]
    assert 'value="A telephone number"' in refused.text
    assert Question.objects.pending().get().body.startswith(NAMED)
    typed["body"] = "I have spots."
    typed["shown"] = decide(desk, question, "accept", **typed).context["opened"]["shown"].value()
    decide(desk, question, "accept", **typed)
    question.refresh_from_db()
    assert (question.status, question.body, reasons_of(question)) == (QuestionStatus.OPEN, "I have spots.", [])


def test_one_press_takes_it_out_and_another_accepts(desk):
    question = make_question(body=NAMED)
    page = desk.get(page_of(question)).text
    assert f'name="mend" value="{PLACE}"' in page
    mended = desk.post(page_of(question), sent(question, "accept", headline="Spots") | {"mend": PLACE})
    assert "<del>" in mended.text
    assert Question.objects.pending().get().body == NAMED
    fields = {field.html_name: field.value() for field in mended.context["opened"] if field.value()}
    desk.post(page_of(question), {"decision": "accept", **fields})
    question.refresh_from_db()
    assert (question.status, question.headline) == (QuestionStatus.OPEN, "Spots")
    assert question.body == NAMED.replace("Maria Lopez", "[name removed]")
    assert question.revisions.get().text == NAMED


def test_all_of_it_is_taken_out_with_one_press(desk):
    question = make_question(body=NAMED + " Call 0912 345 678.", headline="Spots of Mrs. Lopez")
    form = desk.post(page_of(question), sent(question, "accept") | {"mend": ""}).context["opened"]
    assert form.advice() == []
    assert form["headline"].value() == "Spots of [name removed]"
    assert form["body"].value().endswith(" Call [phone number removed].")


@pytest.mark.parametrize("told", [True, False])
def test_the_own_name_to_appear_under_is_asked_for_though_the_text_tells_it_no_longer(desk, told):
    body = NAMED if told else "I have had small red spots on both shins for two weeks."
    question = make_question(body=body, pseudonym="Maria Lopez")
    if not told:  # the patient has mended the text, and kept the name
        question.events.create(kind=EventKind.ADVICE_PASSED, note="privacy: own-name-as-pseudonym")
    typed = {"body": "I have spots.", "reason": "A name"}
    form = decide(desk, question, "accept", **typed).context["opened"]
    assert [item.place for item, _reason in form.advice()] == ["question_pseudonym/own-name-as-pseudonym"]
    form = desk.post(page_of(question), sent(question, "accept", **typed) | {"mend": ""}).context["opened"]
    assert (form["pseudonym"].value(), form.advice()) == ("", [])
    decide(desk, question, "accept", **typed, pseudonym="Blue Heron", shown=shown(desk, question, typed))
    question.refresh_from_db()
    assert (question.status, question.pseudonym) == (QuestionStatus.OPEN, "Blue Heron")
    assert question.revisions.get(field="pseudonym").text == "Maria Lopez"
    assert identifying.left_in(question) == []


def shown(desk, question, typed):
    form = decide(desk, question, "accept", **typed, pseudonym="Blue Heron").context["opened"]
    return form["shown"].value()


def test_nobody_accepts_it_past_the_form(moderator):
    question = make_question(body=NAMED)
    with pytest.raises(InvalidTransition, match="Maria Lopez"):
        moderating.accept(question, moderator, question.specialty)
    assert Question.objects.pending().exists()
    assert not question.events.exists()


def test_a_reason_holds_until_the_words_are_changed(desk, moderator):
    question = make_answered_question(body=NAMED)
    typed = {f"reason/{PLACE}": "A stage name"}
    refused = desk.post(page_of(question), sent(question, "edit"))
    assert "Everybody would read “My name is Maria Lopez”." in refused.text
    for _twice in range(2):
        desk.post(page_of(question), sent(question, "edit") | typed)
    assert reasons_of(question) == [f"{PLACE}: A stage name"]
    assert identifying.left_in(question) == []
    texts = moderating.Texts(question.title, NAMED + " They itch.", "", question.pseudonym)
    moderating.edit(question, moderator, texts, "More of it")
    assert [item.place for item in identifying.left_in(question)] == [PLACE]


def test_a_removed_question_that_shows_who_somebody_is_is_not_put_back_without_a_reason(desk, moderator):
    question = make_answered_question(body=NAMED)
    question.remove(moderator, "It names somebody.")
    refused = decide(desk, question, "restore", note="It may stay.").text
    assert "Everybody would read “My name is Maria Lopez”." in refused
    assert "It may stay." in refused
    assert not Question.objects.public().exists()
    desk.post(page_of(question), sent(question, "edit") | {f"reason/{PLACE}": "A stage name"})
    decide(desk, question, "restore", note="It may stay.")
    assert Question.objects.public().get() == question


def test_a_headline_that_names_somebody_is_changed_with_the_words(desk):
    question = make_answered_question(headline="Spots of Mrs. Lopez")
    same = {"reason": "It named somebody."}
    assert "Everybody would read “Mrs. Lopez”" in decide(desk, question, "edit", **same).text
    assert "Say why you change the headline." in decide(desk, question, "edit", headline="Spots").text
    decide(desk, question, "edit", headline="Spots", **same)
    question.refresh_from_db()
    assert question.headline == "Spots"
    assert [(revision.field, revision.text) for revision in question.revisions.all()] == [
        ("headline", "Spots of Mrs. Lopez")
    ]
    assert "Headline" in [change.label for _revision, change in moderating.past_changes(question)]


# At the doctors' desk


@pytest.fixture
def named(db):
    return make_question(QuestionStatus.OPEN, title="What does Mrs. Lopez have?", body=NAMED)


@pytest.fixture
def doctors_desk(client, doctor):
    client.force_login(doctor.user)
    return client


def test_the_doctor_sees_what_shows_who_somebody_is_marked_and_named(doctors_desk, named):
    named.parts.create(position=1, text="Is it what delia.liu@example.org has?")
    text = doctors_desk.get(at("question", named.pk)).text
    assert "<mark>My name is Maria Lopez</mark>" in text
    for words in ("Mrs. Lopez", "My name is Maria Lopez", "delia.liu@example.org"):
        assert f"<q>{words}</q>" in text


def test_no_reply_makes_such_a_question_public_without_a_reason(doctors_desk, doctor, named):
    draft = answering.begin(named, doctor)
    page = doctors_desk.get(at("question", named.pk)).text
    assert f'name="reason/{PLACE}"' in page
    title = "question_title/titled-name"
    one = {f"reason/{PLACE}": "No"}
    refused = doctors_desk.post(at("question", named.pk), replying.sent(draft, publish="1", **one))
    assert "Everybody would read “Mrs. Lopez” in the question. Report it, or say why it must stand." in refused.text
    assert 'name="mend"' not in refused.text
    assert f'name="reason/{PLACE}" value="No"' in refused.text
    named.refresh_from_db()
    assert (named.status, reasons_of(named)) == (QuestionStatus.OPEN, [])
    reasons = {f"reason/{PLACE}": "Her stage name", f"reason/{title}": "A song"}
    doctors_desk.post(at("question", named.pk), replying.sent(draft, publish="1", **reasons))
    named.refresh_from_db()
    assert named.status == QuestionStatus.ANSWERED
    assert reasons_of(named) == [f"{title}: A song", f"{PLACE}: Her stage name"]


def test_a_reason_that_is_typed_outlives_saving(doctors_desk, doctor, named):
    draft = answering.begin(named, doctor)
    saved = doctors_desk.post(at("question", named.pk), replying.sent(draft, save="1", **{f"reason/{PLACE}": "A song"}))
    assert "Saved. Nobody but you sees it yet." in saved.text
    assert f'name="reason/{PLACE}" value="A song"' in saved.text
    assert draft.versions.count() == 1


def test_what_a_moderator_has_let_stand_or_everybody_reads_already_asks_the_doctor_nothing(moderator, doctor):
    question = make_question(body=NAMED)
    moderating.accept(question, moderator, question.specialty, reasons={PLACE: "Her stage name"})
    public = make_answered_question(body=NAMED)
    for asked in (question, public):
        answering.publish(answering.begin(asked, doctor), replying.content())
        assert asked.replies.published().filter(doctor=doctor).exists()


def test_words_that_a_moderator_changes_meanwhile_are_the_ones_that_count(doctor, moderator, named):
    draft = answering.begin(named, doctor)
    texts = moderating.Texts("What is it?", "I have the spots of Mrs. Lopez.", "", named.pseudonym)
    moderating.edit(named, moderator, texts, "A name")
    with pytest.raises(ReplyNotReady) as refusal:
        answering.publish(draft, replying.content())
    assert "“Mrs. Lopez” in the question" in refusal.value.missing["asked"]


def test_a_doctor_reports_a_question_to_the_moderators_once(doctors_desk, doctor, moderator, named):
    address = at("report", named.pk)
    empty = doctors_desk.post(address, {"reason": "private", "note": ""}).text
    assert re.search('<details class="sheet" open>\\s*<summary>Report the question', empty)
    assert "Say which words it is about." in empty
    for _twice in range(2):
        sent = doctors_desk.post(address, {"reason": "private", "note": "The name in the first line"}, follow=True)
    assert "This question is reported to the moderators" in sent.text
    flag = Flag.objects.get()
    assert (flag.question, flag.note) == (named, f"{doctor}: The name in the first line")
    doctors_desk.force_login(moderator)
    page = reverse("admin:qa_flag_change", args=[flag.pk])
    assert 'value="removed"' not in doctors_desk.get(page).text  # it is not on the portal yet
    assert page_of(named) in doctors_desk.get(page).text
    doctors_desk.post(page, {"decide": "1", "decision": "mended", "note": "The name is out."})
    doctors_desk.force_login(doctor.user)
    assert "This question is reported" not in doctors_desk.get(at("question", named.pk)).text


def test_what_is_not_at_the_desk_cannot_be_reported_from_there(doctors_desk):
    question = make_question(body=NAMED)
    assert doctors_desk.post(at("report", question.pk), {"reason": "private", "note": "x y"}).status_code == 404
    assert not Flag.objects.exists()
