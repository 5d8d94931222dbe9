"""Signing in: by a code that serves one browser once and for a while, within limits, and never as staff."""

import json
import re

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.core.cache import cache
from django.core.mail.backends.locmem import EmailBackend
from django.test import Client
from django.urls import reverse

from accounts import sign_in
from accounts.limits import WAIT
from accounts.models import User
from tests import signing_in
from tests.factories import make_user
from tests.signing_in import CODE, LOGIN, NEW, add_passkey, ask_for_code, is_signed_in, sent_code, sign_in_as, sign_up

pytestmark = pytest.mark.django_db
no_limit_from_another_test, later = signing_in.no_limit_from_another_test, signing_in.later


def without_tokens(html):
    return re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", html)


# Signing in


def test_a_new_address_gets_an_account_by_entering_the_code_and_not_before(client):
    assert ask_for_code(client, NEW).headers["Location"] == CODE
    assert not User.objects.exists()
    response = client.post(CODE, {"code": sent_code()})
    assert response.headers["Location"] == reverse("my_questions")
    user = User.objects.get()
    assert user.email == NEW
    assert not user.has_usable_password()
    assert EmailAddress.objects.filter(user=user, email=NEW, verified=True, primary=True).count() == 1
    assert is_signed_in(client)


def test_a_known_patient_signs_in_whatever_the_case_of_the_address_and_the_form_of_the_code(client, patient):
    ask_for_code(client, patient.user.email.upper())
    wide = sent_code().replace("-", " ").translate({ord(str(n)): chr(ord("０") + n) for n in range(10)})
    client.post(CODE, {"code": f" {wide} "})
    assert is_signed_in(client)
    assert User.objects.get() == patient.user


def test_nobody_is_told_whether_an_address_is_known(patient):
    closed, staff = make_user(is_active=False), make_user(is_staff=True)
    answers = set()
    for email in (patient.user.email, NEW, closed.email, staff.email):
        client = Client()
        asked = ask_for_code(client, email)
        page = client.get(CODE).text
        wrong = client.post(CODE, {"code": "0000-0000"}).text
        answers.add(
            (
                asked.status_code,
                asked.headers["Location"],
                *(without_tokens(p).replace(email, "") for p in (page, wrong)),
            )
        )
    assert len(answers) == 1
    assert [len(m.to) for m in mail.outbox] == [1, 1, 1, 1]
    assert len({re.sub(r"\d{4}-\d{4}", "", m.body) for m in mail.outbox[:3]}) == 1  # staff are told of their password


def test_the_code_serves_only_the_browser_that_asked_and_only_once(client):
    ask_for_code(client, NEW)
    code = sent_code()
    stranger = Client()
    assert stranger.post(CODE, {"code": code}).headers["Location"] == LOGIN
    ask_for_code(stranger, NEW)
    assert "not the code we sent" in stranger.post(CODE, {"code": code}).text
    client.post(CODE, {"code": code})
    client.post(reverse("account_logout"))
    client.post(CODE, {"code": code})
    assert not is_signed_in(client)


def test_a_new_code_replaces_the_one_before(client):
    ask_for_code(client, NEW)
    ask_for_code(client, NEW)
    assert "not the code we sent" in client.post(CODE, {"code": sent_code(0)}).text
    client.post(CODE, {"code": sent_code(1)})
    assert is_signed_in(client)


def test_after_too_many_tries_the_right_code_is_of_no_use(client):
    ask_for_code(client, NEW)
    for number in range(sign_in.MAX_TRIES):
        response = client.post(CODE, {"code": f"0000-000{number}"})
    assert response.headers["Location"] == LOGIN
    assert "no longer works" in client.get(LOGIN).text
    client.post(CODE, {"code": sent_code()})
    assert not User.objects.exists()


def test_a_code_expires(client, later):
    ask_for_code(client, NEW)
    later(sign_in.LIFETIME + 1)
    assert client.post(CODE, {"code": sent_code()}).headers["Location"] == LOGIN
    assert not User.objects.exists()


@pytest.mark.parametrize("code", ["", "0", "\0", "😀" * 50, "1" * 10_000, "ً١٢٣"])
def test_no_odd_code_lets_anybody_in(client, code):
    ask_for_code(client, NEW)
    assert client.post(CODE, {"code": code}).status_code == 200
    assert not User.objects.exists()


@pytest.mark.parametrize(
    "email", ["", "nobody", "a@b", "a\0@example.org", "a" * 300 + "@example.org", "a@example.org\nBcc: b@example.org"]
)
def test_what_is_no_address_gets_a_sentence_and_no_mail(client, email):
    response = client.post(LOGIN, {"email": email})
    assert response.status_code == 200
    assert 'aria-invalid="true"' in response.text
    assert not mail.outbox


@pytest.mark.parametrize("domain", ["ł" * 60 + ".example", "bücher.example", "xn--.example", "例子.例子"])
def test_an_address_abroad_gets_its_code_or_a_sentence(client, domain):
    assert client.post(LOGIN, {"email": f"a@{domain}"}).status_code in (200, 302)


