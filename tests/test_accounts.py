"""Accounts: profile, address and passkeys, on pages in the portal's look that are for who is signed in."""

import re

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import urls
from accounts.models import Patient, User
from tests import signing_in
from tests.factories import make_doctor, make_user
from tests.signing_in import LOGIN, NEW, add_passkey, ask_for_code, is_signed_in, sent_code, sign_in_as, sign_up

pytestmark = pytest.mark.django_db
no_limit_from_another_test = signing_in.no_limit_from_another_test
PATIENT_PAGES = ["account_email", "mfa_list_webauthn", "mfa_add_webauthn", "account_delete"]


# Staff


@pytest.mark.parametrize("name", PATIENT_PAGES)
def test_staff_do_not_change_here_how_they_sign_in_nor_leave(client, moderator, name):
    for user in (moderator, make_doctor(user=make_user()).user):
        client.force_login(user)
        assert client.get(reverse(name)).status_code == 403
        assert client.post(reverse(name), {"questions": "erase", "is_sure": "on"}).status_code == 403
        assert "an administrator changes your address" in client.get(reverse("profile")).text
        assert User.objects.filter(pk=user.pk).exists()


# Profile


def test_a_profile_is_made_kept_and_shown_again(client):
    user = sign_up(client)
    data = {"pseudonym": "Blue Heron", "birth_year": "1980", "sex": "female"}
    assert client.post(reverse("profile"), data, follow=True).text.count("Your profile is saved.") == 1
    client.post(reverse("profile"), data | {"birth_year": ""})
    patient = Patient.objects.get(user=user)
    assert (patient.pseudonym, patient.birth_year, patient.sex) == ("Blue Heron", None, "female")
    assert 'value="Blue Heron"' in client.get(reverse("profile")).text


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("birth_year", "1850"),
        ("birth_year", str(timezone.localdate().year + 1)),
        ("birth_year", "85"),
        ("birth_year", "-1"),
        ("birth_year", "9" * 30),
        ("birth_year", "last year"),
        ("pseudonym", ""),
        ("pseudonym", "x" * 51),
        ("pseudonym", "ann@example.org"),
        ("sex", "robot"),
    ],
)
def test_what_cannot_be_is_refused_with_a_sentence(client, field, value):
    sign_up(client)
    data = {"pseudonym": "Blue Heron", "birth_year": "1980", "sex": "female"} | {field: value}
    response = client.post(reverse("profile"), data)
    assert 'class="error-summary"' in response.text
    assert not Patient.objects.exists()


def test_nobody_reads_or_writes_the_profile_of_another(client, patient):
    sign_up(client)
    assert patient.pseudonym not in client.get(reverse("profile")).text
    client.post(reverse("profile"), {"pseudonym": "Mine", "sex": "other", "user": patient.user.pk, "id": patient.pk})
    patient.refresh_from_db()
    assert patient.pseudonym == "Blue Heron"


# The address


def change_address(client, email):
    client.post(reverse("account_email"), {"email": email, "action_add": "1"})
    return client.post(reverse("account_email_verification_sent"), {"code": sent_code()})


def test_the_address_changes_once_the_code_sent_there_is_entered(client):
    user = sign_up(client)
    client.post(reverse("account_email"), {"email": "next@example.org", "action_add": "1"})
    assert mail.outbox[-1].to == ["next@example.org"]
    user.refresh_from_db()
    assert user.email == NEW
    client.post(reverse("account_email_verification_sent"), {"code": sent_code()})
    user.refresh_from_db()
    assert user.email == "next@example.org"
    assert list(EmailAddress.objects.values_list("email", "verified")) == [("next@example.org", True)]
    assert mail.outbox[-1].to == [NEW]  # the old one is told
    client.post(reverse("account_logout"))
    sign_in_as(client, "next@example.org")
    assert User.objects.get() == user


def test_nobody_takes_the_address_of_another(client, patient):
    user = sign_up(client)
    assert ask_for_code(Client(), patient.user.email).status_code == 302
    response = change_address(client, patient.user.email)
    assert "belongs to another account" in response.text
    user.refresh_from_db()
    assert user.email == NEW


# Passkeys


def test_a_passkey_of_another_can_be_neither_renamed_nor_removed(client, patient):
    sign_up(client)
    key = add_passkey(patient.user)
    for name in ("mfa_edit_webauthn", "mfa_remove_webauthn"):
        assert client.post(reverse(name, args=[key.pk]), {"name": "Mine now"}).status_code == 404
    key.refresh_from_db()
    assert key.data["name"] == "My phone"


