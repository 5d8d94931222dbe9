"""Moderate: the queue, the decisions on one question, and the reports of visitors."""

import datetime
import re
from dataclasses import replace

import pytest
from django.core.files.base import ContentFile
from django.urls import reverse
from django.utils import timezone

from qa import moderating
from qa.errors import InvalidTransition
from qa.forms.moderate import DECISIONS
from qa.models import (
    ArticleStatus,
    EventKind,
    Flag,
    FlagDecision,
    FlagReason,
    PhotoAudience,
    Question,
    QuestionEvent,
    QuestionStatus,
    RejectReason,
    ReplyStatus,
)
from qa.moderating import Texts
from qa.retention import erase
from tests.factories import (
    make_answered_question,
    make_article,
    make_patient,
    make_question,
    make_reply,
    make_specialty,
    make_topic,
    make_user,
)

pytestmark = pytest.mark.django_db

QUEUE = "admin:qa_question_queue"


@pytest.fixture
def desk(client, moderator):
    """A browser in which the moderator is signed in."""
    client.force_login(moderator)
    return client


@pytest.fixture
def other_moderator(db):
    return make_user("other@example.org", role="Moderators", is_staff=True, name="Otto Other")


def page_of(question):
    return reverse("admin:qa_question_moderate", args=[question.pk])


def sent(question, decision, **fields):
    """What the form of a decision sends, as the page shows it now."""
    form = next(form for form in DECISIONS if form.name == decision)(question=question)
    values = {field.html_name: field.value() for field in form if field.value() not in (None, "")}
    return {"decision": decision, **values, **{f"{decision}-{name}": value for name, value in fields.items()}}


def decide(desk, question, decision, **fields):
    return desk.post(page_of(question), sent(question, decision, **fields), follow=True)


# The queue


def test_the_queue_shows_urgent_questions_first_then_the_oldest(desk):
    now = timezone.now()
    make_question(title="The newest", asked_at=now)
    make_question(title="The oldest", asked_at=now - datetime.timedelta(days=2))
    make_question(title="The urgent one", asked_at=now, is_urgent=True)
    make_question(QuestionStatus.OPEN, title="Decided already")
    text = desk.get(reverse(QUEUE)).text
    assert text.index("The urgent one") < text.index("The oldest") < text.index("The newest")
    assert "Decided already" not in text
    assert "waits for 2\xa0days" in text


@pytest.mark.parametrize(
    "query",
    ["specialty=none", "waited=24", "finding=emergency", "minor=on", "photo=on"],
)
def test_each_filter_of_the_queue_leaves_what_it_names(desk, query):
    now = timezone.now()
    long_ago = now - datetime.timedelta(days=2)
    wanted = make_question(title="Wanted", specialty=None, asked_at=long_ago, age_from=None, age_to=None)
    wanted.events.create(kind=EventKind.ADVICE_PASSED, note="emergency: chest-pain")
    wanted.photos.create(position=1, file="a.webp")
    other = make_question(title="Another one", asked_at=now)
    other.events.create(kind=EventKind.ADVICE_PASSED, note="privacy: telephone")
    text = desk.get(f"{reverse(QUEUE)}?{query}").text
    assert "Wanted" in text
    assert "Another one" not in text


def test_a_filter_that_makes_no_sense_shows_the_queue(desk):
    make_question(title="Still here")
    for query in ("waited=x&specialty=99999&finding=none", "after=abc", "after=²", "after=999999999"):
        assert "Still here" in desk.get(f"{reverse(QUEUE)}?{query}").text


def test_a_long_queue_goes_on_behind_the_last_question_shown(desk):
    now = timezone.now()
    for number in range(52):
        make_question(
            title=f"Number {number:02}!", asked_at=now + datetime.timedelta(minutes=number), is_urgent=number < 3
        )
    first = desk.get(reverse(QUEUE))
    assert first.text.count('type="checkbox" name="question"') == 50
    assert "52 questions wait." in first.text
    second = desk.get(f"{reverse(QUEUE)}?{first.context['more']}").text
    assert [f"Number {number:02}!" in second for number in (49, 50, 51)] == [False, True, True]


