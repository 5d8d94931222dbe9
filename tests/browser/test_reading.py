"""Reading the archive in a real browser: on a phone, by keyboard, without JavaScript, on paper."""

import pytest
from django.core.management import call_command
from playwright.sync_api import expect

from qa.models import Question
from tests.pages import SMALL_TARGETS

ADDRESSES = ["/", "/questions/", "/specialties/", "/topics/", "/doctors/", "/articles/", "/about/", "/search/?q=red"]


@pytest.fixture
def archive(transactional_db):
    call_command("loaddata", "archive", verbosity=0)
    return {question.source_id: question for question in Question.objects.all()}


@pytest.fixture
def red_spots(archive):
    return archive["red-spots-on-the-thigh-causes-and-concerns"]


@pytest.mark.parametrize("width", [320, 390, 768, 1280, 1600])
def test_no_page_scrolls_sideways(archive, visit, width):
    page = visit("/", width=width)
    questions = [question.get_absolute_url() for question in archive.values() if not question.is_excerpt]
    for address in [*ADDRESSES, *questions, "/articles/milia-syndrome/", "/specialties/dermatology/"]:
        page.goto(address)
        assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"), address


def test_letters_twice_as_large_fit_on_a_phone_and_leave_room_to_search(red_spots, visit):
    page = visit("/")
    for address in [
        *ADDRESSES,
        red_spots.get_absolute_url(),
        "/articles/milia-syndrome/",
        "/specialties/dermatology/",
        "/ask/",
    ]:
        page.goto(address)
        page.evaluate("document.documentElement.style.fontSize = '200%'")
        assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"), address
        for box in page.get_by_role("combobox", name="Search questions").all():
            assert box.bounding_box()["width"] > 200, address


def test_what_can_be_pressed_is_large_enough(red_spots, visit):
    page = visit("/")
    for address in [*ADDRESSES, red_spots.get_absolute_url(), "/specialties/dermatology/rash/", "/doctors/wu-yuxin/"]:
        page.goto(address)
        assert page.evaluate(SMALL_TARGETS) == [], address


def test_the_menu_opens_on_a_phone_without_javascript(archive, visit):
    page = visit("/", java_script_enabled=False)
    link = page.get_by_role("navigation", name="Main").get_by_role("link", name="Doctors")
    expect(link).not_to_be_visible()
    page.get_by_role("button", name="Menu").click()
    link.click()
    page.wait_for_url("**/doctors/")


def test_on_a_wide_screen_the_menu_is_simply_there(archive, visit):
    page = visit("/", width=1280)
    expect(page.get_by_role("navigation", name="Main").get_by_role("link", name="Doctors")).to_be_visible()
    expect(page.get_by_role("button", name="Menu")).not_to_be_visible()


def test_the_first_tab_stop_skips_to_the_content(archive, visit):
    page = visit("/questions/", width=1280)
    page.keyboard.press("Tab")
    focused = page.locator(":focus")
    assert focused.inner_text().startswith("Skip to")
    assert focused.bounding_box()["y"] >= 0
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.querySelector('main').contains(document.activeElement)")


def test_every_tab_stop_of_a_question_page_shows_its_focus(red_spots, visit):
    page = visit(red_spots.get_absolute_url(), width=1280)
    stops = 0
    for _ in range(80):
        page.keyboard.press("Tab")
        outline = page.evaluate(
            "() => { const e = document.activeElement; return e === document.body ? null"
            " : getComputedStyle(e).outlineStyle + ' ' + getComputedStyle(e).outlineWidth }"
        )
        if outline is None:
            break
        stops += 1
        assert not outline.startswith("none")
        assert not outline.endswith(" 0px")
    assert stops > 20


def test_sharing_works_without_javascript_and_copies_with_it(red_spots, visit):
    for javascript in (False, True):
        page = visit(red_spots.get_absolute_url(), java_script_enabled=javascript)
        page.get_by_text("Share", exact=True).click()
        field = page.get_by_role("textbox", name="Link to this page")
        assert field.input_value().endswith(red_spots.get_absolute_url())
        assert page.get_by_role("link", name="Send by e-mail").get_attribute("href").startswith("mailto:?")
        expect(page.get_by_role("button", name="Copy")).to_be_visible(visible=javascript)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_and_paper_contrast_in_light_and_dark(red_spots, visit, scheme):
    page = visit(red_spots.get_absolute_url(), color_scheme=scheme)
    brightness = page.evaluate(
        "() => [getComputedStyle(document.body).color, getComputedStyle(document.body).backgroundColor]"
        ".map(c => c.match(/[\\d.]+/g).slice(0, 3).reduce((a, b) => a + +b, 0))"
    )
    ink, paper = brightness
    assert (ink < paper) == (scheme == "light")
    assert abs(ink - paper) > 400


def test_a_question_prints_without_the_menus(red_spots, visit):
    page = visit(red_spots.get_absolute_url(), width=1280)
    page.emulate_media(media="print")
    expect(page.get_by_role("navigation", name="Main")).not_to_be_visible()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(page.get_by_text("online diagnosis is not permitted").first).to_be_visible()
