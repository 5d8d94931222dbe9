"""Moderate: the queue, the decisions on one question, and its photos."""

import datetime
import re

import pytest
from django.core.files.base import ContentFile
from django.urls import reverse
from django.utils import timezone

from qa import answering, moderating
from qa.errors import InvalidTransition
from qa.forms.moderate import DECISIONS
from qa.models import EventKind, PhotoAudience, Question, QuestionStatus, RejectReason
from tests import deciding
from tests.deciding import decide, page_of, sent
from tests.factories import make_answered_question, make_patient, make_question, make_specialty, make_topic

pytestmark = pytest.mark.django_db
desk, other_moderator = deciding.desk, deciding.other_moderator

QUEUE = "admin:qa_question_queue"


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


def test_topics_of_the_specialty_are_proposed_as_a_moderator_types(desk):
    urology = make_specialty("Urology")
    blisters, _gout = make_topic("Sweat Blisters", original_name="汗皰疹"), make_topic("Gout, acute")
    blisters.synonyms.create(name="dyshidrosis")
    make_topic("Cystitis", specialties=[urology])
    question = make_question(body="It itches.")
    text = desk.get(page_of(question)).text
    assert re.findall(r'<option value="([A-Z][^"]*)">([^<]*)</option>', text) == [
        ("Gout, acute", ""),
        ("Sweat Blisters", "dyshidrosis, 汗皰疹"),
    ]
    assert text.count('name="accept-more_topics"') == 3
    assert '<option value="Cystitis">' in desk.get(page_of(make_question(specialty=None))).text
    typed = ["dyshidrosis", "Gout, acute", "cystitis, hives"]
    refused = decide(desk, question, "accept", more_topics=typed)
    assert "Not on our list: hives." in refused.text
    for name in typed:
        assert f'name="accept-more_topics" value="{name}"' in refused.text
    decide(desk, question, "accept", more_topics=[*typed[:2], "cystitis, Cystitis"])
    assert {topic.name for topic in question.topics.all()} == {"Sweat Blisters", "Gout, acute", "Cystitis"}


def test_who_was_signed_out_meanwhile_gets_back_what_was_typed(client):
    question = make_question(title="A rash")
    fields = sent(question, "reject", reject_reason="unclear", note="Please say where the rash is.")
    response = client.post(page_of(question), fields)
    assert response.status_code == 403
    assert "Please say where the rash is." in response.text
    assert "A rash" not in response.text


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
    assert f"{settings.SITE_URL}/questions/{other.pk}/" in private  # without the title, which may be erased
    assert other.get_absolute_url() not in private
    assert desk.get(f"/questions/{other.pk}/", follow=True).redirect_chain[-1][0] == other.get_absolute_url()
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


def test_an_answered_question_is_moved_to_another_specialty_with_a_reason_that_is_shown(desk, moderator, doctor):
    question, urology = make_answered_question(doctor, title="Blood in the urine"), make_specialty("Urology")
    answered_at = question.answered_at
    assert "This field is required" in decide(desk, question, "transfer", specialty=urology.pk, note=" ").text
    same = decide(desk, question, "transfer", specialty=question.specialty.pk, note="Why")
    assert "in this specialty already" in same.text
    decide(desk, question, "transfer", specialty=urology.pk, note="It is about the bladder.")
    question.refresh_from_db()
    assert (question.specialty, question.status, question.answered_at) == (
        urology,
        QuestionStatus.ANSWERED,
        answered_at,
    )
    assert question.events.get().actor == moderator
    listed = [desk.get(reverse("specialty_detail", args=[name])).text for name in ("urology", "dermatology")]
    assert [question.title in text for text in listed] == [True, False]
    assert "It is about the bladder." in desk.get(reverse("my_question", args=[question.secret_key])).text
    desk.force_login(doctor.user)
    assert "It is about the bladder." in desk.get(reverse("admin:answer_question", args=[question.pk])).text


def test_doctors_move_no_answered_question(doctor):
    question = make_answered_question(doctor)
    with pytest.raises(InvalidTransition):
        answering.transfer(question, doctor, make_specialty("Urology"), "Why")
    assert Question.objects.get().specialty == question.specialty


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
