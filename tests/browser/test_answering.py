"""Answering in a real browser: with the keyboard alone, with the draft saving itself, and without JavaScript."""

import io
import re

import pytest
from django.conf import settings
from django.core.files.base import ContentFile
from django.test import Client
from django.urls import reverse
from PIL import Image
from playwright.sync_api import expect

from qa.models import Question, QuestionStatus, Reply, ReplyStatus, ReplyTemplate
from tests.factories import make_doctor, make_question

BODY = "Small flat spots that fade under a glass are mostly harmless. Keep the skin dry. They go in two weeks."
LONGEST_PAUSE = 3500  # milliseconds, in which whatever is typed is saved
MOST_KEYS = 12  # from the desk to published, beside typing the text


@pytest.fixture
def question(transactional_db):
    question = make_question(QuestionStatus.OPEN)
    question.parts.create(position=1, text="Is it dangerous?")
    question.parts.create(position=2, text="What helps?")
    return question


@pytest.fixture
def sit_down(visit, live_server):
    """Opens the desk, signed in as the doctor."""

    def open_desk(doctor, address=None, **options):
        client = Client()
        client.force_login(doctor.user)
        page = visit("/", **options)
        cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
        page.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": live_server.url}])
        page.goto(address or reverse("admin:answer_queue"))
        return page

    return open_desk


def wait_for_form(page):
    page.locator("#reply-form").wait_for()
    page.wait_for_load_state()  # scripts that are deferred have run: a key pressed earlier would be lost


def open_question(page):
    page.get_by_role("button", name="Open").click()
    wait_for_form(page)


def saved(page):
    page.get_by_text("Saved at").wait_for()


def test_from_the_desk_to_published_takes_few_keys_and_no_mouse(sit_down, question):
    page, keys = sit_down(make_doctor(), width=1280), []

    def press(key):
        page.keyboard.press(key)
        keys.append(key)

    press("Alt+o")
    wait_for_form(page)
    press("Alt+r")
    page.keyboard.type(BODY)
    press("Alt+a")
    press("Alt+2")
    press("Alt+p")
    page.get_by_text("Published. The patient is told.").wait_for()
    assert len(keys) <= MOST_KEYS
    reply = Reply.objects.get()
    assert (reply.body, reply.next_step, reply.status) == (BODY, "routine", ReplyStatus.PUBLISHED)
    assert {covered.coverage for covered in reply.coverages.all()} == {"answered"}


def test_what_is_typed_and_chosen_before_the_script_has_come_is_saved(sit_down, slow_script, question):
    page = sit_down(make_doctor())
    open_question(page)
    let_script_come = slow_script(page, page.url, "answer")
    page.get_by_label("Your reply").fill(BODY)
    page.get_by_label("Specialty to see").select_option(label="Dermatology")
    let_script_come()
    saved(page)
    reply = Reply.objects.get()
    assert (reply.body, str(reply.see_specialty)) == (BODY, "Dermatology")


def test_a_page_that_is_only_read_saves_and_claims_nothing(sit_down, question):
    page = sit_down(make_doctor())
    open_question(page)
    Question.objects.update(claimed_by=None, claimed_until=None)
    sent = []
    page.on("request", lambda request: sent.append(request.method))
    page.reload()
    page.wait_for_timeout(LONGEST_PAUSE)
    page.goto("/")
    assert "POST" not in sent
    assert Question.objects.get().claimed_by is None


def test_going_back_shows_what_was_written_last(sit_down, question):
    page = sit_down(make_doctor())
    open_question(page)
    for text in ("The first words.", "The second words."):
        page.goto(reverse("admin:answer_question", args=[question.pk]))
        wait_for_form(page)
        page.get_by_label("Your reply").fill(text)
        saved(page)
        page.goto("/")
    for _page in range(3):
        page.go_back()
    expect(page.get_by_label("Your reply")).to_have_value("The second words.")
    page.goto("/")
    page.wait_for_timeout(500)  # what is sent on leaving
    assert Reply.objects.get().body == "The second words."


def test_the_keys_are_listed_under_the_question_mark_which_can_be_turned_off(sit_down, question):
    page = sit_down(make_doctor())
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_have_attribute("open", "")
    page.locator("[data-question-mark]").uncheck()
    page.reload()
    page.keyboard.press("?")
    expect(page.locator("#keys")).not_to_have_attribute("open", "")


