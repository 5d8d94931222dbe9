"""Signing in as a patient does, by the code of an e-mail; and a clock that can be moved."""

import re
import time

import pytest
from allauth.mfa.models import Authenticator
from django.core import mail
from django.core.cache import cache
from django.urls import reverse

from accounts.models import User

NEW = "somebody.new@example.org"
LOGIN, CODE = "/accounts/login/", "/accounts/login/code/"


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
