"""Ask: four steps that lose nothing, need no account and no JavaScript, and make one question."""

import datetime
import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone
from PIL import Image

from qa.asking import TERMS_VERSION
from qa.limits import HOUR, LIMITS
from qa.models import AGE_BANDS, Draft, EventKind, PhotoAudience, Question, QuestionStatus
from qa.parts import split_into_parts
from qa.related import find_similar
from qa.retention import forget_expired_drafts
from qa.texts import MAX_BODY
from tests.asking import ABOUT, PARTS, SEND, YOU, ask, draft_of, post, write
from tests.factories import in_step, make_answered_question, make_doctor, make_patient, make_question, make_specialty

pytestmark = pytest.mark.django_db
STEPS = ["ask_about", "ask_parts", "ask_you", "ask_send"]
SIMILAR = {"title": "Red spots on both legs", "body": "I have had small red spots on my shins and legs for a month."}
DANGER = {"body": "I feel a crushing weight on my chest and my left arm is numb. What can it be? Is it the heart?"}


def read(client, name):
    return client.get(reverse(name)).text


def test_four_steps_make_one_pending_question_with_all_that_was_said(client):
    dermatology = make_specialty("Dermatology")
    said = {"medicines": "Ibuprofen", "allergies": "Nuts", "contact_email": "heron@example.org"}
    question = ask(client, parts={"specialty": "dermatology"}, you=said)
    assert question.status == QuestionStatus.PENDING
    assert (question.title, question.body) == (ABOUT["title"], ABOUT["body"])
    assert [part.text for part in question.parts.all()] == [PARTS["part_1"], PARTS["part_2"]]
    assert (question.specialty, question.pseudonym, question.sex) == (dermatology, "Blue Heron", "female")
    assert (question.age_from, question.age_to) == (30, 39)
    assert (question.medicines, question.allergies, question.contact_email) == tuple(said.values())
    assert question.terms_version == TERMS_VERSION
    assert len(question.secret_key) == 22
    assert [event.kind for event in question.events.all()] == [EventKind.ASKED]
    assert not Draft.objects.exists()


def test_the_receipt_holds_the_secret_link_and_no_other_session_gets_it(client, django_user_model):
    question = ask(client)
    assert reverse("my_question", args=[question.secret_key]) in read(client, "ask_sent")
    other = type(client)()
    assert other.get(reverse("ask_sent")).url == reverse("ask_about")


def test_an_e_mail_address_is_not_needed_and_the_receipt_says_what_follows(client):
    ask(client)
    assert "Without this link nobody can bring you back" in read(client, "ask_sent")


def test_reading_a_step_writes_nothing(client):
    for name in STEPS:
        client.get(reverse(name))
    assert not Draft.objects.exists()
    assert "sessionid" not in client.cookies


@pytest.mark.parametrize("name", [*STEPS[1:], "ask_similar", "ask_urgent", "ask_answered", "ask_sent"])
def test_nobody_comes_to_a_later_step_before_the_first(client, name):
    assert client.get(reverse(name)).url == reverse("ask_about")
    assert post(client, name, {}).status_code in (302, 405)


def test_what_was_typed_is_there_again_after_going_back_and_reloading(client):
    write(client, parts={"part_3": "Is it catching?"}, you={"medicines": "A cream"})
    assert ABOUT["body"] in read(client, "ask_about")
    assert "Is it catching?" in read(client, "ask_parts")
    assert "A cream" in read(client, "ask_you")
    assert "Blue Heron" in read(client, "ask_send")


@pytest.mark.parametrize(
    ("name", "wrong", "said"),
    [
        ("ask_about", {"title": ""}, "Write in one line what you ask."),
        ("ask_about", {"body": ""}, "Tell the doctor a little more."),
        ("ask_about", {"body": "x" * 100_000}, "at most 4000 characters (it has 100000)"),
        ("ask_parts", {"part_1": ""}, "Say at least one thing"),
        ("ask_parts", {"specialty": "no-such-one"}, "Select a valid choice"),
        ("ask_you", {"age_band": ""}, "Choose an age"),
        ("ask_you", {"age_band": "17-99"}, "Select a valid choice"),
        ("ask_you", {"on_behalf_of": "dog"}, "Select a valid choice"),
        ("ask_you", {"contact_email": "heron@"}, "Enter a valid email address"),
        ("ask_send", {"agreed": ""}, "only if you agree"),
    ],
)
def test_a_wrong_answer_is_explained_with_a_link_to_its_field_and_loses_nothing(client, name, wrong, said):
    write(client)
    right = dict(zip(STEPS, (ABOUT, PARTS, YOU, SEND), strict=True))[name]
    response = post(client, name, right | wrong)
    assert response.status_code == 200
    assert said in response.text
    [field] = wrong
    assert f'<a href="#id_{field}' in response.text
    for field, value in right.items():
        assert field in wrong or value[:50] in response.text
    assert not Question.objects.exists()