def test_spam_is_rejected_in_bulk_after_a_question_back(desk):
    spam = [make_question(title=f"Cheap watches {number}") for number in range(3)]
    kept = make_question()
    chosen = {"question": [question.pk for question in spam]}
    asked_back = desk.post(reverse("admin:qa_question_spam"), chosen)
    assert "Cheap watches 2" in asked_back.text
    assert Question.objects.pending().count() == 4
    text = desk.post(reverse("admin:qa_question_spam"), chosen | {"confirmed": "1"}, follow=True).text
    assert "3 questions are rejected." in text
    assert list(Question.objects.pending()) == [kept]
    assert {q.reject_reason for q in Question.objects.filter(pk__in=chosen["question"])} == {"spam"}


# One question


def test_accepting_files_the_question_and_the_next_one_opens_by_itself(desk, moderator):
    question, following = make_question(specialty=None), make_question(title="The next one")
    topic, urology = make_topic("Red Spots"), make_specialty("Urology")
    other = make_topic("Petechiae")
    response = decide(desk, question, "accept", specialty=urology.pk, headline="Red spots", more_topics="petechiae")
    question.refresh_from_db()
    assert (question.status, question.specialty, question.headline) == (QuestionStatus.OPEN, urology, "Red spots")
    assert set(question.topics.all()) == {topic, other}
    assert question.events.get(kind=EventKind.ACCEPTED).actor == moderator
    assert response.redirect_chain == [(page_of(following), 302)]
    assert f"Question {question.pk} is with the doctors." in response.text


def test_a_question_without_a_specialty_needs_one_to_be_accepted(desk):
    question = make_question(specialty=None)
    response = decide(desk, question, "accept", headline="Kept as typed")
    assert "This field is required" in response.text
    assert "Kept as typed" in response.text
    assert Question.objects.pending().get() == question


def test_topics_are_suggested_where_the_text_names_them_or_a_synonym():
    spots, blisters = make_topic("Red Spots"), make_topic("Sweat Blisters", original_name="汗皰疹")
    blisters.synonyms.create(name="dyshidrosis")
    make_topic("Eczema")
    assert moderating.suggest_topics("A red spot on my leg") == [spots]
    assert moderating.suggest_topics("Is it Dyshidrosis?") == [blisters]
    assert moderating.suggest_topics("我有汗皰疹") == [blisters]
    assert moderating.suggest_topics("Infrared spotsy") == []


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
        moderating.edit(question, None, moderating.Texts("Other", "words", ""), " ")


def test_who_was_signed_out_meanwhile_gets_back_what_was_typed(client):
    question = make_question(title="A rash")
    fields = sent(question, "reject", reject_reason="unclear", note="Please say where the rash is.")
    response = client.post(page_of(question), fields)
    assert response.status_code == 403
    assert "Please say where the rash is." in response.text
    assert "A rash" not in response.text


def test_what_is_wrong_with_the_words_is_not_folded_away(desk):
    question = make_question()
    assert '<details class="words">' in desk.get(page_of(question)).text
    text = desk.post(page_of(question), sent(question, "accept", body="")).text
    assert '<details class="words" open>' in text


def test_accepting_with_a_refused_change_leaves_everything_as_it_was(moderator):
    question = make_question()
    texts = moderating.Texts("Other", "words", "")
    with pytest.raises(InvalidTransition):
        moderating.accept(question, moderator, question.specialty, texts=texts, reason="")
    assert Question.objects.pending().get().title == question.title
    assert not question.events.exists()


def test_a_rejection_is_shown_to_the_moderator_as_the_patient_will_read_it(desk):
    question = make_question()
    values = {"reject_reason": "unclear", "note": "Which leg do you mean?"}
    preview = desk.post(page_of(question), sent(question, "reject", **values) | {"preview": "1"}).text
    assert "Your question was not accepted" in preview
    assert 'data-shows="reject-reject_reason">It cannot be understood' in preview
    assert Question.objects.pending().exists()
    decide(desk, question, "reject", **values)
    private = desk.get(reverse("my_question", args=[question.secret_key])).text
    assert "It cannot be understood" in private
    assert "Which leg do you mean?" in private


