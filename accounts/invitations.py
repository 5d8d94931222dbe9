"""Inviting staff by e-mail: a signed link, good for seven days and once, to set a password."""

import logging

from allauth.account.adapter import get_adapter
from django.conf import settings
from django.contrib.auth.models import Group
from django.core import signing
from django.db import transaction
from django.urls import reverse
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.text import slugify

from accounts.models import Doctor, Specialty, User

logger = logging.getLogger(__name__)

DAYS = 7
_SALT = "accounts.invitation"
DOCTORS = "Doctors"


class InvitationNotSent(Exception):
    """The mail server refused or did not answer, so nobody was invited."""


class DeadInvitation(Exception):
    """A link that leads nowhere: `is_known` where it was ours once, and is too old or used."""

    def __init__(self, is_known: bool):
        self.is_known = is_known
        super().__init__()


def invite(email: str, name: str, role: Group, specialties: list[Specialty]) -> User:
    """Make the user, for a doctor an unverified doctor too, and send the link.

    Nothing is locked while the mail server is waited for. Raises InvitationNotSent, and nobody is made then.
    """
    with transaction.atomic():
        user = User.objects.create_user(email.lower(), name=name, is_staff=True)
        user.groups.add(role)
        if role.name == DOCTORS:
            doctor = Doctor.objects.create(name=name, slug=_free_slug(name), user=user)
            doctor.specialties.set(specialties)
    try:
        _send(user)
    except InvitationNotSent:
        with transaction.atomic():
            Doctor.objects.filter(user=user).delete()
            user.delete()
        raise
    return user


def invite_again(user: User) -> None:
    """Send a new link to who has not followed the first; that one no longer works.

    Raises InvitationNotSent, and the first one works on then.
    """
    before = user.password
    user.set_unusable_password()
    user.save(update_fields=["password"])
    try:
        _send(user)
    except InvitationNotSent:
        User.objects.filter(pk=user.pk, password=user.password).update(password=before)
        raise


def is_invited(user: User) -> bool:
    """Whether the user works here and has no password yet."""
    return user.is_staff and user.is_active and not user.has_usable_password()


def link(user: User) -> str:
    """Where the user sets the password. What is signed goes out of date with the first one."""
    key = signing.dumps([user.pk, _state(user)], salt=_SALT)
    return settings.SITE_URL + reverse("invitation", args=[key])


def invited_by(key: str, lock: bool = False) -> User:
    """Who follows the link; with `lock`, in a transaction, nobody else does until it ends. Raises DeadInvitation."""
    try:
        pk, state = signing.loads(key, salt=_SALT, max_age=DAYS * 24 * 3600)
    except signing.SignatureExpired:
        raise DeadInvitation(is_known=True) from None
    except signing.BadSignature:
        raise DeadInvitation(is_known=False) from None
    users = User.objects.select_for_update() if lock else User.objects
    user = users.filter(pk=pk).first()
    if user is None or not is_invited(user) or not constant_time_compare(state, _state(user)):
        raise DeadInvitation(is_known=True)
    return user


def _state(user):
    return salted_hmac(_SALT, f"{user.email} {user.password}", algorithm="sha256").hexdigest()[:32]


def _send(user):
    try:
        context = {"link": link(user), "days": DAYS, "name": user.name}
        get_adapter().render_mail("account/email/invitation", user.email, context).send()
    except (OSError, ValueError) as error:  # the mail server's trouble, or an address none can have
        logger.warning("Could not send an invitation: %s", type(error).__name__)
        raise InvitationNotSent from error


def _free_slug(name):
    start = slugify(name) or "doctor"
    taken = set(Doctor.objects.filter(slug__startswith=start).values_list("slug", flat=True))
    slugs = [start, *(f"{start}-{number}" for number in range(2, len(taken) + 2))]
    return next(slug for slug in slugs if slug not in taken)