def test_own_passkeys_are_renamed_and_removed_and_a_mail_tells(client):
    user = sign_up(client)
    key = add_passkey(user)
    client.post(reverse("mfa_edit_webauthn", args=[key.pk]), {"name": "Old phone"})
    assert "Old phone" in client.get(reverse("mfa_list_webauthn")).text
    client.post(reverse("mfa_remove_webauthn", args=[key.pk]))
    assert not Authenticator.objects.exists()
    assert "passkey was removed" in mail.outbox[-1].subject


NO_PASSKEYS = ["", "{}", "[]", "[1]", "null", "1", '{"id": 1}', '{"response": {"userHandle": 1}}', "x"]


@pytest.mark.parametrize("credential", NO_PASSKEYS)
def test_what_is_no_passkey_is_not_added(client, credential):
    sign_up(client)
    response = client.post(reverse("mfa_add_webauthn"), {"credential": credential, "passwordless": "True"})
    assert "error-summary" in response.text
    assert not Authenticator.objects.exists()


@pytest.mark.parametrize("credential", NO_PASSKEYS)
def test_what_is_no_passkey_signs_nobody_in(client, credential):
    response = client.post(reverse("mfa_login_webauthn"), {"credential": credential})
    assert response.headers["Location"] == LOGIN
    assert not is_signed_in(client)


# Every page


def address_of(pattern, key):
    return reverse(pattern.name, args=[key.pk] if "<int:pk>" in str(pattern.pattern) else [])


def rows():
    return [list(model.objects.order_by("pk").values()) for model in (User, Patient, EmailAddress, Authenticator)]


def test_every_page_wears_the_look_of_the_portal_is_not_listed_and_writes_nothing(client):
    sign_up(client)
    key = add_passkey(User.objects.get())
    stranger, waiting, changing = Client(), Client(), Client()
    ask_for_code(waiting, NEW)
    sign_in_as(changing, NEW)
    changing.post(reverse("account_email"), {"email": "next@example.org", "action_add": "1"})
    before, seen, sent = rows(), set(), len(mail.outbox)
    for pattern in urls.urlpatterns:
        if pattern.name == "mfa_add_webauthn":
            Authenticator.objects.filter(pk=key.pk).delete()  # no real one, whose parts this page would read
            before = rows()
        for visitor in (client, stranger, waiting, changing):
            if pattern.name in ("mfa_edit_webauthn", "mfa_remove_webauthn") and not Authenticator.objects.exists():
                key.save(force_insert=True)
                before = rows()
            response = visitor.get(address_of(pattern, key))
            assert response.status_code in (200, 301, 302), pattern.name
            if response.status_code != 200:
                continue
            seen.add(pattern.name)
            if pattern.name in ("own_data_json", "own_data_html"):
                continue
            assert 'class="masthead"' in response.text, pattern.name
            assert '<meta name="robots" content="noindex">' in response.text, pattern.name
            assert "no-store" in response.headers.get("Cache-Control", ""), pattern.name
            assert not re.search(r"<style|\sstyle=|\son[a-z]+=|javascript:", response.text), pattern.name
            inline = re.findall(r"<script(?![^>]*\bsrc=)[^>]*>", response.text)
            assert all('type="application/json"' in tag for tag in inline), pattern.name
            ids = re.findall(r'\bid="([^"]+)"', response.text)
            assert len(ids) == len(set(ids)), pattern.name
    redirects = {"account", "account_signup", "mfa_index", "mfa_login_webauthn"}
    assert seen == {pattern.name for pattern in urls.urlpatterns} - redirects
    assert rows() == before
    assert len(mail.outbox) == sent


def test_pages_for_passwords_and_other_sites_accounts_do_not_exist(client):
    for path in ("password/reset/", "password/change/", "password/set/", "3rdparty/", "social/login/error/", "2fa/"):
        assert client.get(f"/accounts/{path}").status_code == 404
    assert client.get("/accounts/signup/?next=/x").headers["Location"] == f"{LOGIN}?next=/x"
    assert client.get("/accounts/").headers["Location"] == reverse("profile")


def test_who_is_not_signed_in_is_asked_to(client):
    for name in ["profile", "own_data_json", "own_data_html", *PATIENT_PAGES]:
        assert client.get(reverse(name)).headers["Location"] == f"{LOGIN}?next={reverse(name)}"


def test_mails_begin_with_the_portals_name_and_say_that_no_person_wrote_them(client, settings):
    sign_up(client)
    change_address(client, "next@example.org")
    assert len(mail.outbox) == 3
    for message in mail.outbox:
        assert message.subject.startswith(f"{settings.SITE_NAME}: ")
        assert message.extra_headers["Auto-Submitted"] == "auto-generated"
        assert message.body.rstrip().endswith(f"-- \n{settings.SITE_NAME}")
        assert "&#" not in message.body
