"""The moderators' desk by keyboard alone, in a real browser."""

import datetime

from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from qa.models import Question, QuestionStatus
from tests.factories import make_question, make_specialty, make_topic, make_user


def sign_in(page):
    page.get_by_label("E-mail address").fill("moderator@example.org")
    page.get_by_label("Password").fill("a-long-secret")
    page.get_by_role("button", name="Sign in").click()


def wait_for_page(page, heading):
    page.get_by_role("heading", name=heading, level=1).wait_for()
    page.wait_for_load_state()  # scripts that are deferred have run: a key pressed earlier would be lost


def test_a_moderator_decides_one_question_after_the_other_by_single_keys(visit):
    make_specialty("Dermatology")
    make_topic("Red Spots")
    start = timezone.now() - datetime.timedelta(days=1)
    questions = [
        make_question(title=f"Question {number}", asked_at=start + datetime.timedelta(hours=number))
        for number in range(4)
    ]
    make_user("moderator@example.org", role="Moderators", is_staff=True)
    page = visit(reverse("admin:index"), width=1280)
    sign_in(page)
    page.get_by_role("link", name="Questions to decide on").click()
    page.get_by_role("link", name="Question 0").click()
    wait_for_page(page, "Question 0")

    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("a")
    page.keyboard.press("Enter")
    wait_for_page(page, "Question 1")
    expect(page.locator(".messagelist")).to_contain_text("is with the doctors")

    page.keyboard.press("r")
    page.keyboard.press("ArrowDown")  # from the first reason to the second
    page.keyboard.press("Tab")
    page.keyboard.type("a question, not an accept")  # letters in a field are letters
    expect(page.locator("#decide-reject .preview").get_by_text("a question, not an accept")).to_be_visible()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    wait_for_page(page, "Question 2")
    page.keyboard.press("n")
    wait_for_page(page, "Question 3")

    page.keyboard.press("?")
    page.get_by_label("Use single keys on this device").uncheck()
    page.keyboard.press("Escape")
    page.keyboard.press("n")
    expect(page.get_by_role("heading", name="Question 3", level=1)).to_be_visible()
    statuses = [Question.objects.get(pk=question.pk).status for question in questions]
    assert statuses == [QuestionStatus.OPEN, QuestionStatus.REJECTED, QuestionStatus.PENDING, QuestionStatus.PENDING]


def test_the_pages_of_the_desk_fit_on_a_phone(visit):
    question = make_question(title="W" * 200, body="x" * 3000)
    make_user("moderator@example.org", role="Moderators", is_staff=True)
    page = visit(reverse("admin:index"))
    sign_in(page)
    for address in (
        reverse("admin:index"),
        reverse("admin:qa_question_queue"),
        reverse("admin:qa_question_moderate", args=[question.pk]),
        reverse("admin:qa_flag_changelist"),
    ):
        page.goto(page.url.split("/admin/")[0] + address)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), address


def test_a_long_word_in_a_title_pushes_no_column_of_a_list_out_of_sight(visit):
    question = make_question(title="W" * 200)
    make_user("moderator@example.org", role="Moderators", is_staff=True)
    page = visit(reverse("admin:index"), width=1280)
    sign_in(page)
    page.goto(reverse("admin:qa_question_changelist"))
    page.get_by_role("link", name=question.title).wait_for()
    assert page.locator(".results").evaluate("list => list.scrollWidth <= list.clientWidth")


def test_enter_accepts_and_mends_nothing_by_mistake(visit):
    question = make_question(title="Spots", body="My name is Maria Lopez. I have small red spots.")
    make_user("moderator@example.org", role="Moderators", is_staff=True)
    page = visit(reverse("admin:index"), java_script_enabled=False)
    sign_in(page)
    page.goto(page.url.split("/admin/")[0] + reverse("admin:qa_question_moderate", args=[question.pk]))
    page.get_by_label("Headline").fill("Red spots")
    page.get_by_label("Headline").press("Enter")
    page.get_by_text("Everybody would read “My name is Maria Lopez”.").wait_for()
    expect(page.get_by_label("Headline")).to_have_value("Red spots")
    reason = page.get_by_label("Or say why it must stand")
    reason.fill("Her stage name")
    reason.press("Enter")
    page.get_by_text("is with the doctors").wait_for()
    assert Question.objects.get(pk=question.pk).body == question.body