@pytest.mark.parametrize(
    "text",
    [
        "🤒 fever since Monday, help 👩‍⚕️ please",
        "我的小腿上有很多紅點，已經兩個星期了，請問這是什麼病？",
        "أعاني من طفح جلدي منذ أسبوعين ما هو السبب",
    ],
)
def test_any_language_and_emoji_are_kept_as_they_are(client, text):
    assert ask(client, about={"body": text}).body == text


def test_characters_that_only_do_harm_are_left_out(client):
    question = ask(
        client, about={"body": "For two weeks\x00 I have had \u202espots\u202c\ue000 on my legs\r\nand arms."}
    )
    assert question.body == "For two weeks I have had spots on my legs\nand arms."


def test_two_clicks_a_reload_and_a_second_tab_make_one_question(client):
    draft = write(client)
    addresses = {post(client, "ask_send", SEND).url for _click in range(3)}
    assert addresses == {reverse("ask_sent")}
    assert Question.objects.get().source_id == draft.key
    assert Question.objects.get().events.filter(kind=EventKind.ASKED).count() == 1


def test_after_sending_a_new_question_can_be_asked(client):
    first = ask(client)
    second = ask(client, about={"title": "Another thing altogether"})
    assert first.pk != second.pk
    assert second.title == "Another thing altogether"


def test_a_draft_expires_after_a_day_without_a_change(client):
    draft = write(client)
    Draft.objects.filter(pk=draft.pk).update(changed_at=timezone.now() - datetime.timedelta(hours=25))
    assert client.get(reverse("ask_send")).url == reverse("ask_about")
    assert ABOUT["body"] not in read(client, "ask_about")


def test_a_second_question_that_was_not_sent_shows_no_receipt_of_the_first(client):
    ask(client)
    write(client)
    Draft.objects.all().delete()
    assert post(client, "ask_send", SEND).url == reverse("ask_about")
    assert client.get(reverse("ask_sent")).url == reverse("ask_about")


def test_what_a_slow_line_brings_late_replaces_nothing_newer(client):
    post(client, "ask_autosave", ABOUT | {"title": "The newer words", "typed_at": "2000"})
    post(client, "ask_autosave", ABOUT | {"title": "The older words", "typed_at": "1000"})
    assert "The newer words" in read(client, "ask_about")


def test_autosave_brings_nothing_back_that_was_thrown_away(client):
    write(client)
    post(client, "ask_discard", {})
    assert post(client, "ask_autosave", ABOUT | {"draft": "begun"}).status_code == 204
    assert not Draft.objects.exists()


def test_a_guessed_part_is_forgotten_with_the_text_it_was_guessed_from(client):
    post(client, "ask_about", ABOUT)
    post(client, "ask_parts", PARTS)
    post(client, "ask_about", ABOUT | {"body": "I cannot fall asleep at night. What helps me with that?"})
    assert client.get(reverse("ask_send")).url == reverse("ask_parts")
    assert "What helps me with that?" in read(client, "ask_parts")


def test_the_last_question_that_may_be_asked_can_be_sent_twice(client, monkeypatch):
    monkeypatch.setitem(LIMITS, "ask", [(1, HOUR)])
    draft = write(client)
    session = client.session
    assert post(client, "ask_send", SEND).url == reverse("ask_sent")
    session["draft"] = draft.key
    session.save()
    assert post(client, "ask_send", SEND).url == reverse("ask_sent")


@pytest.mark.parametrize("pseudonym", ["Dr. Somebody", "Ada Example", "王醫師"])
def test_nobody_asks_under_the_name_of_a_doctor(client, pseudonym):
    make_doctor("Ada Example")
    write(client)
    assert "name of a doctor" in post(client, "ask_you", YOU | {"pseudonym": pseudonym}).text


