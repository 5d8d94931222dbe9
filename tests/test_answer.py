"""Answering: the doctors' desk, from the queue to the published reply, and what is done with a reply afterwards."""

import datetime
import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from qa import answering, moderating
from qa.errors import InvalidTransition, QuestionClaimed, ReplyNotReady
from qa.models import (
    EventKind,
    Question,
    QuestionEvent,
    QuestionStatus,
    Reply,
    ReplyStatus,
    ReplyTemplate,
    ReplyVersion,
)
from qa.retention import erase
from qa.screening import Finding, Severity
from tests.factories import (
    in_step,
    make_answered_question,
    make_doctor,
    make_question,
    make_reply,
    make_specialty,
    make_user,
)

pytestmark = pytest.mark.django_db

BODY = "Small flat spots that fade under a glass are mostly harmless. Keep the skin dry. They go in two weeks."
LINES = {
    "may_be_about": "It can be a rash or small bleedings.",
    "urgent_if": "Fever, or spots that do not fade.",
    "whom_to_see": "Your family doctor, with a list of your tablets.",
}
REFUSAL = "It cannot be diagnosed online. Please see a doctor."


def at(name, *args):
    return reverse(f"admin:answer_{name}", args=args)


def content(**fields):
    return {"body": BODY, "next_step": "routine"} | fields


def sent(reply, **fields):
    """What the form of this reply posts."""
    return {"reply": str(reply.key), "window": "one"} | content(**fields)


@pytest.fixture
def question(db):
    return make_question(QuestionStatus.OPEN)


@pytest.fixture
def draft(question, doctor):
    return answering.begin(question, doctor)


@pytest.fixture
def desk(client, doctor):
    client.force_login(doctor.user)
    return client


# Who may be here


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"verified_at": None}, "has not been checked yet"),
        ({"licence_expires_on": datetime.date(2020, 1, 31)}, "ended on 31 January 2020"),
    ],
)
def test_a_doctor_who_may_not_reply_is_told_why(client, question, fields, sentence):
    doctor = make_doctor(**fields)
    client.force_login(doctor.user)
    for response in (client.get(at("queue")), client.post(at("open", question.pk))):
        assert response.status_code == 403
        assert sentence in response.text
    assert not Reply.objects.exists()


def test_somebody_of_the_group_who_is_no_doctor_is_told(client):
    client.force_login(make_user(role="Doctors", is_staff=True))
    assert "does not belong to one" in client.get(at("queue")).text


def test_moderators_editors_and_visitors_do_not_reach_the_desk(client, question, moderator, editor):
    for user in (moderator, editor):
        client.force_login(user)
        assert client.get(at("queue")).status_code == 403
        assert client.post(at("open", question.pk)).status_code == 403
    client.logout()
    assert client.get(at("queue")).status_code == 302


@pytest.mark.parametrize("name", ["question", "ask_patient", "transfer"])
def test_who_was_signed_out_meanwhile_gets_back_what_was_typed(client, draft, question, name):
    response = client.post(at(name, question.pk), sent(draft, note="看起來像癬", may_be_about="A rash, or ringworm."))
    assert response.status_code == 403
    for text in (BODY, "看起來像癬", "A rash, or ringworm."):
        assert text in response.text
    assert str(draft.key) not in response.text
    assert not draft.versions.exists()


def test_questions_of_another_specialty_and_drafts_of_another_doctor_do_not_exist(desk, doctor, other_doctor):
    elsewhere = make_question(QuestionStatus.OPEN, specialty=make_specialty("Urology"))
    assert desk.get(reverse("admin:qa_question_change", args=[elsewhere.pk])).status_code == 404
    for status in (QuestionStatus.PENDING, QuestionStatus.REJECTED, QuestionStatus.REMOVED, QuestionStatus.WITHDRAWN):
        assert desk.get(at("question", make_question(status).pk)).status_code == 404
    assert desk.get(at("question", elsewhere.pk)).status_code == 404
    for name in ("open", "leave", "ask_patient", "transfer"):
        assert desk.post(at(name, elsewhere.pk)).status_code == 404
    theirs = make_reply(doctor=other_doctor)
    assert desk.get(at("versions", theirs.question_id, theirs.key)).status_code == 404
    assert desk.post(at("autosave", theirs.question_id), sent(theirs)).status_code == 404
    assert desk.post(at("autosave", theirs.question_id), {"reply": "nonsense"}).status_code == 404
    assert desk.get(reverse("admin:qa_reply_change", args=[theirs.pk])).status_code == 404
    own_template = ReplyTemplate.objects.create(doctor=other_doctor, title="Theirs", body="Theirs")
    assert desk.get(reverse("admin:qa_replytemplate_change", args=[own_template.pk])).status_code == 404
    desk.post(at("discard", theirs.question_id, theirs.key))
    assert Reply.objects.filter(pk=theirs.pk).exists()