def test_the_draft_saves_itself_and_is_there_after_leaving(sit_down, question):
    page = sit_down(make_doctor())
    open_question(page)
    page.locator("#id_body").fill(BODY)
    saved(page)
    assert Reply.objects.get().body == BODY
    page.locator("#id_body").press_sequentially(" Bye.")
    page.goto("/")
    for _ in range(50):  # what is sent on leaving is not waited for by the next page
        if Reply.objects.get().body.endswith("Bye."):
            break
        page.wait_for_timeout(100)
    page.goto(reverse("admin:answer_question", args=[question.pk]))
    expect(page.locator("#id_body")).to_have_value(BODY + " Bye.")


def test_a_template_goes_in_at_the_cursor_and_its_gap_is_ready_to_be_typed_over(sit_down, question):
    ReplyTemplate.objects.create(title="Come back", body="Come back in [how many days].")
    page = sit_down(make_doctor())
    open_question(page)
    page.locator("#id_body").fill("First. Last.")
    page.locator("#id_body").evaluate("area => area.setSelectionRange(7, 7)")
    page.get_by_text("Templates").click()
    page.get_by_role("button", name="Come back").click()
    page.keyboard.type("ten days")
    expect(page.locator("#id_body")).to_have_value("First. Come back in ten days.Last.")


def test_who_was_taken_over_is_told_on_the_next_save_and_loses_nothing(sit_down, question):
    first, second = make_doctor("Ada Example"), make_doctor("Ben Example")
    page, other = sit_down(first), sit_down(second)
    open_question(page)
    page.locator("#id_body").fill("Half a reply")
    saved(page)
    other.goto(reverse("admin:answer_question", args=[question.pk]))
    other.get_by_role("button", name="Take it over").click()
    page.locator("#id_body").press_sequentially(", and more")
    page.get_by_text("Dr. Ben Example has taken over this question. Your text is kept.").wait_for()
    assert Reply.objects.get(doctor=first).body == "Half a reply, and more"
    assert Question.objects.get().holder == second


def test_everything_works_without_javascript(sit_down, question):
    page = sit_down(make_doctor(), java_script_enabled=False)
    open_question(page)
    page.locator("#id_body").fill(BODY + " See https://elsewhere.example/page.")
    page.get_by_role("button", name="Publish").click()
    page.get_by_text("please look at what the checks have found").wait_for()
    page.get_by_role("button", name="Write “(link removed)” instead").click()
    expect(page.locator("#id_body")).to_have_value(re.compile(r"\(link removed\)"))
    page.locator("#id_body").fill(BODY)
    for group in page.locator(".coverages fieldset").all():
        group.get_by_label("Answered").check()
    page.get_by_label("See a doctor in person soon").check()
    page.get_by_role("button", name="Publish").click()
    expect(page.get_by_text("Published. The patient is told.")).to_be_visible()


@pytest.mark.parametrize("width", [390, 1280])
def test_no_page_of_the_desk_is_wider_than_the_screen(sit_down, question, width):
    page = sit_down(make_doctor(), width=width)
    open_question(page)
    page.locator("#id_body").fill("longword" * 60)
    saved(page)
    for address in (page.url, reverse("admin:answer_queue")):
        page.goto(address)
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_what_was_typed_is_kept_where_another_button_of_the_page_is_refused(sit_down, question):
    page = sit_down(make_doctor(), width=1280)
    open_question(page)
    page.get_by_label("Your reply").fill(BODY)
    page.get_by_text("Pass on to another specialty").click()
    page.get_by_label("New specialty").select_option(label="Dermatology")  # where it is already
    page.get_by_label("Why?").fill("It is about the skin.")
    page.get_by_role("button", name="Pass on").click()
    page.get_by_text("The question is in this specialty already.").wait_for()
    expect(page.get_by_label("Your reply")).to_have_value(BODY)


def test_a_photo_is_enlarged_above_the_page_by_keyboard_too(sit_down, question):
    picture = io.BytesIO()
    Image.new("RGB", (400, 300), "pink").save(picture, "JPEG")
    question.photos.create(position=1, file=ContentFile(picture.getvalue(), "one.jpg"))
    page = sit_down(make_doctor(), reverse("admin:answer_question", args=[question.pk]))
    page.wait_for_load_state()
    page.get_by_role("link", name="Photo 1").focus()
    page.keyboard.press("Enter")
    photo = page.get_by_role("dialog").get_by_role("button", name="Photo 1")
    photo.wait_for()
    whole = photo.get_by_role("img").bounding_box()
    assert whole["width"] <= 390
    page.keyboard.press("Enter")
    assert photo.get_by_role("img").bounding_box()["width"] > 2 * whole["width"]
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert page.evaluate("document.activeElement.tagName") == "A"