def test_what_the_patient_is_asked_stands_on_the_private_page(desk):
    question = make_question()
    assert "This field is required" in decide(desk, question, "ask", note=" ").text
    decide(desk, question, "ask", note="Since when?")
    question.refresh_from_db()
    assert question.status == QuestionStatus.NEEDS_INFO
    assert "Since when?" in desk.get(reverse("my_question", args=[question.secret_key])).text


def test_a_duplicate_is_rejected_with_the_address_of_the_other_question(desk, settings):
    question, other = make_question(), make_answered_question()
    hidden = make_question(QuestionStatus.OPEN)
    for wrong in (hidden.pk, question.pk, 999999):
        assert "no such question" in decide(desk, question, "merge", other=wrong).text
    decide(desk, question, "merge", other=other.pk, note="The same spots.")
    question.refresh_from_db()
    assert (question.status, question.reject_reason) == (QuestionStatus.REJECTED, "duplicate")
    private = desk.get(reverse("my_question", args=[question.secret_key])).text
    assert settings.SITE_URL + other.get_absolute_url() in private
    assert "The same spots." in private


def test_an_escalated_question_stands_on_top_for_all_moderators_until_it_is_calmed(client, moderator, other_moderator):
    question, first = make_question(title="I cannot go on"), make_question()
    client.force_login(moderator)
    decide(client, question, "escalate", note="It sounds like self-harm.")
    client.force_login(other_moderator)
    queue = client.get(reverse(QUEUE)).text
    assert queue.index("Raised with all moderators") < queue.index("I cannot go on") < queue.index(page_of(first))
    assert "1 raised with all moderators" in client.get(reverse("admin:index")).text
    assert "I cannot go on" in client.get(page_of(first)).text
    assert "It sounds like self-harm." in client.get(page_of(question)).text
    assert "self-harm" not in client.get(reverse("my_question", args=[question.secret_key])).text
    question.refresh_from_db()
    assert question.is_urgent
    with pytest.raises(InvalidTransition):
        question.escalate(moderator, "Again")
    decide(client, question, "calm", note="I have read it: a line of a song.")
    assert "Raised with all moderators</h2>" not in client.get(reverse(QUEUE)).text
    with pytest.raises(InvalidTransition):
        question.calm(moderator, "Again")


@pytest.mark.parametrize("decision", ["accept", "reject", "ask", "merge", "escalate"])
def test_the_second_of_two_moderators_is_told_and_keeps_what_was_typed(desk, other_moderator, decision):
    question, other = make_question(), make_answered_question()
    fields = {
        "accept": {"headline": "My own words"},
        "reject": {"reject_reason": "unclear", "note": "My own words"},
        "merge": {"other": other.pk, "note": "My own words"},
    }
    opened = sent(question, decision, **fields.get(decision, {"note": "My own words"}))
    question.reject(other_moderator, "spam")
    response = desk.post(page_of(question), opened)
    assert response.status_code == 409
    assert "Somebody else has just decided on this question." in response.text
    assert "My own words" in response.text
    question.refresh_from_db()
    assert question.reject_reason == "spam"
    assert question.events.count() == 1


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
        moderating.edit(stale, moderator, Texts("Spots", "Clearer.", ""), "A name")


NOT_OFFERED = [(form, status) for form in DECISIONS for status in QuestionStatus if status not in form.statuses]


