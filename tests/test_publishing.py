"""Publishing a reply: once, with a word for each part, and only where it helps the patient; findings are advice."""

import datetime

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.models import Doctor
from qa import answering
from qa.errors import InvalidTransition, ReplyNotReady
from qa.models import EventKind, QuestionStatus, Reply, ReplyStatus
from qa.screening import Finding, Severity
from tests import replying
from tests.factories import make_answered_question, make_reply
from tests.replying import BODY, LINES, REFUSAL, at, content, sent

pytestmark = pytest.mark.django_db
desk, draft, question = replying.desk, replying.draft, replying.question


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


def test_who_publishes_what_the_patient_has_taken_back_meanwhile_reads_so_at_the_desk(desk, draft, question):
    question.withdraw()
    response = desk.post(at("question", question.pk), sent(draft, publish="1"), follow=True)
    assert response.status_code == 200
    assert "Your text is kept." in response.text
    assert Reply.objects.get().body == BODY


def test_another_question_is_cited_without_its_title(desk, draft, question):
    other = make_answered_question(title="Wang Daming gave me spots")
    desk.post(at("question", question.pk), sent(draft, cite=other.pk))
    draft.refresh_from_db()
    assert f"/questions/{other.pk}/" in draft.body
    assert "Wang Daming" not in draft.body


def test_a_doctor_whose_licence_has_ended_sees_no_list_of_drafts(desk, draft, doctor):
    listed = reverse("admin:qa_reply_changelist")
    assert draft.question.heading in desk.get(listed).text
    Doctor.objects.filter(pk=doctor.pk).update(licence_expires_on=timezone.localdate() - datetime.timedelta(days=1))
    assert draft.question.heading not in desk.get(listed).text
