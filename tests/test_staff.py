"""Staff: who works here enters by password and second factor, and not otherwise, on pages in the portal's look."""

import re

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import generate_totp_secret
from django.core import mail
from django.test import Client
from django.urls import reverse

from accounts import second_factor
from accounts.limits import WAIT
from accounts.models import User
from tests import signing_in, staff
from tests.factories import make_doctor, make_patient, make_user
from tests.staff import (
    APP,
    CODE,
    CODES,
    FACTORS,
    LOGIN,
    PASSWORD,
    STEP,
    app_code,
    give_app,
    give_password,
    invite,
    invited_link,
    sees_desks,
    sign_in,
)
from tests.test_settings import PRODUCTION, try_each

pytestmark = pytest.mark.django_db
as_in_production, administrator, later = staff.as_in_production, staff.administrator, signing_in.later


@pytest.fixture
def people(administrator, doctor, moderator, editor, patient):
    everybody = {"administrator": administrator, "doctor": doctor.user, "moderator": moderator}
    return everybody | {"editor": editor, "patient": patient.user}


# Signing in


@pytest.mark.parametrize("role", ["administrator", "doctor", "moderator", "editor", "patient"])
@pytest.mark.parametrize("is_set", [True, False])
@pytest.mark.parametrize("is_used", [True, False])
def test_only_staff_who_have_used_a_second_factor_enter_the_admin(client, people, role, is_set, is_used):
    user = people[role]
    secret = give_app(user) if is_set else generate_totp_secret()
    give_password(client, user)
    if is_used:
        client.post(CODE, {"code": app_code(secret)})
    allowed = is_set and is_used and role != "patient"
    for page in ("admin:index", "admin:qa_question_changelist", "profile", "own_data_json", "admin:password_change"):
        status = client.get(reverse(page)).status_code
        assert (status == 200) == allowed, page


@pytest.mark.parametrize("role", ["administrator", "doctor", "moderator", "editor"])
@pytest.mark.parametrize("is_set", [True, False])
def test_a_session_of_staff_that_was_opened_otherwise_is_nobodys(client, people, role, is_set):
    if is_set:
        give_app(people[role])
    client.force_login(people[role])
    assert not sees_desks(client)
    assert client.get(reverse("profile")).status_code == 302
    assert client.get(FACTORS).headers["Location"].startswith(LOGIN)


def test_a_patient_who_becomes_staff_while_signed_in_signs_in_anew(client):
    user = make_user()
    client.force_login(user)
    assert client.get(reverse("profile")).status_code == 200
    User.objects.filter(pk=user.pk).update(is_staff=True, is_superuser=True)
    assert not sees_desks(client)


def test_without_a_factor_staff_set_one_up_before_anything_else(client, moderator):
    assert give_password(client, moderator, next="/admin/qa/question/").headers["Location"] == FACTORS
    assert "Set up your second factor" in client.get(FACTORS).text
    assert not sees_desks(client)
    assert client.post(APP, {"begin": "1"}).headers["Location"] == APP
    page = client.get(APP).text
    secret = re.search(r"<code>([A-Z2-7 ]+)</code>", page)[1].replace(" ", "")
    assert client.get("/accounts/staff/app/picture.svg").headers["Content-Type"] == "image/svg+xml"
    assert "not the code" in client.post(APP, {"code": "000000"}).text
    assert not sees_desks(client)
    assert client.post(APP, {"code": app_code(secret)}).headers["Location"] == CODES
    codes = re.findall(r"<code>(\d{4} \d{4})</code>", client.get(CODES).text)
    assert len(set(codes)) == 10
    assert client.post(CODES).headers["Location"] == "/admin/qa/question/"
    assert sees_desks(client)
    assert client.get(CODES).headers["Location"] == FACTORS
    assert "An app was added" in mail.outbox[-1].body


def test_a_password_alone_does_not_change_the_factors_of_who_has_one(client, moderator):
    give_app(moderator)
    give_password(client, moderator)
    for page in (FACTORS, APP, CODES, reverse("staff_passkey_add"), reverse("staff_app_picture")):
        assert client.get(page).headers["Location"].startswith(LOGIN)
        assert client.post(page, {"begin": "1", "make": "1"}).status_code in (302, 405)
    assert Authenticator.objects.count() == 2


