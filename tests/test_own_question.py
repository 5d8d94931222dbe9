"""What patients may do with their own questions: add to them, take them back, take them along, erase them."""

import io
import json
import zipfile

import pytest
from django.apps import apps
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core.files.base import ContentFile
from django.urls import reverse

from qa.asking import add_message
from qa.errors import InvalidTransition
from qa.models import Draft, EventKind, Photo, PhotoAudience, Question, QuestionStatus, Reply
from qa.notifications import contact_address
from qa.own_data import FIELDS
from tests.asking import ABOUT, ask, post
from tests.factories import make_answered_question, make_patient, make_question, make_user

KEY = "a-key-of-the-private-page"
MOVABLE = [status for status in QuestionStatus if status != QuestionStatus.WITHDRAWN]
WRITABLE = {QuestionStatus.PENDING, QuestionStatus.OPEN, QuestionStatus.ANSWERED}

pytestmark = pytest.mark.django_db


def address(name="my_question", *args):
    return reverse(name, args=[KEY, *args])


def write(client, body):
    return client.post(address(), {"body": body})


def add_photo(question, **fields):
    return question.photos.create(position=1, file=ContentFile(b"a photo", name="photo.webp"), **fields)


def test_the_patient_answers_what_was_asked_and_the_question_goes_back(client, moderator):
    question = make_question(secret_key=KEY)
    question.ask_patient(moderator, "Since when?")
    assert "Since when?" in client.get(address()).text
    assert write(client, "For two weeks.").url == f"{address()}#follow-up-{question.follow_ups.get().pk}"
    question.refresh_from_db()
    assert question.status == QuestionStatus.PENDING
    assert "For two weeks." in client.get(address()).text


def test_two_follow_ups_may_be_added_and_no_third(client):
    question = make_question(QuestionStatus.OPEN, secret_key=KEY)
    for words in ("It itches now.", "It burns now."):
        assert write(client, words).status_code == 302
    response = write(client, "It is blue now.")
    assert "Nothing more can be added" in response.text
    assert [follow_up.body for follow_up in question.follow_ups.all()] == ["It itches now.", "It burns now."]


def test_the_same_message_sent_twice_is_kept_once(client):
    question = make_question(QuestionStatus.OPEN, secret_key=KEY)
    for _click in range(2):
        assert write(client, "It itches now.").status_code == 302
    assert question.follow_ups.count() == 1
    assert question.events.filter(kind=EventKind.FOLLOWED_UP).count() == 1


def test_the_same_answer_to_a_second_request_arrives(client, moderator):
    question = make_question(secret_key=KEY)
    for asked in ("Do you have a fever?", "Do you take blood thinners?"):
        question.ask_patient(moderator, asked)
        for _click in range(2):
            assert write(client, "No").status_code == 302
        question.refresh_from_db()
        assert question.status == QuestionStatus.PENDING
    assert [follow_up.body for follow_up in question.follow_ups.all()] == ["No", "No"]


def test_what_is_the_same_again_after_a_doctor_has_read_it_arrives(client, doctor):
    question = make_answered_question(doctor, secret_key=KEY)
    for _time in range(2):
        write(client, "It is worse again.")
        question.follow_ups.last().read(doctor)
    assert question.events.filter(kind=EventKind.FOLLOWED_UP).count() == 2


def test_a_message_to_a_question_that_is_erased_meanwhile_is_refused_with_a_sentence():
    question = make_question()
    Question.objects.all().delete()
    with pytest.raises(InvalidTransition, match="erased meanwhile"):
        add_message(question, "It itches now.")


@pytest.mark.parametrize("status", QuestionStatus)
def test_a_follow_up_is_taken_only_while_somebody_will_read_it(client, status):
    question = make_question(status, secret_key=KEY)
    write(client, "It itches now.")
    assert question.follow_ups.exists() is (status in WRITABLE or status == QuestionStatus.NEEDS_INFO)


@pytest.mark.parametrize(("body", "said"), [("", "Write what you want"), ("x" * 3000, "at most 2000 characters")])
def test_a_message_that_cannot_be_taken_is_explained_and_shown_again(client, body, said):
    make_question(QuestionStatus.OPEN, secret_key=KEY)
    response = write(client, body)
    assert said in response.text
    assert body in response.text


def test_danger_in_a_message_is_said_at_once_and_makes_the_question_urgent(client, settings):
    question = make_question(QuestionStatus.OPEN, secret_key=KEY)
    write(client, "Now I feel a crushing weight on my chest and my left arm is numb")
    question.refresh_from_db()
    assert question.is_urgent
    assert 'id="urgent-' in client.get(address()).text


