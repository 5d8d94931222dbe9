"""Asking on a phone, with and without JavaScript: from a worry to a question, to the reply, to nothing left of it."""

import re

import pytest
from django.core import mail
from PIL import Image
from playwright.sync_api import expect

from qa.models import Draft, Photo, Question, QuestionStatus
from qa.notifications import send_waiting
from tests.factories import in_step, make_answered_question, make_question, make_specialty, make_user
from tests.pages import SMALL_TARGETS

BODY = (
    "Two weeks ago I noticed small red spots on both legs, smooth and not raised. Since this morning I have a crushing "
    "pressure on my chest. You can reach me at 0912-345-678. What are these spots?"
)


@pytest.fixture
def photo(tmp_path):
    """A photo as a phone writes it, with the place where it was taken."""
    exif = Image.Exif()
    exif.get_ifd(0x8825)[2] = (25.0, 2.0, 3.0)
    path = tmp_path / "leg.jpg"
    Image.effect_noise((800, 600), 90).convert("RGB").save(path, exif=exif)
    return path


def press(page, name):
    page.get_by_role("button", name=name).click()


def follow(page, name):
    page.get_by_role("link", name=name).click()


def next_mail():
    send_waiting()
    return mail.outbox.pop()


@pytest.mark.parametrize("has_javascript", [True, False], ids=["with JavaScript", "without"])
def test_a_patient_asks_on_a_phone_and_stays_in_control_to_the_end(visit, photo, has_javascript):
    make_specialty("Dermatology")
    similar = make_answered_question(title="Red spots on both legs", body="Small red spots, smooth and not raised.")
    in_step()
    moderator = make_user(role="Moderators")
    page = visit("/", java_script_enabled=has_javascript)
    follow(page, "Ask a doctor")

    page.get_by_label("Your question in one line").fill("Red spots on my legs")
    page.get_by_label("Tell the doctor more").fill(BODY)
    page.get_by_label("Photos").set_input_files(photo)
    if has_javascript:
        page.get_by_text("Already answered?").wait_for()
        page.get_by_role("heading", name=re.compile("Call 119")).wait_for()
        assert Draft.objects.get().data["about"]["body"] == BODY
    press(page, "Continue")

    page.get_by_role("heading", name="Please read this first").wait_for()
    expect(page.get_by_role("heading", name=re.compile("119")).first).to_be_visible()
    press(page, "I have read this")
    expect(page.get_by_role("link", name=similar.title)).to_be_visible()
    expect(page.get_by_role("heading", name=re.compile("119")).first).to_be_visible()
    page.get_by_label("It is close, but…").check()
    page.get_by_label("What is different about yours?").fill("Mine do not itch.")
    press(page, "Go on asking")

    expect(page.get_by_label("What you want to know (1)")).to_have_value("What are these spots?")
    press(page, "Continue")
    page.get_by_label("How old is this person?").select_option(label="30–39")
    page.get_by_label("A name to appear under").fill("Blue Heron")
    page.get_by_label("E-mail for news").fill("heron@example.org")
    press(page, "Continue")

    expect(page.get_by_text("0912-345-678").first).to_be_visible()
    press(page, "[phone number removed]")
    expect(page.get_by_text("0912-345-678")).to_have_count(0)
    page.go_back()
    page.reload()
    page.goto("/ask/send/")
    page.get_by_label("I agree to the terms").check()
    Draft.objects.update(created_at=Draft.objects.get().created_at.replace(year=2020))
    press(page, "Send my question")
    page.get_by_role("heading", name="Your question is sent").wait_for()
    page.goto("/ask/send/")  # the second time
    page.get_by_role("heading", name="Your question is sent").wait_for()
    question = Question.objects.get(status=QuestionStatus.PENDING)
    assert question.is_urgent
    assert "0912" not in question.body
    assert question.seen_questions.get().note == "Mine do not itch."

    link = re.search(r"http\S+/my/\S+/", next_mail().body).group()
    page.goto(re.sub(r"^http://[^/]+", "", link))
    page.get_by_role("heading", name="Your question", exact=True).first.wait_for()
    expect(page.get_by_alt_text("Your photo 1")).to_be_visible()

    question.ask_patient(moderator, "Do they fade under a glass?")
    assert "fade" not in next_mail().body
    page.reload()
    expect(page.get_by_text("Do they fade under a glass?").first).to_be_visible()
    page.get_by_label("Your message").fill("No, they stay.")
    press(page, "Send")
    expect(page.get_by_text("No, they stay.")).to_be_visible()

    follow(page, "Take the question back")
    press(page, "Take my question back")
    expect(page.get_by_text("Your question is withdrawn: it is no longer on the portal.")).to_be_visible()

    kept = Photo.objects.get().file
    follow(page, "Erase the question")
    press(page, "Erase my question")
    page.get_by_role("heading", name="Your question is erased").wait_for()
    assert not Question.objects.filter(pk=question.pk).exists()
    assert not kept.storage.exists(kept.name)
    for address in ("/", "/questions/", "/feeds/latest.atom", "/search/?q=spots"):
        assert "Blue Heron" not in page.request.get(address).text()
    assert page.request.get(link.split("/my/")[-1].join(["/my/", ""])).status == 404


