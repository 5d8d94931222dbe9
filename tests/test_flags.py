"""Reports of visitors: what could harm somebody first, each decided once, and readers told why a reply is gone."""

import pytest
from django.urls import reverse

from qa.errors import InvalidTransition
from qa.models import (
    ArticleStatus,
    EventKind,
    Flag,
    FlagDecision,
    FlagReason,
    QuestionEvent,
    QuestionStatus,
    ReplyStatus,
)
from tests import deciding
from tests.factories import make_answered_question, make_article, make_reply

pytestmark = pytest.mark.django_db
desk, other_moderator = deciding.desk, deciding.other_moderator


def flag_page(flag):
    return reverse("admin:qa_flag_change", args=[flag.pk])


def test_deciding_removed_takes_the_text_off_the_portal(desk, moderator):
    question, other = make_answered_question(), make_answered_question()
    reply = make_reply(other, status=ReplyStatus.PUBLISHED)
    article = make_article()
    targets = {"question": question, "reply": reply, "article": article}
    for name, target in targets.items():
        flag = Flag.objects.create(**{name: target}, reason=FlagReason.PRIVATE)
        sending = {"decide": "1", "decision": "removed", "note": "It names somebody.", "because": "A name stood in it."}
        desk.post(flag_page(flag), sending)
        flag.refresh_from_db()
        target.refresh_from_db()
        assert (flag.decision, flag.decided_by, flag.decision_note) == ("removed", moderator, "It names somebody.")
        assert flag.decided_at is not None
    assert question.status == QuestionStatus.REMOVED
    assert reply.status == ReplyStatus.WITHDRAWN
    assert article.status == ArticleStatus.DRAFT
    assert question.events.get(kind=EventKind.REMOVED).note == "It names somebody."


def test_readers_and_the_patient_are_told_why_a_reply_was_removed(desk):
    question = make_answered_question()
    reply = make_reply(question, status=ReplyStatus.PUBLISHED)
    flag = Flag.objects.create(reply=reply, reason=FlagReason.DANGEROUS)
    sending = {"decide": "1", "decision": "removed", "note": "Ten times too much."}
    assert "Tell readers why" in desk.post(flag_page(flag), sending).text
    desk.post(flag_page(flag), sending | {"because": "The dose was wrong."})
    text = desk.get(question.get_absolute_url()).text
    assert "The reason: The dose was wrong." in text
    assert "Ten times" not in text
    event = QuestionEvent.objects.to_notify().get(reply=None)
    assert (event.kind, event.note) == (EventKind.REPLY_WITHDRAWN, "Ten times too much.")


def test_a_kept_text_stays_and_the_next_report_opens_by_itself(desk):
    question = make_answered_question()
    flags = [Flag.objects.create(question=question, reason=FlagReason.WRONG) for _number in range(2)]
    refused = desk.post(flag_page(flags[0]), {"decide": "1", "decision": "kept", "note": ""})
    assert "This field is required" in refused.text
    response = desk.post(flag_page(flags[0]), {"decide": "1", "decision": "kept", "note": "It is right."})
    assert response.url == flag_page(flags[1])
    question.refresh_from_db()
    assert question.is_public


def test_what_could_harm_somebody_is_decided_first_and_marked_as_urgent(desk, other_moderator):
    def report(reason, **fields):
        return Flag.objects.create(question=make_answered_question(), reason=reason, **fields)

    wrong, dangerous, said = report("wrong"), report("dangerous"), report("other", is_urgent=True)
    report("dangerous", assignee=other_moderator)
    text = desk.get(reverse("admin:qa_flag_changelist")).text
    positions = [text.index(f"Report {flag.pk}:") for flag in (dangerous, said, wrong)]
    assert positions == sorted(positions)
    assert text.count("badge now") == 3
    for flag, following in ((wrong, dangerous), (dangerous, said)):
        response = desk.post(flag_page(flag), {"decide": "1", "decision": "kept", "note": "It is right."})
        assert response.url == flag_page(following)


def test_the_second_to_decide_on_a_report_is_told_and_nothing_more_happens(desk, other_moderator):
    question = make_answered_question()
    flag = Flag.objects.create(question=question, reason=FlagReason.WRONG)
    late = Flag.objects.get(pk=flag.pk)
    flag.decide(other_moderator, FlagDecision.KEPT, "It is right.")
    response = desk.post(flag_page(flag), {"decide": "1", "decision": "removed", "note": "My own words"})
    assert response.status_code == 409
    assert "Somebody else has just decided" in response.text
    assert "My own words" in response.text
    question.refresh_from_db()
    assert question.is_public
    with pytest.raises(InvalidTransition):
        late.hand_to(other_moderator)


def test_a_report_is_taken_given_on_and_given_back(desk, moderator, other_moderator, doctor):
    flag = Flag.objects.create(question=make_answered_question(), reason=FlagReason.WRONG)
    for sending, assignee in [
        ({"take": "1"}, moderator),
        ({"hand": "1", "assignee": other_moderator.pk}, other_moderator),
        ({"hand": "1", "assignee": doctor.user.pk}, other_moderator),
        ({"hand": "1", "assignee": ""}, None),
    ]:
        desk.post(flag_page(flag), sending)
        flag.refresh_from_db()
        assert flag.assignee == assignee
    assert desk.get(reverse("admin:index")).text.count("desk-box") >= 2


def test_a_report_about_what_is_gone_already_can_still_be_decided(moderator):
    question = make_answered_question()
    flag = Flag.objects.create(question=question, reason=FlagReason.PRIVATE)
    question.withdraw()
    flag.decide(moderator, FlagDecision.REMOVED, "The patient was quicker.")
    question.refresh_from_db()
    assert question.status == QuestionStatus.WITHDRAWN


def test_a_moderator_decides_on_a_published_reply_without_waiting_for_a_report(desk, moderator, doctor):
    question = make_answered_question(doctor, reply_body="Take ten tablets.")
    reply = question.replies.get()
    address = reverse("admin:qa_question_take_up", args=[question.pk, reply.pk])
    page = desk.get(reverse("admin:qa_question_moderate", args=[question.pk])).text
    assert f'action="{address}"' in page
    assert "Take ten tablets." in page
    opened = [desk.post(address, {"reason": "dangerous"}) for _twice in range(2)]
    flag = Flag.objects.get()
    assert [response.url for response in opened] == [flag_page(flag)] * 2
    assert (flag.reply, flag.reason, flag.assignee) == (reply, FlagReason.DANGEROUS, moderator)
    desk.post(flag_page(flag), {"decide": "1", "decision": "removed", "note": "Too much.", "because": "Wrong dose."})
    reply.refresh_from_db()
    assert reply.status == ReplyStatus.WITHDRAWN
    assert "no longer on the portal" in desk.post(address, follow=True).text
    assert Flag.objects.count() == 1


def test_nobody_else_takes_up_a_reply(client, doctor, editor):
    question = make_answered_question(doctor)
    address = reverse("admin:qa_question_take_up", args=[question.pk, question.replies.get().pk])
    for user in (doctor.user, editor):
        client.force_login(user)
        assert client.post(address, {"reason": "wrong"}).status_code == 403
    assert not Flag.objects.exists()


def test_a_draft_is_neither_shown_nor_taken_up(desk):
    question = make_answered_question()
    draft = make_reply(question, body="Unfinished thought")
    assert "Unfinished thought" not in desk.get(reverse("admin:qa_question_moderate", args=[question.pk])).text
    desk.post(reverse("admin:qa_question_take_up", args=[question.pk, draft.pk]), {"reason": "wrong"})
    assert not Flag.objects.exists()
