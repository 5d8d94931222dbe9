"""The whole loop in one run: from a worry on a phone to a reply that a colleague doubts and its doctor replaces."""

import re

import pytest
from django.conf import settings
from django.core import mail
from django.test import Client
from django.urls import reverse
from playwright.sync_api import expect

from qa.models import Draft, Question, Reply
from qa.notifications import send_waiting
from tests.factories import in_step, make_doctor, make_specialty, make_user

WORDS = "Dear Liu, go visit a real hospital in the real world. "
ADVICE = "Small flat spots that fade under a glass are mostly harmless. Keep the skin dry. They go in two weeks."
BETTER = "Spots that do not fade under a glass can be bleeds in the skin. With a fever, see a doctor on the same day."


@pytest.fixture
def enter(visit, live_server):
    """A browser of one's own, signed in as the user."""

    def open_page(user, address, **options):
        client = Client()
        client.force_login(user)
        page = visit("/", **options)
        cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
        page.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": live_server.url}])
        page.goto(address)
        return page

    return open_page


def press(page, name):
    page.get_by_role("button", name=name).click()


def publish(page, text):
    page.locator("#id_body").fill(text)
    page.get_by_role("button", name="Every part is answered").click()
    page.get_by_label("See a doctor soon").or_(page.locator("[name=next_step][value=soon]")).first.check()
    press(page, "Publish")


def ask(page):
    page.get_by_role("link", name="Ask a doctor").click()
    page.get_by_label("Your question in one line").fill("Red spots on both legs")
    page.get_by_label("Tell the doctor more").fill("Two weeks ago my neighbour Anna saw spots on my legs. What is it?")
    press(page, "Continue")
    press(page, "Continue")
    page.get_by_label("How old is this person?").select_option(label="30–39")
    page.get_by_label("E-mail for news").fill("heron@example.org")
    press(page, "Continue")
    page.get_by_label("I agree to the terms").check()
    Draft.objects.update(created_at=Draft.objects.get().created_at.replace(year=2020))
    press(page, "Send my question")
    page.get_by_role("heading", name="Your question is sent").wait_for()


def accept_with_an_edit(page):
    page.get_by_role("link", name="Questions to decide on").click()
    page.get_by_role("link", name="Red spots on both legs").click()
    decision = page.locator("#decide-accept")
    if decision.get_attribute("open") is None:
        decision.locator("summary").first.click()
    decision.get_by_label("Specialty").select_option(label="Dermatology")
    decision.get_by_text("Change the patient's words").click()
    body = decision.get_by_label("Question", exact=True)
    body.fill(body.input_value().replace("my neighbour Anna", "somebody"))
    decision.get_by_label("Why you change the words").fill("A name.")
    for _shown_then_done in range(2):
        page.locator("#decide-accept .actions button").first.click()
    page.get_by_text("is with the doctors").wait_for()


def test_from_a_worry_to_a_reply_that_is_doubted_and_replaced(transactional_db, visit, enter):
    make_specialty("Dermatology")
    doctor, colleague = make_doctor("Ada Example"), make_doctor("Ben Example")
    patient = visit("/")
    ask(patient)
    accept_with_an_edit(enter(make_user(role="Moderators", is_staff=True), "/admin/", width=1280))
    question = Question.objects.get()
    assert "Anna" not in question.body
    assert "Anna" in question.revisions.get().text

    desk = enter(doctor.user, "/admin/", width=1280)
    desk.get_by_role("link", name=re.compile("reply|answer|Questions", re.IGNORECASE)).first.click()
    press(desk, "Open")
    publish(desk, WORDS + ADVICE)
    desk.get_by_text("real world").first.wait_for()
    assert not Reply.objects.published().exists()
    publish(desk, ADVICE)
    desk.get_by_text("Published. The patient is told.").wait_for()

    send_waiting()
    in_step()
    link = re.search(r"http\S+/my/\S+/", mail.outbox[-1].body).group()
    patient.goto(re.sub(r"^https?://[^/]+", "", link))
    expect(patient.get_by_text(ADVICE)).to_be_visible()
    visitor = visit("/search/?q=spots")
    visitor.get_by_role("link", name="Red spots on both legs").click()
    visitor.get_by_text(ADVICE).wait_for()

    address = reverse("admin:answer_question", args=[question.pk])
    doubt = enter(colleague.user, address, width=1280)
    doubt.get_by_text("Review this reply").click()
    doubt.get_by_label("disagrees").check()
    doubt.get_by_label("Your note").fill("Two weeks are too long for harmless spots.")
    press(doubt, "Sign and show to everybody")
    doubt.wait_for_load_state()
    visitor.reload()
    expect(visitor.get_by_text("Two weeks are too long for harmless spots.")).to_be_visible()

    desk.goto(address)
    press(desk, "Replace it by a new reply")
    publish(desk, BETTER)
    desk.get_by_text("Published.").first.wait_for()
    visitor.reload()
    expect(visitor.get_by_text(BETTER)).to_be_visible()
    expect(visitor.get_by_text(ADVICE)).to_have_count(0)
    expect(visitor.get_by_text("was withdrawn on")).to_be_visible()
