"""Invitations of staff: a link that works once and for a week, to a good password and a second factor."""

from contextlib import suppress

import pytest
from django.contrib.auth.models import Group
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts import invitations
from accounts.models import Doctor, User
from tests import signing_in, staff
from tests.factories import make_specialty
from tests.staff import APP, FACTORS, act, app_code, invite, invited_link, sees_desks, sign_in

pytestmark = pytest.mark.django_db
as_in_production, administrator, later = staff.as_in_production, staff.administrator, signing_in.later


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


def fail(*args):
    raise OSError


def test_when_the_invitation_cannot_be_sent_nobody_is_made(client, administrator, monkeypatch):
    sign_in(client, administrator)
    monkeypatch.setattr(EmailBackend, "send_messages", fail)
    assert "could not be sent" in invite(client, administrator).text
    assert not User.objects.filter(email="new.doctor@example.org").exists()
    assert not Doctor.objects.exists()


def test_when_it_cannot_be_sent_again_the_first_link_works_on(client, administrator, monkeypatch):
    invite(client, administrator)
    user = User.objects.get(email="new.doctor@example.org")
    with monkeypatch.context() as broken:
        broken.setattr(EmailBackend, "send_messages", fail)
        assert "could not be sent" in act(client, "invite_again", user).text
    assert Client().get(invited_link()).status_code == 200


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("fails", [False, True])
def test_nothing_is_locked_while_the_mail_server_is_waited_for(monkeypatch, fails):
    role, locked = Group.objects.get_or_create(name="Doctors")[0], []

    def send(backend, messages):
        locked.append(connection.in_atomic_block)
        if fails and len(locked) != 2:
            raise OSError

    monkeypatch.setattr(EmailBackend, "send_messages", send)
    for invited in (
        lambda: invitations.invite("doctor@example.org", "Mei Lin", role, []),
        lambda: invitations.invite("other@example.org", "Mei Lin", role, []),
        lambda: invitations.invite_again(User.objects.get(email="other@example.org")),
    ):
        with suppress(invitations.InvitationNotSent):
            invited()
    assert locked == [False] * 3


def test_who_only_looks_at_an_invitation_locks_nothing(client, administrator):
    invite(client, administrator)
    with CaptureQueriesContext(connection) as queries:
        assert Client().get(invited_link()).status_code == 200
    assert queries
    for query in queries:
        assert not query["sql"].startswith("SAVEPOINT")
        assert "FOR UPDATE" not in query["sql"]


def test_two_doctors_of_one_name_are_both_invited():
    role = Group.objects.get(name="Doctors")
    for number in range(3):
        invitations.invite(f"doctor{number}@example.org", "Mei Lin", role, [])
    invitations.invite("other@example.org", "林美", role, [])
    slugs = set(Doctor.objects.values_list("slug", flat=True))
    assert slugs == {"mei-lin", "mei-lin-2", "mei-lin-3", "doctor"}
