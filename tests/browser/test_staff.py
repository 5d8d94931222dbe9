"""An invited doctor in a real browser: a passkey as the second factor; and all of it without JavaScript by codes."""

import re
import time

import pytest
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.contrib.auth.models import Group
from django.core import mail
from django.core.cache import cache
from playwright.sync_api import expect

from accounts.invitations import invite
from qa.roles import sync_roles
from tests.factories import make_specialty

PASSWORD = "quite-a-good-one"


@pytest.fixture(autouse=True)
def as_in_production(settings):
    settings.SECOND_FACTOR_REQUIRED = True
    settings.MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = True  # the browser is at http://localhost
    cache.clear()


@pytest.fixture
def link(transactional_db):
    """Where the invitation of a doctor leads."""
    sync_roles()
    invite("mei@example.org", "Mei Lin", Group.objects.get(name="Doctors"), [make_specialty()])
    return re.search(r"/accounts/invitation/\S+", mail.outbox.pop().body)[0]


def press(page, name):
    page.get_by_role("button", name=name).click()


def choose_password(page):
    page.get_by_label("New password", exact=True).fill(PASSWORD)
    page.get_by_label("New password confirmation").fill(PASSWORD)
    press(page, "Go on")


def sign_in(page):
    page.goto("/admin/login/")
    page.get_by_label("E-mail address").fill("mei@example.org")
    page.get_by_label("Password").fill(PASSWORD)
    press(page, "Sign in")


def give_passkeys(page):
    """A phone that knows its owner, as the browser's own tools can play it."""
    tools = page.context.new_cdp_session(page)
    tools.send("WebAuthn.enable")
    options = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True}
    options |= {"isUserVerified": True, "automaticPresenceSimulation": True}
    tools.send("WebAuthn.addVirtualAuthenticator", {"options": options})


def test_an_invited_doctor_signs_in_with_a_passkey_as_second_factor(visit, link):
    page = visit(link)
    give_passkeys(page)
    choose_password(page)
    page.get_by_role("link", name="Add a passkey").click()
    press(page, "Add")
    page.wait_for_url("**/recovery-codes/")
    expect(page.locator("main code")).to_have_count(10)
    press(page, "I have kept them")
    page.wait_for_url("**/admin/")
    page.context.clear_cookies()
    sign_in(page)
    expect(page.get_by_role("heading", level=1)).to_have_text("Second step")
    press(page, "Use my passkey")
    page.wait_for_url("**/admin/")


def test_without_javascript_an_app_does_and_a_recovery_code_stands_in(visit, link):
    page = visit(link, java_script_enabled=False)
    choose_password(page)
    press(page, "Set up an app")
    secret = page.locator("main code").inner_text().replace(" ", "")
    page.get_by_label("The code the app shows now").fill(format_hotp_value(hotp_value(secret, int(time.time()) // 30)))
    press(page, "Go on")
    code = page.locator("main code").first.inner_text()
    press(page, "I have kept them")
    expect(page).to_have_url(re.compile("/admin/$"))
    page.context.clear_cookies()
    sign_in(page)
    page.get_by_role("textbox", name="Code").fill(code)
    press(page, "Go on")
    expect(page).to_have_url(re.compile("/admin/$"))
