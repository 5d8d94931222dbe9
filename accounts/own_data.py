"""What the portal holds about a user: handed out, and erased with the account. Other apps register their part in
AppConfig.ready, because accounts knows nothing of them."""

import datetime
import logging
from collections.abc import Callable
from dataclasses import dataclass

from allauth.account.adapter import get_adapter
from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from accounts.models import Patient, User

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Source:
    """One app's part of what is held about a user."""

    export: Callable[[User], object]
    erase: Callable[[User, bool], None]


SOURCES: dict[str, Source] = {}


def register(name: str, export: Callable[[User], object], erase: Callable[[User, bool], None]) -> None:
    """Add a part.

    Args:
        name: its key in the JSON file and, read as words, its heading in the readable one: "questions".
        export: from a user to dictionaries, lists, texts, numbers, dates and None; keys are lower_case words.
        erase: from a user and whether the texts are kept for others. Kept texts lose every link to the person. It runs
            before the user is deleted, in the same transaction; files go in transaction.on_commit.
    """
    SOURCES[name] = Source(export, erase)


def collect(user: User) -> dict:
    """Everything held about the user, part by part."""
    parts = {"account": _account(user), "profile": _profile(user)}
    return parts | {name: source.export(user) for name, source in SOURCES.items()}


@transaction.atomic
def erase_account(user: User, keep_texts: bool) -> None:
    """Delete the user and all that hangs on it, all or nothing, and send word of it.

    Args:
        keep_texts: whether what was written stays for others, without a link to the person.
    """
    for source in SOURCES.values():
        source.erase(user, keep_texts)
    email = user.email
    _forget_in_log(user)
    user.delete()
    transaction.on_commit(lambda: _say_it_is_done(email))


def as_outline(value):
    """The exported `value` for accounts/own_data.html: `entries` of a dictionary, `parts` of a list, or a `text`."""
    if isinstance(value, dict):
        return {"entries": [(str(key).replace("_", " ").capitalize(), as_outline(v)) for key, v in value.items()]}
    if isinstance(value, (list, tuple)):
        return {"parts": [as_outline(item) for item in value]}
    if isinstance(value, datetime.datetime):
        value = date_format(timezone.localtime(value), "j F Y, H:i")
    elif isinstance(value, datetime.date):
        value = date_format(value, "j F Y")
    return {"text": "" if value is None else str(value)}


def _forget_in_log(user):
    """The admin's own log still says what was done and when, but to whom no longer."""
    for rows in (User.objects.filter(pk=user.pk), Patient.objects.filter(user=user)):
        keys = [str(key) for key in rows.values_list("pk", flat=True)]
        entries = LogEntry.objects.filter(content_type=ContentType.objects.get_for_model(rows.model))
        entries.filter(object_id__in=keys).update(object_repr=_("Somebody who left"))


def _account(user):
    return {
        "email": user.email,
        "name": user.name,
        "joined": user.date_joined,
        "last_signed_in": user.last_login,
        "passkeys": [
            {"name": str(key), "added": key.created_at, "last_used": key.last_used_at}
            for key in user.authenticator_set.order_by("pk")
        ],
    }


def _profile(user):
    patient = Patient.objects.filter(user=user).first()
    if patient is None:
        return None
    return {"pseudonym": patient.pseudonym, "year_of_birth": patient.birth_year, "sex": patient.get_sex_display()}


def _say_it_is_done(email):
    try:
        get_adapter().render_mail("account/email/account_deleted", email, {}).send()
    except (OSError, ValueError) as error:  # the account is gone all the same
        logger.warning("Could not tell somebody that the account is deleted: %s", type(error).__name__)
