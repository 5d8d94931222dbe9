"""Staff: password and second factor, what is lost and reset, invitations, and the licences of doctors."""

import datetime
import re
import time

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, generate_totp_secret, hotp_value
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group, Permission
from django.core import mail
from django.core.cache import cache
from django.core.mail.backends.locmem import EmailBackend
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import invitations, licences, second_factor
from accounts.limits import WAIT
from accounts.models import Doctor, User
from qa.errors import InvalidTransition
from qa.models import Question, QuestionStatus
from tests.factories import make_doctor, make_patient, make_question, make_reply, make_specialty, make_user
from tests.test_settings import PRODUCTION, try_each

pytestmark = pytest.mark.django_db

PASSWORD = "a-long-secret"
LOGIN, CODE, FACTORS = "/admin/login/", "/accounts/staff/code/", "/accounts/staff/"
APP, CODES = "/accounts/staff/app/", "/accounts/staff/recovery-codes/"
STEP = 30  # seconds an app shows one code


@pytest.fixture(autouse=True)
def as_in_production(settings):
    """A second factor is required, and no limit of another test counts."""
    settings.SECOND_FACTOR_REQUIRED = True
    cache.clear()


@pytest.fixture
def later(monkeypatch):
    def move(seconds, now=time.time):
        monkeypatch.setattr(time, "time", lambda: now() + seconds)

    return move


@pytest.fixture
def administrator(db):
    return make_user("admin@example.org", is_staff=True, is_superuser=True)


@pytest.fixture
def people(administrator, doctor, moderator, editor, patient):
    everybody = {"administrator": administrator, "doctor": doctor.user, "moderator": moderator}
    return everybody | {"editor": editor, "patient": patient.user}