@pytest.mark.parametrize("status", MOVABLE)
def test_a_question_is_taken_back_after_one_question_and_leaves_the_portal(client, status):
    question = make_question(status, secret_key=KEY)
    assert "cannot be undone" in client.get(address("my_question_withdraw")).text
    question.refresh_from_db()
    assert question.status == status
    for _click in range(2):
        assert client.post(address("my_question_withdraw")).url == address()
    question.refresh_from_db()
    assert question.status == QuestionStatus.WITHDRAWN
    assert question.events.filter(kind=EventKind.WITHDRAWN).count() == 1


def test_everything_held_about_a_question_can_be_taken_along(client):
    question = make_answered_question(
        secret_key=KEY, title="My rash", medicines="A cream", contact_email="heron@example.org"
    )
    question.parts.create(position=1, text="What is it?")
    question.follow_ups.create(body="It itches now.")
    add_photo(question)
    response = client.get(address("my_question_download"))
    archive = zipfile.ZipFile(io.BytesIO(response.content))
    data = json.loads(archive.read("question.json"))
    assert archive.read("photo-1.webp") == b"a photo"
    assert (data["title"], data["medicines"], data["contact_email"]) == ("My rash", "A cream", "heron@example.org")
    for words in ("My rash", "A cream", "What is it?", "It itches now.", question.replies.get().body):
        assert words in archive.read("question.html").decode()
    assert KEY not in archive.read("question.json").decode()


def test_of_a_withdrawn_reply_is_taken_along_that_it_was_there_and_why_it_is_not(client):
    question = make_answered_question(secret_key=KEY)
    reply = question.replies.get()
    reply.withdraw(reply.doctor.user, because="The dose was wrong.")
    archive = zipfile.ZipFile(io.BytesIO(client.get(address("my_question_download")).content))
    for name in ("question.json", "question.html"):
        text = archive.read(name).decode()
        assert "The dose was wrong." in text
        assert reply.body not in text


def test_what_is_taken_along_names_every_field_a_patient_filled_in():
    kept_out = {
        "id",
        "patient",
        "secret_key",
        "specialty",
        "claimed_by",
        "claimed_until",
        "is_excerpt",
        "source",
        "source_id",
        "erased_at",
    }
    assert {field.name for field in Question._meta.concrete_fields} - kept_out == set(FIELDS)


def world_of(moderator):
    """An answered question with everything that can hang on it."""
    question = make_answered_question(
        secret_key=KEY,
        title="Xylo title",
        headline="Xylo headline",
        body="Xylo body",
        pseudonym="Xylo Heron",
        medicines="Xylo cream",
        contact_email="xylo@example.org",
        reply_body="Keep it dry.",
    )
    question.parts.create(position=1, text="Xylo part")
    question.follow_ups.create(body="Xylo follow-up")
    question.events.create(kind=EventKind.INFO_REQUESTED, note="Xylo note")
    question.revisions.create(field="body", text="Xylo before", reason="A name.")
    question.seen_questions.create(seen=make_answered_question(title="Another"), note="Xylo seen")
    question.flags.create(reason="other", note="Xylo flag")
    patient = make_patient("Xylo Heron")
    patient.user.name = "Xylo Name"
    patient.user.save()
    Question.objects.filter(pk=question.pk).update(patient=patient)
    question.events.create(kind=EventKind.ASKED, actor=patient.user)
    reply = question.replies.get()
    reply.revisions.create(field="body", text="Dear Mrs Xylo", reason="A name.")
    reply.flags.create(reason="other", note="Xylo report")
    kind = ContentType.objects.get_for_model(Question)
    LogEntry.objects.create(
        user=moderator, content_type=kind, object_id=question.pk, object_repr="Xylo title", action_flag=CHANGE
    )
    return question, add_photo(question)


def rows_that_say(word):
    """Every row of the whole database in which the word stands."""
    found = []
    for model in apps.get_models(include_auto_created=True):
        for values in model.objects.values() if hasattr(model, "objects") else model._base_manager.values():
            if word.casefold() in str(values).casefold():
                found.append((model.__name__, values))
    return found


@pytest.mark.parametrize("choice", ["remove", "keep"])
def test_after_erasing_no_row_and_no_file_holds_what_the_patient_said(
    client, moderator, choice, django_capture_on_commit_callbacks
):
    question, photo = world_of(moderator)
    storage, name = photo.file.storage, photo.file.name
    assert storage.exists(name)
    with django_capture_on_commit_callbacks(execute=True):
        response = client.post(address("my_question_erase"), {"replies": choice})
    assert response.url == reverse("my_question_erased")
    assert [model for model, _row in rows_that_say("xylo")] == ["User", "Patient"]
    assert not question.events.filter(actor__patient__isnull=False).exists()
    assert not storage.exists(name)
    assert client.get(address()).status_code == 404
    assert Reply.objects.filter(body="Keep it dry.").exists() is (choice == "keep")