def test_an_expired_form_gives_back_what_was_typed(client):
    strict = type(client)(enforce_csrf_checks=True)
    response = strict.post(reverse("ask_about"), ABOUT | {"password": "secret"})
    assert response.status_code == 403
    assert ABOUT["body"] in response.text
    assert "secret" not in response.text


def test_words_of_every_question_resemble_nothing(client):
    make_answered_question(title="Does this hair grow again?", body="This is about that. Does it?")
    in_step()
    assert find_similar("My tooth hurts. Does this need a dentist? This is what I ask.") == []


def test_a_draft_can_be_thrown_away(client):
    write(client)
    post(client, "ask_discard", {})
    assert not Draft.objects.exists()
    assert ABOUT["body"] not in read(client, "ask_about")


def test_nobody_else_sees_the_draft(client):
    write(client)
    assert ABOUT["body"] not in type(client)().get(reverse("ask_about")).text


def test_a_program_that_fills_in_what_nobody_sees_is_stopped(client):
    write(client)
    assert "to stop programs" in post(client, "ask_send", SEND | {"website": "https://spam.example"}).text
    assert not Question.objects.exists()


def test_sending_faster_than_a_person_reads_is_asked_to_wait(client):
    write(client)
    Draft.objects.update(created_at=timezone.now())
    assert "That was very quick" in post(client, "ask_send", SEND).text
    assert not Question.objects.exists()


def test_what_can_be_an_emergency_is_said_before_anything_else(client, settings):
    make_answered_question(**SIMILAR)
    assert post(client, "ask_about", ABOUT | DANGER).url == reverse("ask_urgent")
    text = read(client, "ask_urgent")
    assert "weight on my chest" in text
    assert settings.EMERGENCY_NUMBER in text


def test_whoever_has_read_the_emergency_notice_may_go_on_and_the_question_is_urgent(client):
    post(client, "ask_about", ABOUT | DANGER)
    assert post(client, "ask_urgent", {}).url == reverse("ask_parts")
    assert post(client, "ask_about", ABOUT | DANGER).url == reverse("ask_parts")
    question = ask(client, about=DANGER)
    assert question.is_urgent
    notes = question.events.filter(kind=EventKind.ADVICE_PASSED).values_list("note", flat=True)
    assert any(note.startswith("emergency: ") for note in notes)


def test_a_question_without_danger_is_not_urgent(client):
    question = ask(client)
    assert not question.is_urgent
    assert not question.events.filter(kind=EventKind.ADVICE_PASSED).exists()


def test_similar_answered_questions_are_shown_once_before_the_parts(client):
    similar = make_answered_question(**SIMILAR)
    make_question(**SIMILAR | {"title": "Red spots on unseen legs"})
    in_step()
    assert post(client, "ask_about", ABOUT).url == reverse("ask_similar")
    text = read(client, "ask_similar")
    assert similar.title in text
    assert "unseen" not in text
    chosen = {f"q{similar.pk}-choice": "close", f"q{similar.pk}-note": "Mine itch."}
    assert post(client, "ask_similar", chosen).url == reverse("ask_parts")
    assert post(client, "ask_about", ABOUT).url == reverse("ask_parts")
    seen = ask(client).seen_questions.get()
    assert (seen.seen, seen.choice, seen.note) == (similar, "close", "Mine itch.")


def test_this_answers_me_ends_there_and_is_counted_once(client):
    similar = make_answered_question(**SIMILAR)
    in_step()
    post(client, "ask_about", ABOUT)
    for _click in range(2):
        assert post(client, "ask_similar", {"answers_me": similar.pk}).url == reverse("ask_answered")
    assert similar.events.filter(kind=EventKind.HELPED).count() == 1
    assert similar.title in read(client, "ask_answered")
    assert Question.objects.count() == 1


def test_what_is_typed_is_saved_and_compared_while_it_is_typed(client):
    similar = make_answered_question(**SIMILAR)
    in_step()
    response = post(client, "ask_autosave", ABOUT)
    assert similar.title in response.text
    assert ABOUT["body"] in read(client, "ask_about")
    assert "no-store" in response["Cache-Control"]