def test_a_message_on_the_private_page_is_seen_to_have_arrived_and_an_emergency_says_whom_to_call_first(visit):
    make_question(QuestionStatus.OPEN, secret_key="a-key-of-the-private-page", body="It itches. " * 200)
    page = visit("/my/a-key-of-the-private-page/")
    press(page, "Send")
    expect(page.get_by_role("alert")).to_be_focused()
    page.get_by_label("Your message").fill("They have spread to my arms.")
    press(page, "Send")
    expect(page.get_by_text("They have spread to my arms.")).to_be_in_viewport()
    press(page, "Send")
    expect(page.get_by_role("alert")).to_be_focused()
    page.get_by_label("Your message").fill("I have a crushing pressure on my chest now.")
    press(page, "Send")
    expect(page.get_by_role("heading", name=re.compile("Call 119"))).to_be_in_viewport()


def test_what_was_typed_survives_a_lost_connection(visit):
    page = visit("/ask/")
    page.get_by_label("Your question in one line").fill("Red spots on my legs")
    with page.expect_response("**/ask/autosave/"):
        page.get_by_label("Tell the doctor more").fill("Two weeks ago I noticed them.")
    page.goto("/")
    page.goto("/ask/")
    expect(page.get_by_label("Tell the doctor more")).to_have_value("Two weeks ago I noticed them.")


def test_what_is_typed_before_the_script_has_come_is_kept_and_compared(visit, slow_script):
    make_answered_question(title="Red spots on both legs", body="Small red spots, smooth and not raised.")
    in_step()
    page = visit("/")
    let_script_come = slow_script(page, "/ask/", "ask")
    page.get_by_label("Your question in one line").fill("Red spots on my legs")
    page.get_by_label("Tell the doctor more").fill("Two weeks ago I noticed them.")
    let_script_come()
    page.get_by_text("Already answered?").wait_for()
    assert Draft.objects.get().data["about"]["title"] == "Red spots on my legs"


def test_what_is_thrown_away_stays_away(visit):
    page = visit("/ask/")
    page.get_by_label("Your question in one line").fill("Red spots on my legs")
    with page.expect_response("**/ask/autosave/"):
        page.get_by_label("Tell the doctor more").fill("Two weeks ago I noticed them.")
    page.reload()
    press(page, "Throw away what I have written")
    page.get_by_role("link", name="Ask a doctor").click()
    expect(page.get_by_label("Tell the doctor more")).to_have_value("")
    assert not Draft.objects.exists()


def test_the_length_is_counted_and_too_much_is_said_not_cut(visit):
    page = visit("/ask/")
    page.get_by_label("Tell the doctor more").fill("x" * 4001)
    expect(page.get_by_text("4001 / 4000")).to_be_visible()
    press(page, "Continue")
    expect(page.get_by_text("it has 4001").first).to_be_visible()
    assert len(page.get_by_label("Tell the doctor more").input_value()) == 4001


def test_going_back_does_not_bring_back_what_is_thrown_away(visit):
    page = visit("/ask/")
    page.get_by_label("Your question in one line").fill("Red spots on my legs")
    page.get_by_label("Tell the doctor more").fill("Two weeks ago I noticed them.")
    press(page, "Continue")
    press(page, "Throw away what I have written")
    page.get_by_role("link", name="Ask a doctor").wait_for()
    assert not Draft.objects.exists()
    page.go_back()
    page.go_back()
    page.get_by_label("Tell the doctor more").wait_for()
    page.wait_for_timeout(2500)  # longer than until what is typed is kept
    page.goto("/")
    assert not Draft.objects.exists()


@pytest.mark.parametrize("has_javascript", [True, False], ids=["with JavaScript", "without"])
def test_why_a_photo_might_be_taken_again_is_seen_at_once_and_stops_nobody_twice(visit, tmp_path, has_javascript):
    Image.new("RGB", (800, 600), (9, 9, 9)).save(tmp_path / "dark.jpg")
    page = visit("/ask/", java_script_enabled=has_javascript)
    page.get_by_label("Your question in one line").fill("Red spots on my legs")
    page.get_by_label("Tell the doctor more").fill("Two weeks ago I noticed them.")
    page.get_by_label("Photos").set_input_files(tmp_path / "dark.jpg")
    press(page, "Continue")
    said = page.get_by_role("status").get_by_text("This photo looks dark.")
    expect(said).to_be_in_viewport(ratio=1)
    expect(said).to_be_focused()
    press(page, "Continue")
    page.get_by_role("heading", name="What do you want to know?").wait_for()


@pytest.mark.parametrize("width", [320, 390, 1280])
def test_no_step_scrolls_sideways(visit, width):
    page = visit("/ask/", width=width)
    page.get_by_label("Your question in one line").fill("x" * 200)
    page.get_by_label("Tell the doctor more").fill("x" * 2000)
    for step in ("What is it about?", "What do you want to know?", "About you", "Read and send"):
        page.get_by_role("heading", name=step, exact=True).wait_for()
        assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"), step
        assert page.evaluate(SMALL_TARGETS) == [], step
        if step == "About you":
            page.get_by_label("How old is this person?").select_option(label="30–39")
        if step != "Read and send":
            press(page, "Continue")
