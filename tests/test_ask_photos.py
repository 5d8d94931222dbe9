"""Ask, with photos: kept with the draft, then with the question, shown to everybody by a consent of its own only."""

import datetime
import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone
from PIL import Image

from qa.models import Draft, PhotoAudience
from qa.retention import forget_expired_drafts
from tests.asking import ABOUT, ask, draft_of, post, read, write

pytestmark = pytest.mark.django_db


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
        assert response.status_code == 302
        assert not storage.exists(name)
        assert ABOUT["body"] in read(client, "ask_about")

    def test_a_photo_that_may_be_better_is_said_to_be_and_may_be_sent(self, client):
        dark = io.BytesIO()
        Image.new("RGB", (600, 600), (9, 9, 9)).save(dark, "PNG")
        photo = SimpleUploadedFile("dark.png", dark.getvalue(), "image/png")
        assert post(client, "ask_about", ABOUT | {"photos": photo}).url == reverse("ask_about")
        page = read(client, "ask_about")
        assert "Photo 1: This photo looks dark." in page[: page.index("<main")]
        assert page.count("looks dark") == 2
        assert read(client, "ask_about").count("looks dark") == 1
        assert ask(client).photos.count() == 1

    def test_the_page_comes_back_to_the_photos_after_one_was_added_or_removed(self, client):
        photos = reverse("ask_about") + "#photos"
        assert post(client, "ask_about", ABOUT | {"photos": self.picture(), "stay": "1"}).url == photos
        photo = draft_of(client).photos.get()
        assert post(client, "ask_about", ABOUT | {"remove_photo": photo.pk}).url == photos

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