# The queue


def test_the_queue_shows_urgent_questions_first_then_the_oldest_and_who_holds_them(desk, doctor, other_doctor):
    now = timezone.now()
    for title, hours, is_urgent in [("Newest", 1, False), ("Oldest", 9, False), ("Urgent", 2, True)]:
        asked_at = now - datetime.timedelta(hours=hours)
        make_question(QuestionStatus.OPEN, title=title, asked_at=asked_at, is_urgent=is_urgent)
    make_question(QuestionStatus.OPEN, title="Foreign", specialty=make_specialty("Urology"))
    held = Question.objects.get(title="Newest")
    held.claim(other_doctor)
    text = desk.get(at("queue")).text
    assert re.findall("Urgent|Oldest|Newest|Foreign", "".join(re.findall(r"<h3>.*?</h3>", text))) == [
        "Urgent",
        "Oldest",
        "Newest",
    ]
    assert "Dr. Ben Example is working on it" in text
    assert "3 questions wait" in text
    assert "Oldest" in desk.get(at("queue") + "?specialty=dermatology").text


def test_a_row_of_the_queue_shows_how_the_patients_text_begins(desk):
    body = "My <b>skin</b>\n" + "itches " * 40
    make_question(QuestionStatus.OPEN, title="Enquiry", body=body)
    text = desk.get(at("queue")).text
    beginning = "My &lt;b&gt;skin&lt;/b&gt;" + " itches" * 12 + "…"
    assert f'<p class="beginning">{beginning}</p>' in text


def test_a_second_opinion_is_asked_of_what_colleagues_have_answered_here_lately(desk, doctor, other_doctor):
    archived = make_doctor("Lu Daokuan", user=None, verified_at=None, is_from_archive=True)
    now = timezone.now()
    for number in range(10):
        make_answered_question(archived, title=f"Archived {number}", source="old-site", answered_at=now)
    make_answered_question(other_doctor, title="By a colleague", answered_at=now - datetime.timedelta(days=9))
    make_answered_question(other_doctor, title="Imported open", source="old-site", answered_at=now)
    make_answered_question(other_doctor, title="Long ago", answered_at=now - datetime.timedelta(days=999))
    make_answered_question(doctor, title="By myself", answered_at=now)
    shown = desk.get(at("queue")).context["answered"]
    assert [question.title for question in shown] == ["Imported open", "By a colleague"]


def test_a_long_queue_goes_on_behind_the_last_question_shown(desk):
    now = timezone.now()
    for number in range(52):
        asked_at = now + datetime.timedelta(minutes=number)
        make_question(QuestionStatus.OPEN, title=f"Number {number:02}!", asked_at=asked_at, is_urgent=number < 3)
    first = desk.get(at("queue") + "?specialty=dermatology")
    assert [f"Number {number:02}!" in first.text for number in (0, 49, 50)] == [True, True, False]
    address = f"?specialty=dermatology&amp;after={first.context['after']}"
    assert f'href="{address}"' in first.text
    assert first.text.count('accesskey="o"') == 1
    second = desk.get(at("queue") + address.replace("&amp;", "&")).text
    assert [f"Number {number:02}!" in second for number in (49, 50, 51)] == [False, True, True]
    assert "Further on" not in second


def test_a_question_from_another_specialty_waits_from_its_arrival(desk, doctor, other_doctor, client):
    now = timezone.now()
    long_ago, yesterday = now - datetime.timedelta(days=9), now - datetime.timedelta(days=1)
    moved = make_question(QuestionStatus.OPEN, title="Moved", specialty=make_specialty("Urology"), asked_at=long_ago)
    make_question(QuestionStatus.OPEN, title="Here before", asked_at=yesterday)
    moved.transfer(None, make_specialty(), "It is about the skin.")
    text = desk.get(at("queue")).text
    assert text.index("Here before") < text.index("Moved")
    assert "waits for 0\xa0minutes" in text
    assert "waits for 1\xa0week" not in text
    assert "waits for 1\xa0day" in desk.get(reverse("admin:index")).text


