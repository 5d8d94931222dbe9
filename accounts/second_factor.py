"""How staff prove a second time who they are: an app's code, a passkey or a recovery code, after the password.

Between password and factor nobody is signed in: the session only holds who has given the password. One whose factor was
used is marked with it, and ends when that factor is taken away.
"""

import logging
import time

from allauth.account.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret, validate_totp_code
from allauth.mfa.webauthn.internal.auth import WebAuthn
from django.conf import settings
from django.contrib.auth import login
from django.core.cache import cache
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import User

logger = logging.getLogger(__name__)

LIFETIME = 15 * 60  # seconds between the password and the factor
MAX_TRIES = 5
SESSION_AGE = 12 * 3600  # seconds until staff sign in again
CODE_LIFETIME = 120  # seconds, longer than the app's code is taken
Kind = Authenticator.Type
_WAITING, _USED, _SECRET = "staff_sign_in", "second_factor", "staff_app_secret"


def factors(user: User) -> list[Authenticator]:
    """The app and the passkeys of the user, oldest first. Recovery codes only stand in for them."""
    return list(user.authenticator_set.exclude(type=Kind.RECOVERY_CODES).order_by("pk"))


def has_factor(user: User) -> bool:
    return user.authenticator_set.exclude(type=Kind.RECOVERY_CODES).exists()


def is_used(request, user: User) -> bool:
    """Whether a factor that the user still has was used to sign in to this session."""
    used = request.session.get(_USED)
    return used is not None and user.authenticator_set.filter(pk=used).exists()


def begin(request, user: User, next_url: str) -> bool:
    """After the right password: sign in where no factor is asked for. Otherwise wait for it, and return False."""
    if not settings.SECOND_FACTOR_REQUIRED and not has_factor(user):
        sign_in(request, user)
        return True
    request.session.pop(_SECRET, None)
    request.session[_WAITING] = {
        "user": user.pk,
        "password": user.get_session_auth_hash(),
        "at": time.time(),
        "tries": 0,
        "next": next_url,
    }
    return False


def waiting_user(request) -> User | None:
    """Who has given the password in this session and not yet the factor; None where that was too long ago."""
    waiting = request.session.get(_WAITING)
    if not waiting or time.time() - waiting["at"] > LIFETIME or waiting["tries"] >= MAX_TRIES:
        return None
    user = User.objects.filter(pk=waiting["user"], is_active=True, is_staff=True).first()
    has_same_password = user and constant_time_compare(waiting["password"], user.get_session_auth_hash())
    return user if has_same_password else None


def next_url(request) -> str:
    return request.session.get(_WAITING, {}).get("next", "")


def sign_in(request, user: User, factor: Authenticator | None = None) -> None:
    """Sign the user in, with the factor that was used."""
    request.session.pop(_WAITING, None)
    request.session.pop(_SECRET, None)
    login(request, user, backend="django.contrib.auth.backends.ModelBackend")
    request.session.set_expiry(SESSION_AGE)
    if factor:
        mark(request, factor)


def mark(request, factor: Authenticator) -> None:
    """Keep in the session which factor was used."""
    factor.record_usage()
    request.session[_USED] = factor.pk


def factor_of_code(request, user: User, code: str) -> Authenticator | None:
    """The app or the recovery codes that `code` belongs to; None where it is wrong or was used, which is a try."""
    digits = "".join(c for c in code if c.isdecimal())
    for factor in user.authenticator_set.exclude(type=Kind.WEBAUTHN):
        if factor.wrap().validate_code(digits) and (factor.type != Kind.TOTP or _is_new(user, digits)):
            if factor.type == Kind.RECOVERY_CODES:
                _tell_recovery_code_used(user)
            return factor
    count_try(request)
    return None


def count_try(request) -> None:
    waiting = request.session[_WAITING]
    request.session[_WAITING] = waiting | {"tries": waiting["tries"] + 1}


def begin_app(request) -> None:
    """Make the secret that an app is to learn; it counts once a code of the app was entered."""
    request.session[_SECRET] = generate_totp_secret()


def app_secret(request) -> str:
    return request.session.get(_SECRET, "")


def add_app(request, user: User, code: str) -> Authenticator | None:
    """The user's app, once `code` shows that it has learnt the secret; None where the code is wrong."""
    digits = "".join(c for c in code if c.isdecimal())
    if not validate_totp_code(app_secret(request), digits):
        return None
    user.authenticator_set.filter(type=Kind.TOTP).delete()
    factor = TOTP.activate(user, app_secret(request)).instance
    del request.session[_SECRET]
    tell(user, _("An app was added that gives codes to sign in with."))
    return factor


def add_passkey(user: User, name: str, credential: dict) -> Authenticator:
    factor = WebAuthn.add(user, name, credential).instance
    tell(user, _("A passkey was added to sign in with."))
    return factor


def recovery_codes(user: User) -> list[str]:
    """The recovery codes that were not used yet."""
    held = user.authenticator_set.filter(type=Kind.RECOVERY_CODES).first()
    return held.wrap().get_unused_codes() if held else []


def new_recovery_codes(user: User) -> None:
    """Make recovery codes; those of before no longer count."""
    fresh = {"seed": RecoveryCodes.generate_seed(), "used_mask": 0}
    user.authenticator_set.update_or_create(type=Kind.RECOVERY_CODES, defaults={"data": fresh})


def remove(user: User, factor: Authenticator) -> None:
    """Take a factor away, and with the last one the recovery codes."""
    factor.delete()
    if not has_factor(user):
        user.authenticator_set.all().delete()
    tell(user, _("A way to sign in was removed: %(name)s.") % {"name": factor})


def reset(user: User) -> None:
    """Take all factors away, for somebody who has lost them; ends the sessions they were used for."""
    user.authenticator_set.all().delete()
    tell(user, _("An administrator has reset your second factor. You set up a new one when you sign in next."))


def tell(user: User, sentence: str) -> None:
    """Send word of a change to how the user signs in. The change holds even if the mail does not get through."""
    try:
        get_adapter().render_mail("account/email/staff_factor_changed", user.email, {"sentence": sentence}).send()
    except (OSError, ValueError) as error:
        logger.warning("Could not tell somebody of a changed second factor: %s", type(error).__name__)


def _is_new(user, digits):
    """Whether the app's code was not used before: two at once cannot both have it."""
    return cache.add(f"accounts.second_factor:{user.pk}:{digits}", True, CODE_LIFETIME)


def _tell_recovery_code_used(user):
    left = len(recovery_codes(user))
    sentence = ngettext(
        "A recovery code was used to sign in. You have %(left)d left.",
        "A recovery code was used to sign in. You have %(left)d left.",
        left,
    )
    tell(user, sentence % {"left": left})