def test_kept_replies_stand_under_a_withdrawn_question(client, moderator):
    question, _photo = world_of(moderator)
    client.post(address("my_question_erase"), {"replies": "keep"})
    question = Question.objects.get(pk=question.pk)
    text = client.get(question.get_absolute_url()).text
    assert "Withdrawn question" in text
    assert "Keep it dry." in text
    assert "xylo" not in text.casefold()
    assert [event.kind for event in question.events.all()][-1] == EventKind.ERASED


def test_erasing_asks_what_should_become_of_the_replies_only_where_there_are_some(client):
    question = make_answered_question(secret_key=KEY)
    assert "choose one" in client.post(address("my_question_erase"), {}).text
    assert Question.objects.filter(pk=question.pk).exists()
    Question.objects.filter(pk=question.pk).delete()
    question = make_question(secret_key=KEY)
    assert "doctors&#x27; replies?" not in client.get(address("my_question_erase")).text
    client.post(address("my_question_erase"), {})
    assert not Question.objects.filter(pk=question.pk).exists()


@pytest.mark.parametrize("name", ["my_question", "my_question_withdraw", "my_question_erase", "my_question_download"])
def test_the_pages_of_a_secret_link_leave_no_trace_and_need_the_right_key(client, name):
    make_question(secret_key=KEY)
    response = client.get(address(name))
    assert response.status_code == 200
    assert response["Referrer-Policy"] == "no-referrer"
    assert response["X-Robots-Tag"] == "noindex"
    assert "no-store" in response["Cache-Control"]
    assert not response.cookies
    assert client.get(reverse(name, args=["another-key"])).status_code == 404
    assert client.post(reverse(name, args=["another-key"])).status_code in (404, 405)


def test_a_browser_that_sends_no_origin_may_still_post(client):
    make_question(QuestionStatus.OPEN, secret_key=KEY)
    strict = type(client)(enforce_csrf_checks=True, headers={"Origin": "null"})
    assert strict.post(address(), {"body": "It itches now."}).status_code == 302


class TestPhotos:
    """Who sees a photo: the patient, moderators, doctors in whose care it is; everybody only after two consents."""

    @pytest.fixture
    def photo(self):
        return add_photo(make_question(QuestionStatus.OPEN, secret_key=KEY))

    def status(self, client, photo, user=None):
        if user:
            client.force_login(user)
        response = client.get(reverse("photo", args=[photo.pk]))
        assert response.status_code == 404 or "no-store" in response["Cache-Control"]
        return response.status_code

    def test_the_patient_sees_it_by_the_secret_link(self, client, photo):
        response = client.get(address("my_photo", photo.pk))
        assert b"".join(response.streaming_content) == b"a photo"
        assert response["Content-Type"] == "image/webp"
        assert client.get(reverse("my_photo", args=["another-key", photo.pk])).status_code == 404

    def test_moderators_and_doctors_of_the_specialty_see_it(self, client, photo, moderator, doctor):
        assert self.status(client, photo, moderator) == 200
        assert self.status(client, photo, doctor.user) == 200

    def test_nobody_else_sees_it(self, client, photo, other_patient, editor, other_doctor):
        other_doctor.specialties.clear()
        assert self.status(client, photo) == 404
        for user in (other_patient.user, editor, other_doctor.user):
            assert self.status(client, photo, user) == 404

    @pytest.mark.parametrize("status", QuestionStatus)
    def test_a_doctor_sees_it_only_while_it_is_in_the_doctors_care(self, client, doctor, status):
        photo = add_photo(make_question(status))
        cared_for = {QuestionStatus.OPEN, QuestionStatus.ANSWERED}
        assert self.status(client, photo, doctor.user) == (200 if status in cared_for else 404)

    @pytest.mark.parametrize("status", QuestionStatus)
    def test_everybody_sees_an_accepted_one_only_under_a_public_question(self, client, status):
        photo = add_photo(make_question(status))
        Photo.objects.update(
            audience=PhotoAudience.PUBLIC, consented_at=photo.question.asked_at, accepted_at=photo.question.asked_at
        )
        assert self.status(client, photo) == (200 if status == QuestionStatus.ANSWERED else 404)

    def test_an_accepted_one_stands_on_the_questions_page_and_no_other(self, client):
        question = make_answered_question()
        hidden, shown = (question.photos.create(position=n, file=ContentFile(b"x", name="x.webp")) for n in (1, 2))
        now = question.asked_at
        Photo.objects.filter(pk=shown.pk).update(audience=PhotoAudience.PUBLIC, consented_at=now, accepted_at=now)
        text = client.get(question.get_absolute_url()).text
        assert reverse("photo", args=[shown.pk]) in text
        assert reverse("photo", args=[hidden.pk]) not in text

    def test_one_of_a_draft_is_seen_by_nobody_but_its_writer(self, client, moderator):
        photo = Draft.objects.create().photos.create(position=1, file=ContentFile(b"a photo", name="photo.webp"))
        assert self.status(client, photo, moderator) == 404
        assert client.get(reverse("ask_photo", args=[photo.pk])).status_code == 404

    def test_whose_file_is_lost_is_not_found(self, client, photo, moderator):
        photo.file.storage.delete(photo.file.name)
        assert self.status(client, photo, moderator) == 404