def test_who_goes_on_behind_a_question_that_left_the_queue_begins_anew(desk):
    first = make_question(QuestionStatus.OPEN)
    make_question(QuestionStatus.OPEN, title="Still here")
    first.withdraw()
    assert "Still here" in desk.get(at("queue"), {"after": first.pk}).text


def test_the_queue_costs_the_same_with_ten_questions_and_a_thousand(desk, other_doctor):
    def cost():
        with CaptureQueriesContext(connection) as queries:
            assert desk.get(at("queue")).status_code == 200
        return len(queries)

    for _ in range(10):
        make_question(QuestionStatus.OPEN).claim(other_doctor)
    few = cost()
    pattern = make_question(QuestionStatus.OPEN)
    copies = [{"title": f"Copy {n}", "body": "x", "specialty": pattern.specialty} for n in range(990)]
    Question.objects.bulk_create(Question(status=QuestionStatus.OPEN, **copy) for copy in copies)
    assert cost() == few <= 16


# Opening


def test_looking_at_a_question_writes_nothing_and_opening_it_claims_it_for_ten_minutes(desk, doctor, question):
    assert desk.get(at("question", question.pk)).status_code == 200
    assert not Reply.objects.exists()
    assert not question.events.exists()
    assert desk.get(at("open", question.pk)).status_code == 405
    response = desk.post(at("open", question.pk))
    assert response.url == at("question", question.pk)
    question.refresh_from_db()
    assert question.holder == doctor
    assert 590 < (question.claimed_until - timezone.now()).total_seconds() <= 600
    assert question.replies.get().doctor == doctor


def test_saving_renews_the_claim(desk, draft, question):
    Question.objects.update(claimed_until=timezone.now() + datetime.timedelta(seconds=5))
    assert "Saved at" in desk.post(at("autosave", question.pk), sent(draft)).text
    question.refresh_from_db()
    assert question.claimed_until > timezone.now() + datetime.timedelta(minutes=9)


def test_a_takeover_is_explicit_keeps_the_other_draft_and_tells_the_other_on_the_next_save(
    client, doctor, other_doctor, question
):
    first = answering.begin(question, doctor)
    answering.save(first, content(body="Half a sentence"))
    client.force_login(other_doctor.user)
    page = client.post(at("open", question.pk), follow=True).text
    assert "Dr. Ada Example is working on this question" in page
    assert not question.replies.filter(doctor=other_doctor).exists()
    client.post(at("open", question.pk), {"take_over": "1"})
    question.refresh_from_db()
    assert question.holder == other_doctor
    assert question.events.filter(kind=EventKind.TAKEN_OVER, actor=other_doctor.user).exists()
    client.force_login(doctor.user)
    answer = client.post(at("autosave", question.pk), sent(first, body="Half a sentence, and more")).text
    assert "Dr. Ben Example has taken over this question. Your text is kept." in answer
    refused = client.post(at("question", question.pk), sent(first, publish="1"), follow=True).text
    assert "is working on this question. Your text is kept." in refused
    first.refresh_from_db()
    assert (first.status, first.body) == (ReplyStatus.DRAFT, BODY)


def test_leaving_gives_the_question_back_and_keeps_what_was_written(desk, doctor, draft, question):
    answering.save(draft, content())
    desk.post(at("leave", question.pk))
    question.refresh_from_db()
    assert question.holder is None
    assert Reply.objects.get().body == BODY
    other = make_question(QuestionStatus.OPEN)
    answering.begin(other, doctor)
    desk.post(at("leave", other.pk))
    assert not other.replies.exists()


def test_the_text_of_a_draft_is_kept_although_the_patient_withdraws_meanwhile(desk, draft, question):
    question.refresh_from_db()
    question.withdraw()
    response = desk.post(at("question", question.pk), sent(draft, save="1"))
    assert "Your text is kept" in response.text
    assert BODY in response.text
    assert Reply.objects.get().body == BODY


# The page