def app_code(secret, steps=0):
    return format_hotp_value(hotp_value(secret, int(time.time()) // STEP + steps))


def give_app(user):
    """The user's app, and the recovery codes that come with it; returns the app's secret."""
    secret = generate_totp_secret()
    Authenticator.objects.create(user=user, type=Authenticator.Type.TOTP, data={"secret": secret})
    second_factor.new_recovery_codes(user)
    return secret


def give_password(client, user, **more):
    return client.post(LOGIN, {"username": user.email, "password": PASSWORD, **more})


def sign_in(client, user, secret=None):
    """As an administrator and others do it, with a factor that may have to be set up first."""
    secret = secret or give_app(user)
    give_password(client, user)
    return client.post(CODE, {"code": app_code(secret)})


def sees_desks(client):
    return client.get(reverse("admin:index")).status_code == 200


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


# Changing and losing factors


def test_the_last_factor_stays_where_one_is_required(client, moderator, settings):
    sign_in(client, moderator)
    app = second_factor.factors(moderator)[0]
    page = reverse("staff_factor_remove", args=[app.pk])
    assert "only second factor" in client.post(page, follow=True).text
    settings.SECOND_FACTOR_REQUIRED = False
    client.post(page)
    assert not Authenticator.objects.exists()
    assert "was removed" in mail.outbox[-1].body


def test_nobody_removes_the_factor_of_another(client, moderator, editor):
    give_app(editor)
    sign_in(client, moderator)
    for factor in editor.authenticator_set.all():
        assert client.post(reverse("staff_factor_remove", args=[factor.pk])).status_code == 404


def test_a_removed_factor_ends_the_sessions_it_has_opened(client, moderator):
    sign_in(client, moderator)
    key = Authenticator.objects.create(user=moderator, type=Authenticator.Type.WEBAUTHN, data={"name": "Key"})
    app = second_factor.factors(moderator)[0]
    second_factor.remove(moderator, app)
    assert not sees_desks(client)
    assert second_factor.factors(moderator) == [key]


def act(client, action, *users):
    data = {"action": action, "_selected_action": [user.pk for user in users]}
    return client.post(reverse("admin:accounts_user_changelist"), data, follow=True)


def test_an_administrator_resets_a_lost_factor_which_is_logged_and_told(client, administrator, moderator):
    secret, theirs = give_app(moderator), Client()
    sign_in(theirs, moderator, secret)
    sign_in(client, administrator)
    act(client, "reset_second_factor", moderator)
    assert not moderator.authenticator_set.exists()
    assert not sees_desks(theirs)
    assert LogEntry.objects.get(object_id=str(moderator.pk)).change_message == "Second factor reset."
    assert mail.outbox[-1].to == [moderator.email]
    assert "reset your second factor" in mail.outbox[-1].body
    assert give_password(theirs, moderator).headers["Location"] == FACTORS


def test_a_closed_account_loses_its_sessions_at_once(client, moderator):
    sign_in(client, moderator)
    assert sees_desks(client)
    User.objects.filter(pk=moderator.pk).update(is_active=False)
    assert not sees_desks(client)


def test_nobody_but_an_administrator_raises_anybody(client, administrator, editor):
    editor.user_permissions.set(Permission.objects.filter(content_type__app_label="accounts"))
    sign_in(client, editor)
    for user in (editor, administrator):
        assert (
            client.post(reverse("admin:accounts_user_change", args=[user.pk]), {"is_superuser": "on"}).status_code
            == 403
        )
        assert client.get(reverse("admin:auth_user_password_change", args=[user.pk])).status_code == 403
        assert client.post(reverse("admin:accounts_user_delete", args=[user.pk]), {"post": "yes"}).status_code == 403
    someone = make_user("someone@example.org", name="Old")
    page = reverse("admin:accounts_user_change", args=[someone.pk])
    client.post(page, {"name": "New", "email": "mine@example.org", "is_staff": "on", "is_superuser": "on"})
    someone.refresh_from_db()
    assert (someone.name, someone.email) == ("New", "someone@example.org")
    assert not someone.is_staff
    assert not someone.is_superuser
    assert client.get(reverse("admin:accounts_user_invite")).status_code == 403
    act(client, "reset_second_factor", administrator)
    assert not LogEntry.objects.filter(change_message__contains="reset").exists()


def test_a_weak_password_is_refused(client, administrator, moderator):
    sign_in(client, administrator)
    for weak in ("short", "password1", "12345678"):
        data = {"usable_password": "true", "password1": weak, "password2": weak}
        page = reverse("admin:auth_user_password_change", args=[moderator.pk])
        assert client.post(page, data).status_code == 200
    moderator.refresh_from_db()
    assert moderator.check_password(PASSWORD)


# Invitations


def invite(client, administrator, **more):
    if not sees_desks(client):
        sign_in(client, administrator)
    role = Group.objects.get(name=more.pop("role", "Doctors"))
    data = {"email": "New.Doctor@example.org", "name": "Mei Lin", "role": role.pk}
    data |= {"specialties": [make_specialty().pk]} if role.name == "Doctors" else {}
    return client.post(reverse("admin:accounts_user_invite"), data | more)


def invited_link(number=-1):
    return re.search(r"http://testserver(/accounts/invitation/\S+)", mail.outbox[number].body)[1]


def set_password(client, link, password="quite-a-good-one"):
    return client.post(link, {"new_password1": password, "new_password2": password})


def test_an_invited_doctor_sets_password_and_factor_and_is_not_verified(client, administrator):
    assert invite(client, administrator).status_code == 302
    doctor = Doctor.objects.get(name="Mei Lin")
    assert doctor.user.email == "new.doctor@example.org"
    assert doctor.user.is_staff
    assert [group.name for group in doctor.user.groups.all()] == ["Doctors"]
    assert [specialty.name for specialty in doctor.specialties.all()] == ["Dermatology"]
    assert not doctor.is_verified
    assert doctor not in Doctor.objects.public()
    visitor = Client()
    page = visitor.get(invited_link())
    assert page.headers["X-Robots-Tag"] == "noindex"
    assert page.headers["Referrer-Policy"] == "strict-origin"
    assert '<meta name="robots" content="noindex">' in page.text
    assert set_password(visitor, invited_link()).headers["Location"] == FACTORS
    assert not sees_desks(visitor)
    visitor.post(APP, {"begin": "1"})
    secret = visitor.session["staff_app_secret"]
    visitor.post(APP, {"code": app_code(secret)})
    assert sees_desks(visitor)
    assert visitor.get(reverse("admin:qa_question_changelist")).status_code == 200


@pytest.mark.parametrize("role", ["Moderators", "Editors"])
def test_moderators_and_editors_are_invited_too(client, administrator, role):
    invite(client, administrator, role=role)
    user = User.objects.get(email="new.doctor@example.org")
    assert [group.name for group in user.groups.all()] == [role]
    assert not Doctor.objects.exists()


@pytest.mark.parametrize("password", ["", "short", "12345678", "password1", "new.doctor@example.org"])
def test_an_invited_person_needs_a_good_password(client, administrator, password):
    invite(client, administrator)
    assert set_password(Client(), invited_link(), password).status_code == 200
    assert not User.objects.get(email="new.doctor@example.org").has_usable_password()


def test_a_link_works_once(client, administrator):
    invite(client, administrator)
    set_password(Client(), invited_link())
    response = set_password(Client(), invited_link(), "another-good-one")
    assert response.status_code == 410
    assert "no longer works" in response.text
    assert User.objects.get(email="new.doctor@example.org").check_password("quite-a-good-one")


def test_a_link_works_for_seven_days(client, administrator, later):
    invite(client, administrator)
    later(7 * 24 * 3600 - 60)
    assert Client().get(invited_link()).status_code == 200
    later(7 * 24 * 3600 + 60)
    assert "no longer works" in Client().get(invited_link()).text
    assert set_password(Client(), invited_link()).status_code == 410


def test_a_newer_link_replaces_the_older_one_and_a_closed_account_ends_both(client, administrator):
    invite(client, administrator)
    user = User.objects.get(email="new.doctor@example.org")
    act(client, "invite_again", user)
    assert invited_link(-1) != invited_link(-2)
    assert Client().get(invited_link(-2)).status_code == 410
    assert Client().get(invited_link(-1)).status_code == 200
    assert "no open invitation" in act(client, "invite_again", administrator).text
    User.objects.update(is_active=False)
    assert Client().get(invited_link(-1)).status_code == 410


def test_a_tampered_link_gets_a_page_of_its_own(client, administrator):
    invite(client, administrator)
    link = invited_link()
    for wrong in (
        link[:-3] + "x/",
        "/accounts/invitation/x/",
        "/accounts/invitation/a:b:c/",
        "/accounts/invitation/%00/",
    ):
        for response in (Client().get(wrong), set_password(Client(), wrong)):
            assert response.status_code == 404
            assert "does not work" in response.text


def test_no_log_holds_the_key_of_an_invitation(caplog):
    Client().get("/accounts/invitation/a-key-of-an-invitation/")
    assert "/accounts/invitation/***/" in caplog.text
    assert "a-key-of" not in caplog.text


def test_an_address_that_is_known_is_not_invited_and_the_form_says_why(client, administrator, moderator, patient):
    invite(client, administrator)
    for email, reason in [
        ("NEW.doctor@example.org", "invited already"),
        (moderator.email, "works here already"),
        (patient.user.email, "patient&#x27;s account"),
    ]:
        assert reason in invite(client, administrator, email=email).text
    assert len([message for message in mail.outbox if "invited" in message.subject]) == 1


def test_a_doctor_needs_a_specialty_and_others_have_none(client, administrator):
    assert "needs a specialty" in invite(client, administrator, specialties=[]).text
    specialties = [make_specialty().pk]
    assert "Only doctors" in invite(client, administrator, role="Editors", specialties=specialties).text
    assert not mail.outbox


def test_when_the_invitation_cannot_be_sent_nobody_is_made(client, administrator, monkeypatch):
    sign_in(client, administrator)

    def fail(*args):
        raise OSError

    monkeypatch.setattr(EmailBackend, "send_messages", fail)
    assert "could not be sent" in invite(client, administrator).text
    assert not User.objects.filter(email="new.doctor@example.org").exists()
    assert not Doctor.objects.exists()


def test_two_doctors_of_one_name_are_both_invited():
    role = Group.objects.get(name="Doctors")
    for number in range(3):
        invitations.invite(f"doctor{number}@example.org", "Mei Lin", role, [])
    invitations.invite("other@example.org", "林美", role, [])
    slugs = set(Doctor.objects.values_list("slug", flat=True))
    assert slugs == {"mei-lin", "mei-lin-2", "mei-lin-3", "doctor"}


# Licences

LICENCE = {"licence_number": "T-1", "licence_issuer": "Ministry of Health", "evidence_note": "Seen in the register."}


def in_days(number):
    return timezone.localdate() + datetime.timedelta(days=number)


def unverified(**fields):
    nothing = {"licence_number": "", "licence_issuer": "", "licence_expires_on": None, "verified_at": None}
    return make_doctor("Mei Lin", **nothing | fields)


def test_an_administrator_verifies_a_licence_and_the_system_notes_who_and_when(client, administrator):
    doctor = unverified()
    sign_in(client, administrator)
    page = reverse("admin:accounts_doctor_verify", args=[doctor.pk])
    response = client.post(page, LICENCE | {"licence_expires_on": in_days(400).isoformat()})
    assert response.headers["Location"] == reverse("admin:accounts_doctor_change", args=[doctor.pk])
    doctor.refresh_from_db()
    assert doctor.may_publish()
    assert doctor.verified_by == administrator
    assert timezone.now() - doctor.verified_at < datetime.timedelta(minutes=1)
    assert "Seen in the register." in LogEntry.objects.get(object_id=str(doctor.pk)).change_message
    assert "You can publish" in mail.outbox[-1].body
    assert "T-1" not in mail.outbox[-1].body


@pytest.mark.parametrize("missing", ["licence_number", "licence_issuer", "licence_expires_on", "evidence_note"])
def test_a_licence_is_verified_with_all_that_belongs_to_it_only(client, administrator, missing):
    doctor = unverified()
    sign_in(client, administrator)
    data = LICENCE | {"licence_expires_on": in_days(400).isoformat()} | {missing: ""}
    assert client.post(reverse("admin:accounts_doctor_verify", args=[doctor.pk]), data).status_code == 200
    data = LICENCE | {"licence_expires_on": in_days(-1).isoformat()}
    assert "has ended" in client.post(reverse("admin:accounts_doctor_verify", args=[doctor.pk]), data).text
    doctor.refresh_from_db()
    assert doctor.verified_at is None


def test_nobody_writes_a_verification_by_hand_nor_without_the_right(client, administrator, moderator):
    doctor = unverified()
    sign_in(client, administrator)
    page = client.get(reverse("admin:accounts_doctor_change", args=[doctor.pk])).text
    assert not re.search(r'name="(licence|verified|withdrawn|evidence)', page)
    client.post(reverse("admin:accounts_doctor_change", args=[doctor.pk]), {"verified_at_0": "2026-01-01"} | LICENCE)
    doctor.refresh_from_db()
    assert doctor.verified_at is None
    theirs = Client()
    for user in (moderator, doctor.user):
        sign_in(theirs, user)
        for verb in ("verify", "withdraw"):
            page = reverse(f"admin:accounts_doctor_{verb}", args=[doctor.pk])
            assert theirs.get(page).status_code == 403
            assert theirs.post(page, LICENCE | {"reason": "x"}).status_code == 403


def test_moderators_and_editors_see_no_address_and_no_proof_of_a_doctor(client, moderator, editor):
    doctor = make_doctor("Mei Lin", evidence_note="Proof", user=make_user("mei@example.org", is_staff=True))
    for user in (moderator, editor):
        sign_in(client, user)
        page, history = (reverse(f"admin:accounts_doctor_{name}", args=[doctor.pk]) for name in ("change", "history"))
        text = client.get(page).text + client.get(reverse("admin:accounts_doctor_changelist")).text
        assert "Mei Lin" in text
        assert "Proof" not in text
        assert "mei@example.org" not in text
        assert "Mei Lin" not in client.get(reverse("admin:accounts_doctor_changelist"), {"q": "mei@"}).text
        assert client.get(history).status_code == 403
        client.logout()


def test_a_withdrawn_verification_takes_publishing_and_keeps_the_history(client, administrator):
    doctor = make_doctor("Mei Lin")
    sign_in(client, administrator)
    page = reverse("admin:accounts_doctor_withdraw", args=[doctor.pk])
    assert client.post(page, {"reason": ""}).status_code == 200
    client.post(page, {"reason": "The register says suspended."})
    doctor.refresh_from_db()
    assert not doctor.may_publish()
    assert doctor in Doctor.objects.public()
    assert doctor not in Doctor.objects.licensed()
    assert (doctor.withdrawn_by, doctor.withdrawal_reason) == (administrator, "The register says suspended.")
    assert "suspended" in LogEntry.objects.get(object_id=str(doctor.pk)).change_message
    assert "suspended" in mail.outbox[-1].body
    assert "is not verified" in client.post(page, {"reason": "Again"}, follow=True).text
    with pytest.raises(InvalidTransition):
        make_reply(doctor=doctor).publish(doctor.user)
    doctor.licence_expires_on = in_days(300)
    doctor.evidence_note = "Suspension lifted."
    doctor.verify(administrator)
    doctor.refresh_from_db()
    assert doctor.may_publish()
    assert doctor.withdrawal_reason == ""


def test_a_withdrawal_without_reason_cannot_exist():
    doctor = make_doctor()
    for fields in ({"withdrawn_at": timezone.now()}, {"withdrawal_reason": "x"}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Doctor.objects.filter(pk=doctor.pk).update(**fields)


def test_a_licence_counts_up_to_its_last_day_and_not_one_more(doctor):
    published = make_reply(doctor=doctor)
    published.publish(doctor.user)
    for days, may_publish in [(1, True), (0, True), (-1, False)]:
        doctor.licence_expires_on = in_days(days)
        doctor.save()
        reply = make_reply(doctor=doctor)
        if may_publish:
            reply.publish(doctor.user)
        else:
            with pytest.raises(InvalidTransition):
                reply.publish(doctor.user)
        assert (doctor in Doctor.objects.licensed()) == may_publish
    published.refresh_from_db()
    assert published.published_at
    assert doctor in Doctor.objects.public()


@pytest.mark.parametrize(
    "fields",
    [
        {"licence_expires_on": in_days(-1)},
        {"verified_at": None},
        {"verified_at": None, "withdrawn_at": timezone.now(), "withdrawal_reason": "Suspended"},
    ],
)
def test_without_a_licence_in_force_a_doctor_reads_no_open_question(client, doctor, fields):
    make_question(QuestionStatus.OPEN, title="Only for doctors", specialty=doctor.specialties.get())
    sign_in(client, doctor.user)
    page = reverse("admin:qa_question_changelist")
    assert "Only for doctors" in client.get(page).text
    Doctor.objects.filter(pk=doctor.pk).update(**fields)
    assert "Only for doctors" not in client.get(page).text
    assert not Question.objects.visible_to(doctor.user).exists()


def test_administrators_find_licences_that_end_within_sixty_days(client, administrator):
    make_doctor("Soon", licence_expires_on=in_days(60))
    make_doctor("Later", licence_expires_on=in_days(61))
    make_doctor("Ended", licence_expires_on=in_days(-1))
    unverified()
    sign_in(client, administrator)
    found = {}
    for value in ("soon", "in_force", "ended", "none", "withdrawn"):
        page = client.get(reverse("admin:accounts_doctor_changelist"), {"licence": value})
        found[value] = {doctor.name for doctor in page.context["cl"].queryset}
    assert found == {
        "soon": {"Soon"},
        "in_force": {"Soon", "Later"},
        "ended": {"Ended"},
        "none": {"Mei Lin"},
        "withdrawn": set(),
    }


def test_a_doctor_is_told_once_that_the_licence_ends_within_a_month(monkeypatch):
    doctor = make_doctor(licence_expires_on=in_days(30))
    make_doctor(licence_expires_on=in_days(31))
    make_doctor(licence_expires_on=in_days(-1))
    make_doctor(licence_expires_on=in_days(3), verified_at=None)
    make_doctor(licence_expires_on=in_days(3), user=None)
    with monkeypatch.context() as broken:
        broken.setattr(EmailBackend, "send_messages", lambda *args: (_ for _ in ()).throw(OSError))
        assert licences.tell_expiring() == 0
    assert [licences.tell_expiring(), licences.tell_expiring()] == [1, 0]
    assert mail.outbox[0].to == [doctor.user.email]
    assert "cannot publish" in mail.outbox[0].body
    Doctor.objects.filter(pk=doctor.pk).update(licence_expires_on=in_days(20))
    assert licences.tell_expiring() == 1


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