class TestSignedIn:
    """What belongs to an account: questions asked signed in, or with an address that was proved."""

    def prove(self, user, verified=True):
        user.emailaddress_set.create(email=user.email.lower(), verified=verified, primary=True)

    def test_the_list_shows_own_questions_in_any_status_and_nobody_elses(self, client, patient, other_patient):
        self.prove(patient.user)
        make_question(patient=patient, title="Asked signed in")
        make_question(QuestionStatus.REJECTED, contact_email=patient.user.email, title="Asked by address")
        make_question(patient=other_patient, title="Of another")
        client.force_login(patient.user)
        text = client.get(reverse("my_questions")).text
        assert "Asked signed in" in text
        assert "Asked by address" in text
        assert "Of another" not in text

    def test_an_address_that_was_not_proved_opens_nothing(self, client, patient):
        self.prove(patient.user, verified=False)
        make_question(contact_email=patient.user.email, title="Asked by address")
        client.force_login(patient.user)
        assert "Asked by address" not in client.get(reverse("my_questions")).text

    def test_who_is_not_signed_in_is_asked_to(self, client):
        response = client.get(reverse("my_questions"))
        assert response.url == f"{reverse('account_login')}?next={reverse('my_questions')}"

    def test_the_list_costs_the_same_however_long(self, client, patient, django_assert_max_num_queries):
        for number in range(12):
            make_question(patient=patient, title=f"My rash {number:02}")
        client.force_login(patient.user)
        with django_assert_max_num_queries(6):
            response = client.get(reverse("my_questions"))
        assert response.status_code == 200
        assert all(f"My rash {number:02}" in response.text for number in range(12))

    def test_the_account_takes_its_questions_along(self, client, patient):
        make_question(patient=patient, title="My rash", medicines="A cream")
        client.force_login(patient.user)
        data = client.get(reverse("own_data_json")).json()
        assert [(q["title"], q["medicines"]) for q in data["questions"]] == [("My rash", "A cream")]
        assert "My rash" in client.get(reverse("own_data_html")).text

    @pytest.mark.parametrize("choice", ["erase", "keep"])
    def test_leaving_erases_the_questions_or_leaves_them_without_a_person(self, client, patient, choice):
        self.prove(patient.user)
        question = make_answered_question(patient=patient, contact_email=patient.user.email, pseudonym="Blue Heron")
        client.force_login(patient.user)
        client.post(reverse("account_delete"), {"questions": choice, "is_sure": "on"})
        assert client.get(reverse("my_questions")).status_code == 302
        kept = Question.objects.filter(pk=question.pk).first()
        assert (kept is not None) is (choice == "keep")
        if kept:
            assert (kept.patient, kept.contact_email, kept.pseudonym) == (None, "", "A patient who left")

    def test_who_asks_signed_in_without_profile_and_address_still_owns_the_question(self, client):
        user = make_user()
        client.force_login(user)
        question = ask(client, you={"contact_email": ""})
        assert question.title in client.get(reverse("my_questions")).text
        client.post(reverse("account_delete"), {"questions": "erase", "is_sure": "on"})
        assert not Question.objects.filter(pk=question.pk).exists()

    def test_who_leaves_the_address_empty_gets_no_mail_though_there_is_an_account(self, client):
        client.force_login(make_user())
        assert contact_address(ask(client, you={"contact_email": ""})) == ""

    def test_a_draft_goes_with_the_account(self, client):
        client.force_login(make_user())
        post(client, "ask_about", ABOUT)
        client.post(reverse("account_delete"), {"questions": "keep", "is_sure": "on"})
        assert not Draft.objects.exists()