def test_the_page_shows_all_that_helps_to_answer_and_nothing_that_tells_who_the_patient_is(desk, doctor):
    similar = make_answered_question(title="Red spots on shins", body="Small red spots on both shins for weeks.")
    question = make_question(
        QuestionStatus.OPEN, medicines="Warfarin", allergies="Penicillin", contact_email="who@example.org"
    )
    question.parts.create(position=1, text="Is it dangerous?")
    question.follow_ups.create(body="It itches now.")
    question.seen_questions.create(seen=similar, choice="close", note="mine do not itch")
    answering.begin(question, doctor)
    in_step()
    text = desk.get(at("question", question.pk)).text
    for expected in ("20–29", "Female", "Warfarin", "Penicillin", "Is it dangerous?", "It itches now.", "Close, but…"):
        assert expected in text
    assert "mine do not itch" in text
    assert f"http://testserver/questions/{similar.pk}/" in text
    for private in ("who@example.org", question.secret_key):
        assert private not in text


def test_the_doctor_is_shown_what_the_checks_find_in_title_and_medicines_too(desk):
    question = make_question(
        QuestionStatus.OPEN, title="I feel a crushing weight on my chest", medicines="Pimecrolimus 0.1% at night"
    )
    text = desk.get(at("question", question.pk)).text
    assert "<q>Pimecrolimus 0.1%</q> 0.1 % is not a strength" in text
    assert "<q>crushing weight" in text
    assert 'class="desk-finding urgent"' in text


def test_without_javascript_a_template_and_a_citation_are_added_and_a_finding_is_mended(desk, doctor, draft, question):
    cited = make_answered_question(title="Red spots on shins")
    template = ReplyTemplate.objects.create(doctor=doctor, title="Dry skin", body="Use a cream [how often].")
    desk.post(at("question", question.pk), sent(draft, template=template.pk))
    desk.post(at("question", question.pk), sent(draft, body=Reply.objects.drafts().get().body, cite=cited.pk))
    body = Reply.objects.drafts().get().body
    assert body.startswith(BODY + "\n\nUse a cream [how often].")
    assert f"http://testserver/questions/{cited.pk}/" in body
    assert [item.place for item in answering.advice_on({"body": body})] == []
    linked = "Look at https://elsewhere.example/page. " + BODY
    desk.post(at("question", question.pk), sent(draft, body=linked, mend="body/web-link"))
    assert Reply.objects.drafts().get().body == "Look at (link removed). " + BODY


def test_templates_of_other_doctors_are_not_offered_and_a_new_one_is_the_writers_own(desk, doctor, other_doctor):
    ReplyTemplate.objects.create(title="Shared", body="For all")
    ReplyTemplate.objects.create(doctor=other_doctor, title="Theirs", body="Not yours")
    desk.post(reverse("admin:qa_replytemplate_add"), {"title": "Mine", "body": "For me", "doctor": other_doctor.pk})
    assert [t.title for t in ReplyTemplate.objects.usable_by(doctor)] == ["Mine", "Shared"]
    shared = ReplyTemplate.objects.get(title="Shared")
    changing = desk.post(reverse("admin:qa_replytemplate_change", args=[shared.pk]), {"title": "X", "body": "Y"})
    assert changing.status_code == 403


def test_versions_are_kept_and_one_can_be_put_back(desk, draft, question):
    for window, body in [("one", "First text of this reply."), ("two", "Second"), ("two", "Second and third")]:
        answering.save(draft, content(body=body), window)
    assert [version.body for version in draft.versions.all()] == ["Second and third", "First text of this reply."]
    answering.save(draft, content(body=""), "two")
    assert [version.body for version in draft.versions.all()][:2] == ["", "Second and third"]
    first = draft.versions.last()
    assert "First text of this reply." in desk.get(at("versions", question.pk, draft.key)).text
    desk.post(at("versions", question.pk, draft.key), {"version": first.pk})
    draft.refresh_from_db()
    assert draft.body == "First text of this reply."


def test_two_windows_lose_nothing_and_the_second_is_told(draft):
    answering.save(draft, content(body="Typed in one window"), "one")
    saved = answering.save(draft, content(body="Typed in the other"), "two")
    assert "another window" in saved.notices[0]
    assert {version.body for version in draft.versions.all()} == {"Typed in one window", "Typed in the other"}


def test_what_arrives_late_from_a_window_does_not_replace_what_it_sent_later(desk, draft, question):
    for sent_at, body in [("1000", "First"), ("3000", "First and last"), ("2000", "First and mid")]:
        desk.post(at("autosave", question.pk), sent(draft, body=body, sent=sent_at))
    assert Reply.objects.get().body == "First and last"


