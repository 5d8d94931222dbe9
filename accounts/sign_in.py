"""Signing in by a code sent by e-mail. Whoever enters it owns the address, so an account is made there and then.

allauth's own sign-in by code only knows accounts that exist and answers others differently. Here every address gets the
same page and one mail; who is behind it shows after the right code, to the owner of the mailbox.
"""

import logging
import time

from allauth.account.adapter import get_adapter
from allauth.account.models import EmailAddress
from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models.functions import Lower
from django.urls import reverse
from django.utils.crypto import constant_time_compare, salted_hmac

from accounts.limits import count
from accounts.models import User

logger = logging.getLogger(__name__)

LIFETIME = 15 * 60  # seconds
MAX_TRIES = 5
_SESSION_KEY = "sign_in"


class MailNotSent(Exception):
    """The mail server refused or did not answer, or no mail can go to such an address."""


def send_code(request, email: str, next_url: str = "") -> None:
    """Send a new code to `email`, whoever has it, and keep in the session what it must be answered with.

    Raises RateLimited where the address or the network has asked too often, MailNotSent on trouble with the mail.
    """
    count(request, "request_login_code", email)
    code = get_adapter().generate_login_code()
    user = user_with(email)
    if user and user.works_here:  # their password is not to be passed by
        template, context = "account/email/staff_sign_in", {"link": settings.SITE_URL + reverse("admin:login")}
        digest = ""
    else:
        template, context = "account/email/login_code", {"code": code, "minutes": LIFETIME // 60}
        digest = _digest(email, code)
    try:
        get_adapter().send_mail(template, email, context)
    except (OSError, ValueError) as error:  # the mail server's trouble, or an address none can have
        problem = type(error).__name__  # no more of it: it may show the address
        logger.warning("Could not send a sign-in code: %s", problem)
        raise MailNotSent from error
    request.session[_SESSION_KEY] = {
        "email": email,
        "digest": digest,
        "sent_at": time.time(),
        "tries": 0,
        "next": next_url,
    }


def pending(request) -> dict | None:
    """What waits for its code in this session: `email`, `next`, `tries`; None where nothing does, or no longer."""
    waiting = request.session.get(_SESSION_KEY)
    if not waiting or time.time() - waiting["sent_at"] > LIFETIME or waiting["tries"] >= MAX_TRIES:
        return None
    return waiting


def enter_code(request, code: str) -> User | None:
    """The user whose code this is, new or not; None where it is wrong, which counts as a try.

    Raises RateLimited where the address or the network has tried too often, in whatever sessions.
    """
    waiting = pending(request)
    if waiting is None:
        return None
    count(request, "enter_login_code", waiting["email"])
    if not constant_time_compare(waiting["digest"], _digest(waiting["email"], code)):
        request.session[_SESSION_KEY] = waiting | {"tries": waiting["tries"] + 1}
        return None
    del request.session[_SESSION_KEY]
    return user_who_owns(waiting["email"])


def user_with(email: str) -> User | None:
    """Who signs in with this address, whatever its case."""
    return User.objects.alias(address=Lower("email")).filter(address=email.lower()).first()


def user_who_owns(email: str) -> User:
    """The user of an address that somebody has just proved to read; made where there is none."""
    email = email.lower()
    user = user_with(email)
    if user is None:
        try:
            with transaction.atomic():
                user = User.objects.create_user(email)
        except IntegrityError:  # the same code, entered in two tabs at once
            user = user_with(email)
    with transaction.atomic():
        _keep_as_only_address(user, email)
    return user


def _keep_as_only_address(user, email):
    """Let allauth know the proved address as the user's one and only, which an administrator may have changed."""
    if user.email != email:
        user.email = email
        user.save(update_fields=["email"])
    EmailAddress.objects.filter(user=user).exclude(email=email).delete()
    EmailAddress.objects.filter(email=email).exclude(user=user).delete()
    EmailAddress.objects.update_or_create(user=user, email=email, defaults={"verified": True, "primary": True})


def _digest(email, code):
    """What the session keeps instead of the code. Dashes and spaces make no difference."""
    digits = "".join(c for c in code if c.isdecimal())
    return salted_hmac("accounts.sign_in", f"{email.lower()} {digits}", algorithm="sha256").hexdigest()