def test_the_session_does_not_hold_the_code(client):
    ask_for_code(client, NEW)
    assert sent_code().replace("-", "") not in json.dumps(dict(client.session)).replace("-", "")


def test_after_signing_in_one_goes_on_where_one_wanted_to_but_never_to_another_site(client):
    there = reverse("own_data_json")
    assert client.get(there).headers["Location"] == f"{LOGIN}?next={there}"
    assert f'value="{there}"' in client.get(f"{LOGIN}?next={there}").text
    assert sign_in_as(client, NEW, next=there).headers["Location"] == there
    assert client.get(f"{LOGIN}?next={there}").headers["Location"] == there
    for elsewhere in ("https://example.com/", "//example.com", "javascript:alert(1)", "/\\example.com"):
        assert sign_in_as(Client(), NEW, next=elsewhere).headers["Location"] == reverse("my_questions")
        cache.clear()


def test_a_closed_account_is_told_so_only_after_the_right_code(client):
    user = make_user(is_active=False)
    response = sign_in_as(client, user.email)
    assert response.headers["Location"] == reverse("account_inactive")
    assert not is_signed_in(client)


def test_when_the_mail_server_fails_the_page_says_so(client, settings):
    settings.EMAIL_BACKEND = f"{__name__}.NoServer"
    response = ask_for_code(client, NEW)
    assert "could not send the e-mail" in response.text
    assert client.get(CODE).headers["Location"] == LOGIN


class NoServer(EmailBackend):
    def send_messages(self, messages):
        raise ConnectionRefusedError


def test_a_patient_with_a_passkey_still_gets_in_by_code_alone(client, patient):
    add_passkey(patient.user)
    sign_in_as(client, patient.user.email)
    assert is_signed_in(client)


def test_an_address_changed_in_the_admin_is_the_one_that_counts(client):
    user = sign_up(client)
    other = sign_up(Client(), "other@example.org")
    User.objects.filter(pk=other.pk).update(email="moved@example.org")
    User.objects.filter(pk=user.pk).update(email="Other@Example.org")
    sign_in_as(Client(), "other@example.org")
    assert EmailAddress.objects.get(email="other@example.org").user == user
    user.refresh_from_db()
    assert user.email == "other@example.org"


def test_signing_out_takes_a_post(client):
    sign_up(client)
    assert "Sign out?" in client.get(reverse("account_logout")).text
    assert is_signed_in(client)
    client.post(reverse("account_logout"))
    assert not is_signed_in(client)


def test_a_login_page_of_another_site_cannot_sign_anybody_in():
    client = Client(enforce_csrf_checks=True)
    assert client.post(LOGIN, {"email": NEW}).status_code == 403


# Staff


def test_staff_sign_in_by_password_at_the_admin_and_not_by_code(client, moderator):
    ask_for_code(client, moderator.email)
    assert reverse("admin:login") in mail.outbox[0].body
    assert not re.search(r"\d{4}-\d{4}", mail.outbox[0].body)
    assert client.post(CODE, {"code": ""}).status_code == 200
    assert client.post(CODE, {"code": "0"}).status_code == 200
    assert not is_signed_in(client)
    response = client.post(reverse("admin:login"), {"username": moderator.email, "password": "a-long-secret"})
    assert response.status_code == 302
    assert client.get(reverse("admin:index")).status_code == 200


def test_a_patient_stays_out_of_the_admin(client):
    sign_up(client)
    assert client.get(reverse("admin:index")).status_code == 302


# Limits


def meet_limit(client, times, act):
    for number in range(times):
        assert act(number).status_code != 429
    response = act(times)
    assert response.status_code == 429
    assert response.headers["Retry-After"] == str(WAIT)
    assert f"{WAIT // 60} minutes" in response.text
    assert 'class="masthead"' in response.text


def test_one_address_gets_only_so_many_codes_from_whatever_network(client, later):
    meet_limit(client, 5, lambda n: client.post(LOGIN, {"email": NEW}, REMOTE_ADDR=f"192.0.2.{n}"))
    assert len(mail.outbox) == 5
    later(WAIT + 1)
    assert ask_for_code(client, NEW).status_code == 302


def test_one_network_gets_only_so_many_codes_for_whatever_addresses(client):
    meet_limit(client, 30, lambda n: ask_for_code(client, f"person{n}@example.org"))
    assert len(mail.outbox) == 30
    assert client.post(LOGIN, {"email": NEW}, REMOTE_ADDR="192.0.2.1").status_code == 302
    assert mail.outbox[30].to == [NEW]


def test_the_tries_at_one_address_are_limited_over_all_sessions(client):
    def guess(number):
        if number % sign_in.MAX_TRIES == 0:
            client.cookies.clear()
            ask_for_code(client, NEW)
        return client.post(CODE, {"code": "0000-0000"}, REMOTE_ADDR=f"192.0.2.{number}")

    meet_limit(client, 20, guess)
    assert client.post(CODE, {"code": sent_code()}, REMOTE_ADDR="192.0.2.99").status_code == 429  # the right one, too
    assert not is_signed_in(client)
    sign_in_as(Client(), "other@example.org", REMOTE_ADDR="192.0.2.99")
    assert User.objects.get().email == "other@example.org"