# Publishing


def test_a_reply_is_published_with_its_coverage_and_credential_and_the_patient_is_told(desk, doctor, draft, question):
    doctor.credentials.create(title="Consultant", affiliation="City Hospital", since=datetime.date(2020, 1, 1))
    part = question.parts.create(position=1, text="Is it dangerous?")
    response = desk.post(
        at("question", question.pk), sent(draft, publish="1", **{f"part_{part.pk}": "partly"}), follow=True
    )
    assert "Published. The patient is told." in response.text
    reply = Reply.objects.get()
    assert (reply.status, reply.body, reply.credential) == (ReplyStatus.PUBLISHED, BODY, "Consultant, City Hospital")
    assert reply.coverages.get().coverage == "partly"
    question.refresh_from_db()
    assert question.status == QuestionStatus.ANSWERED
    assert question.events.to_notify().get().kind == EventKind.REPLIED
    assert BODY.split(".", maxsplit=1)[0] in desk.get(question.get_absolute_url()).text


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"body": " "}, "Write a reply before you publish it."),
        ({"next_step": ""}, "Say what the patient should do next."),
        ({"body": REFUSAL}, "This only says that you cannot tell"),
        ({"body": BODY + " Come back in [how many days]."}, "Fill in [how many days]"),
        ({"cannot_assess": "needs_tests"}, "Write a sentence that helps the patient"),
        ({"body": REFUSAL, "cannot_assess": "needs_tests", **LINES, "urgent_if": "n/a"}, "what would make it urgent"),
        ({"body": "x" * 20_001}, "at most 20000 characters"),
    ],
)
def test_the_form_says_what_is_missing_and_keeps_the_text(desk, draft, question, fields, sentence):
    response = desk.post(at("question", question.pk), sent(draft, publish="1", seen="body/grade", **fields))
    assert response.status_code == 200
    assert sentence in response.text.replace("&#x27;", "'").replace("20,000", "20000")
    draft.refresh_from_db()
    assert draft.status == ReplyStatus.DRAFT
    assert draft.body == fields.get("body", BODY).strip()


def test_a_text_that_is_too_long_is_kept_whole_but_for_what_only_does_harm(desk, draft, question):
    text = "Keep the skin dry. " * 1200
    for name in ("autosave", "question"):
        assert desk.post(at(name, question.pk), sent(draft, body=f"\x00{text}\r\n{name}")).status_code == 200
        draft.refresh_from_db()
        assert draft.body == f"{text}\n{name}"


def test_every_part_needs_a_word(draft, question):
    part = question.parts.create(position=1, text="Is it dangerous?")
    with pytest.raises(ReplyNotReady) as refusal:
        answering.publish(draft, content())
    assert list(refusal.value.missing) == [f"part_{part.pk}"]
    _saved, is_new = answering.publish(draft, content(coverage={str(part.pk): "other_specialty"}))
    assert is_new


def test_a_refusal_with_three_lines_that_help_is_published_with_the_legal_sentence_of_its_day(draft):
    saved, is_new = answering.publish(draft, content(body=REFUSAL, cannot_assess="needs_tests", **LINES))
    assert is_new
    assert "examine you in person" in saved.reply.legal_sentence or Reply.objects.get().legal_sentence
    assert make_reply(status=ReplyStatus.PUBLISHED).legal_sentence == ""


def test_findings_are_shown_once_before_publishing_and_are_only_advice(desk, draft, question):
    body = BODY + " See https://elsewhere.example/page for more."
    first = desk.post(at("question", question.pk), sent(draft, body=body, publish="1"))
    assert "please look at what the checks have found" in first.text
    assert 'name="seen" value="body/web-link"' in first.text
    desk.post(at("question", question.pk), sent(draft, body=body, publish="1", seen="body/web-link"))
    assert Reply.objects.get().status == ReplyStatus.PUBLISHED