def test_a_second_factor_is_required_unless_debug_is_on(tmp_path):
    cases = [{}, {"DEBUG": "1"}]
    shown = [
        said["SECOND_FACTOR_REQUIRED"] for said in try_each(cases, tmp_path, "SECOND_FACTOR_REQUIRED", **PRODUCTION)
    ]
    assert shown == [True, False]


@pytest.mark.parametrize("has_one", [True, False])
def test_where_none_is_required_staff_may_still_have_one(client, moderator, settings, has_one):
    settings.SECOND_FACTOR_REQUIRED = False
    if has_one:
        give_app(moderator)
    give_password(client, moderator)
    assert sees_desks(client) != has_one


def test_wrong_passwords_strangers_patients_and_closed_accounts_read_the_same(client, moderator):
    closed = make_user("closed@example.org", is_staff=True, is_active=False)
    known_patient = make_patient().user
    said = set()
    for email, password in [
        (moderator.email, "wrong"),
        ("nobody@example.org", PASSWORD),
        (closed.email, PASSWORD),
        (known_patient.email, PASSWORD),
    ]:
        text = client.post(LOGIN, {"username": email, "password": password}).text
        said.add(re.search(r"do not belong to anybody who works here", text)[0])
        assert not sees_desks(client)
    assert len(said) == 1


def test_after_signing_in_one_never_lands_on_another_site(client, moderator):
    secret = give_app(moderator)
    give_password(client, moderator, next="https://elsewhere.example.org/")
    assert client.post(CODE, {"code": app_code(secret)}).headers["Location"] == reverse("admin:index")


def test_the_password_counts_for_a_quarter_of_an_hour_only(client, moderator, later):
    secret = give_app(moderator)
    give_password(client, moderator)
    later(second_factor.LIFETIME + 1)
    assert client.post(CODE, {"code": app_code(secret)}).headers["Location"] == LOGIN
    assert not sees_desks(client)


def test_a_changed_password_or_closed_account_ends_what_waits_for_the_factor(client, moderator):
    secret = give_app(moderator)
    give_password(client, moderator)
    moderator.set_password("another-long-secret")
    moderator.save()
    client.post(CODE, {"code": app_code(secret)})
    assert not sees_desks(client)


def test_a_code_of_the_app_works_once(client, moderator, later):
    secret = give_app(moderator)
    code = app_code(secret, steps=1)
    for visitor, works in [(client, True), (Client(), False)]:
        give_password(visitor, moderator)
        visitor.post(CODE, {"code": code})
        assert sees_desks(visitor) == works
        later(STEP)  # it is still a code of that time


def test_a_recovery_code_works_once_and_a_mail_tells(client, moderator):
    give_app(moderator)
    code = second_factor.recovery_codes(moderator)[3]
    for visitor, works in [(client, True), (Client(), False)]:
        give_password(visitor, moderator)
        visitor.post(CODE, {"code": f"{code[:4]} {code[4:]}"})
        assert sees_desks(visitor) == works
    assert "You have 9 left" in mail.outbox[-1].body
    assert len(mail.outbox) == 1


def test_new_recovery_codes_replace_the_old_and_keep_the_session(client, moderator):
    sign_in(client, moderator)
    old = second_factor.recovery_codes(moderator)
    assert client.post(CODES, {"make": "1"}).headers["Location"] == CODES
    assert not set(old) & set(second_factor.recovery_codes(moderator))
    assert client.get(CODES).status_code == 200
    assert client.post(CODES).headers["Location"] == FACTORS
    assert "10 codes left" in client.get(FACTORS).text


@pytest.mark.parametrize("code", ["", "0", "\0", "😀" * 50, "1" * 10_000, "000000", "ً١٢٣"])
def test_no_odd_code_lets_anybody_in(client, moderator, code):
    give_app(moderator)
    give_password(client, moderator)
    assert client.post(CODE, {"code": code}).status_code == 200
    assert not sees_desks(client)


