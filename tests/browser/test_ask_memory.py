"""Asking on a bad line: nothing that was typed seems lost, and nothing comes back that was sent or thrown away."""

import re

import pytest
from django.conf import settings
from playwright.sync_api import expect

from qa.models import Draft, Question
from tests.factories import make_answered_question

TITLE, BODY = "Red spots on my legs", "Two weeks ago I noticed them on both shins."


def write(page):
    page.get_by_label("Your question in one line").fill(TITLE)
    page.get_by_label("Tell the doctor more").fill(BODY)


def shown(page):
    return page.get_by_label("Tell the doctor more").input_value()


def press(page, name):
    page.get_by_role("button", name=name).click()


def memory(page):
    return page.evaluate("Object.keys(sessionStorage)")


def wait_until(page, condition):
    for _ in range(100):
        if condition():
            return
        page.wait_for_timeout(50)
    pytest.fail("It did not come to that within five seconds.")


@pytest.fixture
def bad_line(visit):
    """A page at the first step from which nothing arrives that is saved while somebody types, until it is mended."""
    page = visit("/")
    page.add_init_script("""
        const through = fetch;
        window.fetch = (...asked) => localStorage.mended ? through(...asked) : new Promise(() => {});
    """)
    page.goto("/ask/")
    return page


def mend(page):
    page.evaluate("localStorage.mended = 'yes'")


def test_what_is_typed_shows_after_a_reload_though_it_was_not_saved_yet(bad_line):
    page = bad_line
    write(page)
    page.reload()
    assert shown(page) == BODY
    expect(page.get_by_text(f"{len(BODY)} / 4000")).to_be_visible()
    page.goto("/")
    page.go_back()
    assert shown(page) == BODY
    assert not Draft.objects.exists()
    mend(page)
    page.get_by_label("Your question in one line").press("End")
    page.keyboard.type("!")
    wait_until(page, lambda: not memory(page))
    assert Draft.objects.get().data["about"]["body"] == BODY


def test_what_is_saved_late_is_no_other_window_to_the_page_that_is_loaded_meanwhile(bad_line):
    page = bad_line
    write(page)
    page.wait_for_timeout(2000)  # longer than until what is typed is to be saved
    late = page.evaluate("Object.fromEntries([...new FormData(document.forms[0])].filter(([n]) => n !== 'photos'))")
    page.reload()
    assert page.request.post("/ask/autosave/", form=late).ok
    mend(page)
    page.get_by_label("Tell the doctor more").fill(f"{BODY} They itch.")
    wait_until(page, lambda: not memory(page))
    expect(page.get_by_text("another window")).to_have_count(0)
    assert Draft.objects.get().data["about"]["body"] == f"{BODY} They itch."


def test_what_is_kept_is_not_remembered_and_what_is_newer_is_shown(visit):
    page = visit("/ask/")
    with page.expect_response("**/ask/autosave/"):
        write(page)
    page.reload()
    assert memory(page) == []
    other = page.context.new_page()
    other.goto("/ask/")
    other.get_by_label("Tell the doctor more").fill("I wrote this in another window, later.")
    press(other, "Continue")
    page.reload()
    assert shown(page) == "I wrote this in another window, later."


def test_what_another_window_has_thrown_away_is_not_remembered_either(visit):
    page = visit("/ask/")
    write(page)
    page.goto("/")
    wait_until(page, lambda: settings.SESSION_COOKIE_NAME in [cookie["name"] for cookie in page.context.cookies()])
    assert memory(page) == ["ask-about"]
    other = page.context.new_page()
    other.goto("/ask/")
    assert shown(other) == BODY
    press(other, "Throw away what I have written")
    other.get_by_role("link", name="Ask a doctor").wait_for()
    page.goto("/ask/")
    assert shown(page) == ""
    assert memory(page) == []
    page.wait_for_timeout(2000)  # longer than until what is typed is kept
    assert not Draft.objects.exists()


def test_a_tab_remembers_nothing_once_the_draft_is_thrown_away(visit):
    page = visit("/ask/")
    with page.expect_response("**/ask/autosave/"):
        write(page)
    page.reload()
    page.get_by_label("Tell the doctor more").fill("And more of it.")
    assert memory(page) == ["ask-about"]
    press(page, "Throw away what I have written")
    page.get_by_role("link", name="Ask a doctor").click()
    assert shown(page) == ""
    assert memory(page) == []


def test_a_tab_remembers_nothing_once_the_question_is_sent(bad_line):
    page = bad_line
    write(page)
    press(page, "Continue")
    page.get_by_label("What you want to know (1)").fill("What are they?")
    press(page, "Continue")
    page.get_by_label("How old is this person?").select_option(label="30–39")
    press(page, "Continue")
    assert memory(page) == []
    page.get_by_label("I agree to the terms").check()
    Draft.objects.update(created_at=Draft.objects.get().created_at.replace(year=2020))
    press(page, "Send my question")
    page.get_by_role("heading", name="Your question is sent").wait_for()
    assert Question.objects.get().body == BODY
    page.goto("/ask/")
    assert shown(page) == ""


def test_what_did_not_get_through_with_continue_is_there_when_the_line_is_back(bad_line):
    page = bad_line
    write(page)
    page.route(re.compile(r"/ask/$"), lambda route: route.fulfill(status=204))
    press(page, "Continue")
    page.unroute(re.compile(r"/ask/$"))
    page.goto("/")
    page.goto("/ask/")
    assert shown(page) == BODY


def test_what_is_typed_at_the_later_steps_survives_a_reload_and_going_back(visit):
    page = visit("/ask/")
    write(page)
    press(page, "Continue")
    for number in (1, 2, 3):
        if number == 3:
            page.get_by_text("Ask one more thing").first.click()
        page.get_by_label(f"What you want to know ({number})").fill(f"Thing {number}?")
    page.reload()
    expect(page.get_by_label("What you want to know (3)")).to_have_value("Thing 3?")
    expect(page.get_by_label("What you want to know (3)")).to_be_visible()
    press(page, "Continue")
    page.get_by_label("Medicines this person takes").fill("Aspirin")
    page.get_by_label("My child").check()
    page.get_by_role("button", name="Back").click()
    press(page, "Continue")
    expect(page.get_by_label("Medicines this person takes")).to_have_value("Aspirin")
    expect(page.get_by_label("My child")).to_be_checked()
    page.get_by_label("How old is this person?").select_option(label="12–17")
    press(page, "Continue")
    page.get_by_role("heading", name="Read and send").wait_for()
    assert memory(page) == []
    assert Draft.objects.get().data["you"]["medicines"] == "Aspirin"


def test_a_message_on_the_private_page_outlives_a_reload_until_it_is_sent(visit):
    make_answered_question(secret_key="heron")
    page = visit("/my/heron/")
    page.get_by_label("Your message").fill("They itch by now.")
    page.reload()
    expect(page.get_by_label("Your message")).to_have_value("They itch by now.")
    press(page, "Send")
    expect(page.get_by_text("They itch by now.")).to_be_visible()
    expect(page.get_by_label("Your message")).to_have_value("")
    assert memory(page) == []