def test_exact_age_or_a_name_needs_a_reason_which_is_kept_as_an_event(desk, draft, question, monkeypatch):
    def screen(text, kinds):
        start = text.find("Dear Liu")
        return [Finding("greeting-name", "privacy", Severity.REASON, start, start + 8, "A name.")] if start >= 0 else []

    monkeypatch.setattr(answering.screening, "screen", screen)
    body = "Dear Liu, " + BODY
    posted = sent(draft, body=body, publish="1", seen="body/greeting-name")
    refused = desk.post(at("question", question.pk), posted)
    assert "say why it must stand" in refused.text
    assert Reply.objects.get().status == ReplyStatus.DRAFT
    desk.post(at("question", question.pk), posted | {"reason/body/greeting-name": "It is a street, no name"})
    assert Reply.objects.get().status == ReplyStatus.PUBLISHED
    event = question.events.get(kind=EventKind.REASON_GIVEN)
    assert event.note == "greeting-name: It is a street, no name"


def test_publishing_twice_makes_one_reply_and_loses_no_text(desk, draft, question):
    for _ in range(2):
        desk.post(at("question", question.pk), sent(draft, publish="1"))
    later = desk.post(
        at("question", question.pk), sent(draft, publish="1", window="two", body=BODY + " And more."), follow=True
    )
    assert "published already" in later.text
    reply = Reply.objects.get()
    assert reply.body == BODY
    assert [version.body for version in reply.versions.all()] == [BODY + " And more.", BODY]
    assert question.events.filter(kind=EventKind.REPLIED).count() == 1


def test_what_was_written_after_publishing_is_found_under_versions(desk, draft, question):
    desk.post(at("question", question.pk), sent(draft, publish="1"))
    desk.post(at("question", question.pk), sent(draft, body="Written in another window.", window="two", save="1"))
    address = at("versions", question.pk, draft.key)
    assert f'href="{address}"' in desk.get(at("question", question.pk)).text
    assert "Written in another window." in desk.get(address).text


def test_a_server_killed_between_draft_and_publishing_leaves_the_draft_whole(desk, draft, question, monkeypatch):
    def die(*args):
        raise KeyboardInterrupt

    with monkeypatch.context() as killed:
        killed.setattr(Reply, "publish", die)
        with pytest.raises(KeyboardInterrupt):
            answering.publish(draft, content())
    draft.refresh_from_db()
    assert (draft.status, draft.body) == (ReplyStatus.DRAFT, BODY)
    assert answering.publish(draft, content())[1]
    assert Reply.objects.count() == 1


def test_an_expired_licence_cannot_publish_and_keeps_the_text(draft, doctor):
    doctor.licence_expires_on = timezone.localdate() - datetime.timedelta(days=1)
    doctor.save()
    with pytest.raises(InvalidTransition, match="licence"):
        answering.publish(draft, content())
    draft.refresh_from_db()
    assert draft.body == BODY


# Other ways to go on


def test_the_patient_is_asked_and_the_question_leaves_the_queue(desk, draft, question):
    assert "Say what you need to know." in desk.post(at("ask_patient", question.pk), {"note": ""}).text
    desk.post(at("ask_patient", question.pk), {"note": "Since when?"})
    question.refresh_from_db()
    assert question.status == QuestionStatus.NEEDS_INFO
    assert question.holder is None
    assert question.events.to_notify().get().note == "Since when?"


@pytest.mark.parametrize("name", ["ask_patient", "transfer"])
def test_what_was_written_stays_on_the_page_where_a_request_says_too_little(desk, draft, question, name):
    answering.save(draft, content())
    text = desk.post(at(name, question.pk), {"note": ""}).text
    assert "Say w" in text
    assert BODY in text
    assert 'id="reply-form"' in text


def test_a_question_is_passed_on_with_a_reason(desk, draft, question):
    urology = make_specialty("Urology")
    assert "Say why" in desk.post(at("transfer", question.pk), {"specialty": urology.pk, "note": ""}).text
    desk.post(at("transfer", question.pk), {"specialty": urology.pk, "note": "It is about the bladder."})
    question.refresh_from_db()
    assert (question.specialty, question.holder) == (urology, None)
    assert question.events.to_notify().get().note == "It is about the bladder."
    assert desk.get(at("question", question.pk)).status_code == 404


def test_nobody_passes_on_what_a_colleague_holds(question, draft, other_doctor):
    for action in (
        lambda: answering.transfer(question, other_doctor, make_specialty("Urology"), "x"),
        lambda: answering.ask_patient(question, other_doctor, "x"),
    ):
        with pytest.raises(QuestionClaimed):
            action()