@pytest.mark.parametrize(("form", "status"), NOT_OFFERED, ids=lambda value: getattr(value, "name", value))
def test_a_decision_that_is_not_offered_is_not_taken_either(desk, form, status):
    question = make_question(status, reject_reason=RejectReason.SPAM if status == QuestionStatus.REJECTED else "")
    urology, other = make_specialty("Urology"), make_answered_question()
    fields = {"specialty": urology.pk, "reject_reason": "spam", "other": other.pk, "note": "Why", "title": "Mended"}
    data = sent(question, form.name, reason="A name", **fields)
    first = desk.post(page_of(question), data)
    shown = re.search(r'-shown" value="(\w+)"', first.text)
    response = desk.post(page_of(question), data | ({f"{form.name}-shown": shown[1]} if shown else {}))
    assert response.status_code == 409
    assert "This cannot be decided on a question that is" in response.text
    assert Question.objects.get(pk=question.pk).status == status
    assert not question.events.exists()
    assert not question.revisions.exists()


def test_a_question_that_was_rejected_meanwhile_is_not_escalated(moderator):
    question = make_question()
    Question.objects.get(pk=question.pk).reject(moderator, RejectReason.SPAM)
    with pytest.raises(InvalidTransition):
        question.escalate(moderator, "I fear for this patient.")
    assert not question.events.filter(kind=EventKind.ESCALATED).exists()


def test_a_question_is_removed_and_restored_with_a_reason_from_its_page(desk):
    question = make_answered_question()
    decide(desk, question, "remove", note="It names a neighbour.")
    question.refresh_from_db()
    assert question.status == QuestionStatus.REMOVED
    assert "It names a neighbour." in desk.get(reverse("my_question", args=[question.secret_key])).text
    decide(desk, question, "restore", note="The name is gone.")
    question.refresh_from_db()
    assert question.is_public


def test_an_answered_question_can_be_mended_without_leaving_the_portal(desk):
    question = make_answered_question(body="My neighbour Ann has it too.")
    typed = {"body": "A neighbour has it too.", "reason": "A name"}
    shown = decide(desk, question, "edit", **typed).context["opened"]["shown"].value()
    decide(desk, question, "edit", **typed, shown=shown)
    page = desk.get(question.get_absolute_url()).text
    assert "A neighbour has it too." in page
    assert "Ann" not in page


def test_the_page_says_what_a_moderator_wants_to_know(desk):
    patient = make_patient()
    read = make_answered_question(title="Spots on the arm")
    earlier = make_question(QuestionStatus.REJECTED, title="Asked in spring", patient=patient)
    same_address = make_question(title="By e-mail", contact_email="x@example.org")
    body = "I have crushing chest pain and my left arm is numb right now. <b>Help</b>"
    question = make_question(patient=patient, contact_email="x@example.org", body=body, medicines="Aspirin")
    question.seen_questions.create(seen=read, choice="close", note="Mine itch")
    text = desk.get(page_of(question)).text
    assert "<mark>" in text
    assert "&lt;b&gt;Help&lt;/b&gt;" in text
    assert "Emergency:" in text
    for shown in (earlier.title, same_address.title, read.title, "Mine itch", "Aspirin", "Close, but…"):
        assert shown in text


# Photos


def test_a_photo_becomes_public_only_with_the_consent_of_an_adult(desk, moderator):
    question = make_question(age_from=30, age_to=39)
    file = ContentFile(b"x", "a.webp")
    willing = question.photos.create(position=1, file=file, consented_at=timezone.now())
    unwilling = question.photos.create(position=2, file="b.webp")
    of_minor = make_question(age_from=10, age_to=19).photos.create(
        position=1, file="c.webp", consented_at=timezone.now()
    )
    for photo in (willing, unwilling, of_minor):
        address = reverse("admin:qa_question_photo", args=[photo.question_id])
        desk.post(address, {"photo": photo.pk, "audience": "public"})
        photo.refresh_from_db()
    audiences = [photo.audience for photo in (willing, unwilling, of_minor)]
    assert audiences == [PhotoAudience.PUBLIC, PhotoAudience.DOCTORS, PhotoAudience.DOCTORS]
    assert question.events.get().actor == moderator
    desk.post(reverse("admin:qa_question_photo", args=[question.pk]), {"photo": willing.pk, "audience": "doctors"})
    willing.refresh_from_db()
    assert (willing.audience, willing.accepted_at) == (PhotoAudience.DOCTORS, None)


# Reports


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