def test_the_specialty_is_suggested_by_what_similar_questions_were_filed_under(client):
    make_specialty("Urology")
    make_answered_question(**SIMILAR, specialty=make_specialty("Dermatology"))
    in_step()
    post(client, "ask_about", ABOUT)
    text = read(client, "ask_parts")
    assert '<option value="dermatology" selected>' in text
    assert ask(client, parts={"specialty": ""}).specialty is None


@pytest.mark.parametrize(
    ("body", "parts"),
    [
        ("What is it? Is it catching?", ["What is it?", "Is it catching?"]),
        ("I have spots.\n1. What are they?\n2) Do I need a cream?", ["What are they?", "Do I need a cream?"]),
        ("My leg hurts. I would like to know whether I may run", ["I would like to know whether I may run"]),
        ("My leg hurts.", ["The title"]),
        ("這是什麼病？會傳染嗎？", ["這是什麼病？", "會傳染嗎？"]),
        (" ".join(f"Is it thing {n}?" for n in range(9)), [f"Is it thing {n}?" for n in range(5)]),
        ("Is it bad? is it bad?", ["Is it bad?"]),
    ],
)
def test_a_text_is_split_into_what_it_asks(body, parts):
    assert split_into_parts("The title", body) == parts


def test_the_parts_are_offered_and_the_same_thing_counts_once(client):
    post(client, "ask_about", ABOUT)
    text = read(client, "ask_parts")
    assert "What are they?" in text
    assert "Should I see somebody?" in text
    question = ask(client, parts={"part_1": "Same?", "part_2": "same?", "part_3": "", "part_4": "Other?"})
    assert [part.text for part in question.parts.all()] == ["Same?", "Other?"]


@pytest.mark.parametrize("whom", ["child", "parent", "partner", "other"])
def test_who_asks_for_another_person_says_that_this_is_allowed(client, whom):
    write(client, you={"on_behalf_of": whom})
    assert "Please confirm this" in post(client, "ask_send", SEND).text
    assert post(client, "ask_send", SEND | {"agreed_for_other": "on"}).url == reverse("ask_sent")


@pytest.mark.parametrize(("band", "is_minor"), [("6-11", True), ("12-17", True), ("unstated", True), ("18-29", False)])
def test_who_may_be_a_minor_is_told_in_plain_words_who_reads_it(client, band, is_minor):
    write(client, you={"age_band": band})
    assert ("If you are under 18" in read(client, "ask_send")) is is_minor


def test_no_age_band_reaches_over_eighteen():
    assert all(last < 18 or first >= 18 for first, last in AGE_BANDS)
    assert [first for first, _last in AGE_BANDS[1:]] == [last + 1 for _first, last in AGE_BANDS[:-1]]


def test_a_link_is_mended_with_one_click(client):
    draft = write(client, about={"body": ABOUT["body"] + " See https://imgur.com/a/H7au7"})
    text = read(client, "ask_send")
    assert "<mark>https://imgur.com/a/H7au7</mark>" in text
    post(client, "ask_send", {"mend": "body/photo-link"})
    draft.refresh_from_db()
    assert draft.data["about"]["body"] == ABOUT["body"] + " See (link to a photo, removed)"
    assert "<mark>" not in read(client, "ask_send")
    assert not Question.objects.exists()


@pytest.mark.parametrize(
    ("pseudonym", "said"),
    [
        ("Maria Lopez", "I am Maria Lopez."),
        ("maria lopez", "i am maria lopez"),
        ("Maria Lopez", "My neighbour calls Maria Lopez a saint."),
        ("Delia", "My name is Delia."),
        ("delia", "Thank you, Delia"),
    ],
)
def test_a_name_to_appear_under_that_the_question_tells_gets_a_hint_until_another_is_chosen(client, pseudonym, said):
    draft = write(client, about={"body": f"{ABOUT['body']} {said}"}, you={"pseudonym": pseudonym})
    hint = 'value="pseudonym/own-name-as-pseudonym"'
    assert hint in read(client, "ask_send")
    post(client, "ask_send", {"mend": "body/introduced-name"})
    assert hint in read(client, "ask_send")
    post(client, "ask_send", {"mend": "pseudonym/own-name-as-pseudonym"})
    draft.refresh_from_db()
    assert draft.data["you"]["pseudonym"] == ""
    assert hint not in read(client, "ask_send")