def test_a_second_reply_is_added_to_an_answered_question(desk, doctor):
    question = make_answered_question()
    desk.post(at("open", question.pk))
    draft = question.replies.drafts().get()
    desk.post(at("question", question.pk), sent(draft, publish="1"))
    assert question.replies.published().count() == 2
    assert question.events.to_notify().count() == 1


def test_a_colleague_reviews_a_reply_in_public_and_nobody_the_own(desk, doctor, other_doctor):
    question = make_answered_question(other_doctor)
    reply = question.replies.get()
    url = at("review", question.pk, reply.pk)
    assert "Say what you see differently." in desk.post(url, {"verdict": "disagrees"}, follow=True).text
    desk.post(url, {"verdict": "disagrees", "note": "I would take a swab first."})
    assert "I would take a swab first." in desk.get(question.get_absolute_url()).text
    desk.post(url, {"verdict": "agrees", "note": ""})
    assert reply.reviews.get().verdict == "agrees"
    own = make_answered_question(doctor).replies.get()
    assert desk.post(at("review", own.question_id, own.pk), {"verdict": "agrees"}).status_code == 404
    with pytest.raises(InvalidTransition, match="your own"):
        own.review(doctor, "agrees")


def test_an_old_reply_is_reaffirmed(desk, doctor):
    question = make_answered_question(doctor)
    reply = question.replies.get()
    Reply.objects.update(review_by=datetime.date(2020, 1, 1))
    desk.post(at("reaffirm", question.pk, reply.pk))
    reply.refresh_from_db()
    assert reply.reaffirmed_on == timezone.localdate()
    assert not reply.is_past_review
    assert question.events.get().kind == EventKind.REAFFIRMED


def test_an_old_reply_is_superseded_in_one_step(desk, doctor):
    question = make_answered_question(doctor)
    old = question.replies.get()
    desk.post(at("supersede", question.pk, old.pk))
    draft = question.replies.drafts().get()
    assert draft.body == old.body
    assert "takes the place of your reply" in desk.get(at("question", question.pk)).text
    desk.post(at("question", question.pk), sent(draft, publish="1"))
    old.refresh_from_db()
    assert (old.status, old.superseded_by) == (ReplyStatus.WITHDRAWN, draft)
    question.refresh_from_db()
    assert question.status == QuestionStatus.ANSWERED
    assert [e.kind for e in question.events.all()] == [EventKind.REPLIED, EventKind.REPLY_WITHDRAWN]
    assert "A newer reply" in old.withdrawn_because
    assert [e.kind for e in QuestionEvent.objects.to_notify()] == [EventKind.REPLIED]  # one e-mail is enough


def test_an_own_reply_is_withdrawn_with_a_reason_and_a_colleagues_is_not(desk, doctor, other_doctor):
    question = make_answered_question(doctor)
    reply = question.replies.get()
    assert "Say why" in desk.post(at("withdraw", question.pk, reply.pk), {"note": ""}, follow=True).text
    desk.post(at("withdraw", question.pk, reply.pk), {"note": "It was about somebody else."})
    question.refresh_from_db()
    reply.refresh_from_db()
    assert question.status == QuestionStatus.OPEN
    assert reply.withdrawn_because == question.events.get().note == "It was about somebody else."
    theirs = make_answered_question(other_doctor).replies.get()
    for name in ("withdraw", "reaffirm", "supersede"):
        assert desk.post(at(name, theirs.question_id, theirs.pk), {"note": "x"}).status_code == 404


def test_a_draft_is_thrown_away_on_request_only(desk, draft, question):
    assert desk.get(at("discard", question.pk, draft.key)).status_code == 405
    desk.post(at("discard", question.pk, draft.key))
    assert not Reply.objects.exists()
    question.refresh_from_db()
    assert question.holder is None


def test_an_erased_question_keeps_its_reply_and_no_draft_or_version_that_might_quote_it(draft, other_doctor, question):
    answering.publish(draft, content())
    answering.save(answering.begin(question, other_doctor), content(body="You wrote: small red spots"))
    erase(question, keep_replies=True, tell=False)
    assert Reply.objects.get().body == BODY
    assert not ReplyVersion.objects.exists()