@pytest.mark.parametrize("credential", ["", "{}", "[]", "[1]", "null", '{"id": 1}', "x"])
def test_what_is_no_passkey_lets_nobody_in_and_is_not_added(client, moderator, credential):
    give_password(client, moderator)
    assert client.post(reverse("staff_passkey_add"), {"credential": credential}).status_code == 200
    assert not Authenticator.objects.exists()
    give_app(moderator)
    assert client.post(reverse("staff_passkey"), {"credential": credential}).headers["Location"] == CODE
    assert not sees_desks(client)


def test_after_five_wrong_codes_the_password_is_asked_for_again(client, moderator):
    secret = give_app(moderator)
    give_password(client, moderator)
    for _attempt in range(second_factor.MAX_TRIES - 1):
        assert client.post(CODE, {"code": "000000"}).status_code == 200
    assert client.post(CODE, {"code": "000000"}).headers["Location"] == LOGIN
    client.post(CODE, {"code": app_code(secret)})
    assert not sees_desks(client)


def meet_limit(times, act):
    for number in range(times):
        assert act(number).status_code != 429
    response = act(times)
    assert response.status_code == 429
    assert response.headers["Retry-After"] == str(WAIT)


def test_the_tries_at_one_password_are_limited_from_whatever_network(client, moderator):
    def guess(number):
        data = {"username": moderator.email.upper(), "password": "wrong"}
        return client.post(LOGIN, data, REMOTE_ADDR=f"192.0.2.{number}")

    meet_limit(20, guess)


def test_the_tries_at_one_second_factor_are_limited_over_all_sessions(client, moderator):
    give_app(moderator)

    def guess(number):
        if number % 4 == 0:
            give_password(client, moderator)
        return client.post(CODE, {"code": "000000"}, REMOTE_ADDR=f"192.0.2.{number}")

    meet_limit(10, guess)


def test_the_code_by_email_is_not_for_anybody_who_works_here(client, moderator):
    people = [moderator, make_doctor(user=make_user()).user, make_user(role="Moderators")]
    for user in [*people, make_user(is_superuser=True)]:
        client.post("/accounts/login/", {"email": user.email})
        assert not re.search(r"\d{4}-\d{4}", mail.outbox[-1].body)
        assert LOGIN in mail.outbox[-1].body


def test_a_patient_is_asked_for_no_second_factor(client, patient):
    Authenticator.objects.create(user=patient.user, type=Authenticator.Type.WEBAUTHN, data={"name": "x"})
    client.post("/accounts/login/", {"email": patient.user.email})
    code = re.search(r"\d{4}-\d{4}", mail.outbox[0].body)[0]
    assert client.post("/accounts/login/code/", {"code": code}).headers["Location"] == reverse("my_questions")
    assert client.get(reverse("profile")).status_code == 200
    assert client.get(FACTORS).status_code == 302


# Every page


def test_the_pages_of_staff_wear_the_look_of_the_portal_and_are_not_listed(client, moderator, administrator):
    setting_up, waiting = Client(), Client()
    give_password(setting_up, moderator)
    setting_up.post(APP, {"begin": "1"})
    invite(client, administrator)
    link = invited_link()
    give_password(waiting, administrator)
    client.post(CODES, {"make": "1"})
    remove = reverse("staff_factor_remove", args=[second_factor.factors(administrator)[0].pk])
    pages = [(Client(), LOGIN), (setting_up, FACTORS), (setting_up, APP), (setting_up, reverse("staff_passkey_add"))]
    pages += [(waiting, CODE), (client, FACTORS), (client, CODES), (Client(), link)]
    pages += [(Client(), "/accounts/invitation/x/")]
    for visitor, page in pages:
        response = visitor.get(page)
        assert 'class="masthead"' in response.text, page
        assert '<meta name="robots" content="noindex">' in response.text, page
        assert "no-store" in response.headers["Cache-Control"], page
        inline = re.findall(r"<script(?![^>]*\bsrc=)[^>]*>", response.text)
        assert all('type="application/json"' in tag for tag in inline), page
    assert client.get(remove).status_code == 302