@pytest.mark.parametrize(
    ("pseudonym", "said"),
    [
        ("Blue Heron", "I saw a blue heron."),
        ("Worried Mother", "I am a worried mother."),
        ("Tired", "I am tired."),
        ("", "I am Maria Lopez."),
        ("Legs", "Red spots"),
    ],
)
def test_any_other_name_to_appear_under_gets_no_hint(client, pseudonym, said):
    write(client, about={"body": f"{ABOUT['body']} {said}"}, you={"pseudonym": pseudonym})
    assert "own-name-as-pseudonym" not in read(client, "ask_send")


def test_who_keeps_the_own_name_may_send_and_that_is_an_event(client):
    question = ask(client, about={"body": ABOUT["body"] + " My name is Delia."}, you={"pseudonym": "Delia"})
    notes = [event.note for event in question.events.filter(kind=EventKind.ADVICE_PASSED)]
    assert (question.pseudonym, "privacy: own-name-as-pseudonym" in notes) == ("Delia", True)


def test_advice_may_be_passed_and_that_is_an_event(client):
    question = ask(client, about={"body": ABOUT["body"] + " See https://imgur.com/a/H7au7"})
    assert [e.note for e in question.events.filter(kind=EventKind.ADVICE_PASSED)] == ["links: photo-link"]


def test_a_signed_in_patient_finds_what_is_known_and_owns_the_question(client):
    year = timezone.localdate().year - 35
    patient = make_patient("Grey Goose", birth_year=year, sex="male")
    client.force_login(patient.user)
    post(client, "ask_about", ABOUT)
    text = read(client, "ask_you")
    assert "Grey Goose" in text
    assert patient.user.email in text
    assert '<option value="30-39" selected>' in text
    assert ask(client).patient == patient


def test_the_terms_page_says_the_day_that_is_kept_with_the_question(client):
    day = datetime.date.fromisoformat(TERMS_VERSION)
    assert f"{day:%-d %B %Y}" in client.get(reverse("page", args=["terms"])).text


def test_no_step_is_kept_by_caches_or_search_engines(client):
    write(client)
    for name in STEPS:
        response = client.get(reverse(name))
        assert "no-store" in response["Cache-Control"]
        assert response["X-Robots-Tag"] == "noindex"


def test_the_longest_text_that_is_allowed_arrives_whole(client):
    body = ("A sentence of an anxious patient. " * 200)[:MAX_BODY].strip()
    assert ask(client, about={"body": body}).body == body


def test_a_draft_of_an_older_form_leads_back_to_the_step_that_is_not_complete(client):
    draft = write(client)
    draft.data.pop("you")
    draft.save()
    assert client.get(reverse("ask_send")).url == reverse("ask_you")
    assert draft_of(client).data["parts"]