def test_the_question_page_costs_a_constant_number_of_queries(desk, doctor, draft, question):
    def cost():
        with CaptureQueriesContext(connection) as queries:
            assert desk.get(at("question", question.pk)).status_code == 200
        return len(queries)

    few = cost()
    for number in range(1, 4):
        question.parts.create(position=number, text=f"Part {number}")
        question.follow_ups.create(body=f"Later {number}")
        question.events.create(kind=EventKind.FOLLOWED_UP, note="x", actor=make_user())
        make_answered_question(title=f"Red spots on shins {number}")
        ReplyTemplate.objects.create(title=f"Template {number}", body="x")
    assert cost() <= few + 2


def test_why_a_moderator_changed_the_words_is_not_told_to_doctors(desk, question, moderator):
    texts = moderating.Texts(title="Spots", body="Red ones on my shins.", parts="")
    moderating.edit(question, moderator, texts, "Took out the name Liu Wei")
    question.events.create(kind=EventKind.TRANSFERRED, actor=moderator, note="It is about the skin")
    page = desk.get(at("question", question.pk)).text
    assert "It is about the skin" in page
    assert "Liu Wei" not in page


def test_what_a_doctor_wrote_to_a_question_that_is_gone_is_given_back(desk, question, draft):
    address, data = at("question", question.pk), sent(draft, urgent_if="Fever above 39.")
    question.delete()
    response = desk.post(address, data)
    assert response.status_code == 404
    assert BODY in response.text
    assert "Fever above 39." in response.text


def test_a_note_to_a_question_that_was_passed_on_meanwhile_is_given_back(desk, question, moderator):
    question.transfer(moderator, make_specialty("Urology"), "Not the skin")
    response = desk.post(at("ask_patient", question.pk), {"note": "Since when does it itch?"})
    assert response.status_code == 404
    assert "Since when does it itch?" in response.text


@pytest.mark.parametrize("note", ["", "Since when does it itch?"])
def test_a_refused_request_to_the_patient_keeps_the_note_and_shows_the_draft(desk, question, draft, note):
    answering.save(draft, content())
    if note:
        question.claim(make_doctor(), take_over=True)
    response = desk.post(at("ask_patient", question.pk), {"note": note})
    assert response.status_code == 200
    assert note in response.text
    assert BODY in response.text
    assert Question.objects.get(pk=question.pk).status == QuestionStatus.OPEN


def test_a_refused_review_keeps_its_note(desk):
    reply = make_reply(make_question(QuestionStatus.ANSWERED), make_doctor(), ReplyStatus.PUBLISHED)
    response = desk.post(at("review", reply.question_id, reply.pk), {"note": "I would wait with the cream."})
    assert response.status_code == 200
    assert "I would wait with the cream." in response.text
    assert not reply.reviews.exists()


@pytest.mark.parametrize(
    "leave", [lambda q: q.withdraw(), lambda q: q.transfer(None, make_specialty("Urology"), "Why")]
)
def test_a_question_that_has_left_the_desk_is_not_named_there_but_the_draft_can_be_read(desk, question, draft, leave):
    answering.save(draft, content())
    leave(question)
    assert question.heading not in desk.get(at("queue")).text
    assert at("versions", question.pk, draft.key) in desk.get(at("queue")).text
    page = desk.get(at("versions", question.pk, draft.key)).text
    assert BODY in page
    assert question.heading not in page


def test_a_withdrawn_question_is_named_in_no_list_of_the_doctors_replies(desk, doctor):
    reply = make_reply(make_question(QuestionStatus.ANSWERED, title="Secret rash"), doctor, ReplyStatus.PUBLISHED)
    lists = [at("queue"), reverse("admin:qa_reply_changelist")]
    assert all("Secret rash" in desk.get(address).text for address in lists)
    reply.question.withdraw()
    assert not [address for address in lists if "Secret rash" in desk.get(address).text]


def test_what_the_patient_had_read_is_shown_while_it_is_public(desk, question, moderator):
    seen = make_answered_question(title="Secret rash")
    question.seen_questions.create(seen=seen)
    assert "Secret rash" in desk.get(at("question", question.pk)).text.partition("had read before")[2]
    seen.remove(moderator, "It names somebody")
    assert "Secret rash" not in desk.get(at("question", question.pk)).text


def test_what_one_window_sent_late_replaces_nothing_even_after_another_window_wrote(draft):
    answering.save(draft, content(body="Second of one"), "one", sent=2000)
    answering.save(draft, content(body="First of the other"), "other", sent=1500)
    answering.save(draft, content(body="First of one, come late"), "one", sent=1000)
    draft.refresh_from_db()
    assert draft.body == "First of the other"
