"""Searching in a real browser: suggestions by keyboard, and everything without JavaScript."""

import pytest
from django.core.management import call_command
from playwright.sync_api import expect

from qa.search import rebuild


@pytest.fixture
def archive(transactional_db):
    call_command("loaddata", "archive", verbosity=0)
    rebuild()


def test_suggestions_are_chosen_by_keyboard_and_closed_by_escape(archive, visit):
    page = visit("/", width=1280)
    box = page.get_by_role("combobox")
    box.press_sequentially("red sp")
    expect(page.get_by_role("option").first).to_have_text("Red Spots Topic")
    expect(box).to_have_attribute("aria-expanded", "true")
    expect(page.get_by_role("status").filter(has_text="suggestions")).to_have_count(1)
    box.press("ArrowDown")
    expect(page.get_by_role("option", selected=True)).to_have_text("Red Spots Topic")
    expect(box).to_have_attribute("aria-activedescendant", page.get_by_role("option").first.get_attribute("id"))
    box.press("ArrowUp")
    expect(page.get_by_role("option", selected=True)).to_have_count(0)
    box.press("Escape")
    expect(page.get_by_role("listbox")).to_have_count(0)
    expect(box).to_have_value("red sp")
    box.press("o")
    page.get_by_role("option").first.wait_for()
    box.press("ArrowDown")
    box.press("Enter")
    page.wait_for_url("**/topics/red-spots/")


def test_what_is_typed_before_the_script_has_come_has_suggestions(archive, visit, slow_script):
    page = visit("/")
    let_script_come = slow_script(page, "/", "search")
    page.get_by_role("searchbox").press_sequentially("red sp")
    let_script_come()
    expect(page.get_by_role("option").first).to_have_text("Red Spots Topic")


def test_arrows_open_the_list_again_after_escape(archive, visit):
    page = visit("/", width=1280)
    box, options = page.get_by_role("combobox"), page.get_by_role("option")
    box.press_sequentially("red sp")
    options.first.wait_for()
    box.press("Escape")
    expect(options).to_have_count(0)
    box.press("ArrowDown")
    expect(page.get_by_role("option", selected=True)).to_have_text("Red Spots Topic")
    expect(box).to_have_attribute("aria-expanded", "true")
    box.press("Alt+ArrowUp")
    expect(options).to_have_count(0)
    box.press("Alt+ArrowDown")
    options.first.wait_for()
    expect(page.get_by_role("option", selected=True)).to_have_count(0)
    box.press("Escape")
    box.press("ArrowUp")
    expect(page.get_by_role("option", selected=True)).to_have_text(options.last.text_content())
    box.fill("")
    box.press("ArrowDown")
    expect(options).to_have_count(0)


def test_whom_to_call_is_suggested_first_and_said_aloud(archive, visit, settings):
    page = visit("/", width=390)
    box = page.get_by_role("combobox")
    box.press_sequentially("suicid")
    first = page.get_by_role("option").first
    expect(first).to_contain_text(settings.CRISIS_LINE)
    expect(page.get_by_role("status").filter(has_text=settings.CRISIS_LINE)).to_have_count(1)
    box.press("ArrowDown")
    expect(box).to_have_attribute("aria-activedescendant", first.get_attribute("id"))
    box.press("Enter")
    page.wait_for_url("**/search/?q=suicid")
    expect(page.get_by_role("heading", name=settings.CRISIS_LINE)).to_have_count(1)


def test_search_works_without_javascript(archive, visit):
    page = visit("/", java_script_enabled=False)
    page.get_by_role("searchbox").fill("red spots")
    page.get_by_role("button", name="Search").click()
    expect(page.locator("mark").nth(3)).to_be_visible()
    page.get_by_role("navigation", name="Kinds of results").get_by_role("link", name="Articles").click()
    page.wait_for_url("**kind=article**")
    page.get_by_role("link", name="All").first.click()
    page.get_by_text("Narrow the search").first.click()
    page.locator(".facets").get_by_role("link", name="Urology").click()
    page.wait_for_url("**specialty=urology**")


@pytest.mark.parametrize("width", [320, 1280])
@pytest.mark.parametrize("query", ["red spots", "xyzzy", "vasculitus thigh", ""])
def test_no_page_of_results_scrolls_sideways(archive, visit, width, query):
    page = visit(f"/search/?q={query}", width=width)
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