class TestPhotos:
    """Photos at the first step: kept with the draft, shown to its writer, and refused with a sentence."""

    def picture(self, name="leg.png"):
        content = io.BytesIO()
        Image.effect_noise((400, 400), 90).save(content, "PNG")
        return SimpleUploadedFile(name, content.getvalue(), "image/png")

    def test_photos_are_kept_with_the_draft_then_with_the_question(self, client):
        post(client, "ask_about", ABOUT | {"photos": [self.picture(), self.picture()]})
        photos = list(draft_of(client).photos.all())
        response = client.get(reverse("ask_photo", args=[photos[0].pk]))
        assert Image.open(io.BytesIO(b"".join(response.streaming_content))).format == "WEBP"
        assert "no-store" in response["Cache-Control"]
        assert type(client)().get(reverse("ask_photo", args=[photos[0].pk])).status_code == 404
        assert list(ask(client).photos.all()) == photos

    def test_a_photo_is_kept_though_another_answer_is_wrong(self, client):
        text = post(client, "ask_about", ABOUT | {"title": "", "photos": self.picture()}).text
        assert reverse("ask_photo", args=[draft_of(client).photos.get().pk]) in text

    def test_what_is_no_photo_is_named_and_the_others_are_kept(self, client):
        drawing = SimpleUploadedFile("leg.jpg", b"<svg xmlns='http://www.w3.org/2000/svg'/>", "image/jpeg")
        response = post(client, "ask_about", ABOUT | {"photos": [drawing, self.picture()]})
        assert "“leg.jpg” is damaged or not a photo" in response.text
        assert ABOUT["body"] in response.text
        assert draft_of(client).photos.count() == 1

    def test_there_are_at_most_four(self, client):
        response = post(client, "ask_about", ABOUT | {"photos": [self.picture(f"{n}.png") for n in range(6)]})
        assert "“5.png” was not added: a question has at most 4 photos." in response.text
        assert draft_of(client).photos.count() == 4

    def test_one_can_be_removed_with_its_file_and_nothing_typed_is_lost(
        self, client, django_capture_on_commit_callbacks
    ):
        post(client, "ask_about", ABOUT | {"photos": self.picture()})
        photo = draft_of(client).photos.get()
        storage, name = photo.file.storage, photo.file.name
        with django_capture_on_commit_callbacks(execute=True):
            response = post(client, "ask_about", ABOUT | {"title": "", "remove_photo": photo.pk})
        assert response.url == reverse("ask_about")
        assert not storage.exists(name)
        assert ABOUT["body"] in read(client, "ask_about")

    def test_a_photo_that_may_be_better_is_said_to_be_and_may_be_sent(self, client):
        dark = io.BytesIO()
        Image.new("RGB", (600, 600), (9, 9, 9)).save(dark, "PNG")
        photo = SimpleUploadedFile("dark.png", dark.getvalue(), "image/png")
        assert post(client, "ask_about", ABOUT | {"photos": photo}).url == reverse("ask_about")
        assert "looks dark" in read(client, "ask_about")
        assert ask(client).photos.count() == 1

    @pytest.mark.parametrize(("band", "is_offered"), [("30-39", True), ("12-17", False), ("unstated", False)])
    def test_showing_photos_to_everybody_is_a_consent_of_its_own_and_not_for_minors(self, client, band, is_offered):
        post(client, "ask_about", ABOUT | {"photos": self.picture()})
        write(client, you={"age_band": band})
        assert ("Everybody may see my photos" in read(client, "ask_send")) is is_offered
        photo = ask(client, you={"age_band": band}, send={"show_photos": "on"}).photos.get()
        assert (photo.consented_at is not None) is is_offered
        assert photo.audience == PhotoAudience.DOCTORS

    def test_without_that_consent_none_is_kept(self, client):
        post(client, "ask_about", ABOUT | {"photos": self.picture()})
        assert ask(client).photos.get().consented_at is None

    def test_thrown_away_and_forgotten_drafts_leave_no_file(self, client, django_capture_on_commit_callbacks):
        for forget in (lambda: post(client, "ask_discard", {}), forget_expired_drafts):
            post(client, "ask_about", ABOUT | {"photos": self.picture()})
            photo = draft_of(client).photos.get()
            Draft.objects.exclude(pk=photo.draft_id).delete()
            if forget is forget_expired_drafts:
                Draft.objects.update(changed_at=timezone.now() - datetime.timedelta(hours=25))
            with django_capture_on_commit_callbacks(execute=True):
                forget()
            assert not photo.file.storage.exists(photo.file.name)
            assert not Draft.objects.exists()

    def test_drafts_that_are_still_kept_are_not_forgotten(self, client):
        write(client)
        assert forget_expired_drafts() == 0
        assert Draft.objects.exists()


class TestLimits:
    def test_who_asks_too_often_is_told_when_to_come_back_and_loses_nothing(self, client, monkeypatch):
        monkeypatch.setitem(LIMITS, "ask", [(2, HOUR)])
        for _question in range(2):
            ask(client)
        draft = write(client)
        response = post(client, "ask_send", SEND)
        assert response.status_code == 429
        assert 0 < int(response["Retry-After"]) <= HOUR
        assert Question.objects.count() == 2
        assert Draft.objects.filter(pk=draft.pk).exists()
        assert ABOUT["body"] in read(client, "ask_about")

    def test_sending_the_same_question_again_counts_once(self, client, monkeypatch):
        monkeypatch.setitem(LIMITS, "ask", [(2, HOUR)])
        write(client)
        for _click in range(5):
            assert post(client, "ask_send", SEND).url == reverse("ask_sent")

    def test_a_network_may_begin_only_so_many_drafts(self, client, monkeypatch):
        monkeypatch.setitem(LIMITS, "draft", [(2, HOUR)])
        answers = [post(type(client)(), name, ABOUT).status_code for name in ("ask_about", "ask_autosave", "ask_about")]
        assert answers[2] == 429
        assert Draft.objects.count() == 2
