"""Accounts: signing in by code, profile, passkeys, own data, leaving; in the portal's look and within limits."""

import datetime
import json
import re
import time

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.core import mail
from django.core.cache import cache
from django.core.mail.backends.locmem import EmailBackend
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import own_data, sign_in, urls
from accounts.limits import WAIT
from accounts.models import Patient, User
from tests.factories import make_doctor, make_user

pytestmark = pytest.mark.django_db
WRITTEN_ON = datetime.date(2026, 2, 3)
NEW = "somebody.new@example.org"
LOGIN, CODE = "/accounts/login/", "/accounts/login/code/"
PATIENT_PAGES = ["account_email", "mfa_list_webauthn", "mfa_add_webauthn", "account_delete"]


@pytest.fixture(autouse=True)
def no_limit_from_another_test():
    cache.clear()


@pytest.fixture
def later(monkeypatch):
    """Moves the clock of codes and limits: later(60) is in a minute."""

    def move(seconds, now=time.time):
        monkeypatch.setattr(time, "time", lambda: now() + seconds)

    return move


def ask_for_code(client, email, **more):
    return client.post(LOGIN, {"email": email, **more})


def sent_code(number=-1):
    return re.search(r"^ {4}(\d{4}-\d{4})$", mail.outbox[number].body, re.MULTILINE)[1]


def sign_in_as(client, email, **more):
    ask_for_code(client, email, **more)
    return client.post(CODE, {"code": sent_code()})


def sign_up(client, email=NEW):
    sign_in_as(client, email)
    return User.objects.get(email=email)


def add_passkey(user, name="My phone"):
    return Authenticator.objects.create(
        user=user, type=Authenticator.Type.WEBAUTHN, data={"name": name, "credential": {}}
    )


def is_signed_in(client):
    return client.get(reverse("profile")).status_code == 200


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


@pytest.mark.parametrize("name", PATIENT_PAGES)
def test_staff_do_not_change_here_how_they_sign_in_nor_leave(client, moderator, name):
    for user in (moderator, make_doctor(user=make_user()).user):
        client.force_login(user)
        assert client.get(reverse(name)).status_code == 403
        assert client.post(reverse(name), {"questions": "erase", "is_sure": "on"}).status_code == 403
        assert "an administrator changes your address" in client.get(reverse("profile")).text
        assert User.objects.filter(pk=user.pk).exists()


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


# Own data


@pytest.fixture
def essays():
    """Another app's part: texts by user id, as qa registers its questions."""
    kept = {}

    def erase(user, keep_texts):
        text = kept.pop(user.pk)
        if keep_texts:
            kept["nobody"] = text

    own_data.register(
        "essays", lambda user: [{"title": kept[user.pk], "written_on": WRITTEN_ON, "stars": 0, "note": None}], erase
    )
    yield kept
    del own_data.SOURCES["essays"]


def test_everything_held_is_handed_out_for_reading_and_for_programs(client, essays):
    user = sign_up(client)
    make_patient_of(user)
    add_passkey(user)
    essays[user.pk] = "On <b>herons</b>"
    response = client.get(reverse("own_data_json"))
    assert "attachment" in response.headers["Content-Disposition"]
    data = json.loads(response.content)
    assert data["account"]["email"] == NEW
    assert data["account"]["passkeys"][0]["name"] == "My phone"
    assert data["profile"] == {"pseudonym": "Blue Heron", "year_of_birth": 1980, "sex": "Female"}
    assert data["essays"] == [{"title": "On <b>herons</b>", "written_on": "2026-02-03", "stars": 0, "note": None}]
    response = client.get(reverse("own_data_html"))
    assert "attachment" in response.headers["Content-Disposition"]
    for words in (
        NEW,
        "Blue Heron",
        "1980",
        "My phone",
        "On &lt;b&gt;herons&lt;/b&gt;",
        "3 February 2026",
        "Year of birth",
    ):
        assert words in response.text


def make_patient_of(user):
    return Patient.objects.create(user=user, pseudonym="Blue Heron", birth_year=1980, sex="female")


@pytest.mark.parametrize("choice", ["keep", "erase"])
def test_a_deleted_account_takes_all_with_it_but_the_texts_that_may_stay(
    client, essays, choice, django_capture_on_commit_callbacks
):
    user = sign_up(client)
    make_patient_of(user)
    add_passkey(user)
    essays[user.pk] = "On herons"
    elsewhere = Client()
    elsewhere.force_login(user)
    with django_capture_on_commit_callbacks(execute=True):
        response = client.post(reverse("account_delete"), {"questions": choice, "is_sure": "on"}, follow=True)
    assert "Your account is deleted." in response.text
    for model in (User, Patient, EmailAddress, Authenticator):
        assert not model.objects.exists()
    assert essays == ({"nobody": "On herons"} if choice == "keep" else {})
    assert not is_signed_in(client)
    assert not is_signed_in(elsewhere)
    assert mail.outbox[-1].to == [NEW]
    assert "Blue Heron" not in mail.outbox[-1].body


def test_an_account_is_deleted_as_a_whole_or_not_at_all(client, essays):
    user = sign_up(client)
    make_patient_of(user)
    with pytest.raises(KeyError):  # the other app's part fails
        client.post(reverse("account_delete"), {"questions": "erase", "is_sure": "on"})
    assert Patient.objects.filter(user=user).exists()


@pytest.mark.parametrize("data", [{}, {"questions": "keep"}, {"is_sure": "on"}, {"questions": "sell", "is_sure": "on"}])
def test_an_account_is_deleted_only_by_a_plain_choice(client, data):
    user = sign_up(client)
    assert "error-summary" in client.post(reverse("account_delete"), data).text
    assert User.objects.filter(pk=user.pk).exists()


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
