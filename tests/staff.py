"""Who works here: signing in by password and second factor as in production, and what an administrator does then."""

import re
import time

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, generate_totp_secret, hotp_value
from django.contrib.auth.models import Group
from django.core import mail
from django.core.cache import cache
from django.urls import reverse

from accounts import second_factor
from tests.factories import make_specialty, make_user

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
def administrator(db):
    return make_user("admin@example.org", is_staff=True, is_superuser=True)


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


def act(client, action, *users):
    data = {"action": action, "_selected_action": [user.pk for user in users]}
    return client.post(reverse("admin:accounts_user_changelist"), data, follow=True)


def invite(client, administrator, **more):
    if not sees_desks(client):
        sign_in(client, administrator)
    role = Group.objects.get(name=more.pop("role", "Doctors"))
    data = {"email": "New.Doctor@example.org", "name": "Mei Lin", "role": role.pk}
    data |= {"specialties": [make_specialty().pk]} if role.name == "Doctors" else {}
    return client.post(reverse("admin:accounts_user_invite"), data | more)


def invited_link(number=-1):
    return re.search(r"http://testserver(/accounts/invitation/\S+)", mail.outbox[number].body)[1]
