"""Telling patients: each event is an e-mail to send once. It says that something happened, never what was written."""

import logging
from collections.abc import Callable
from typing import NamedTuple

from django.conf import settings
from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext_lazy as _

from qa.models import EventKind, Question, QuestionEvent

logger = logging.getLogger(__name__)

EVENTS_AT_ONCE = 100


class News(NamedTuple):
    subject: str
    sentence: str


# What the patient is told of each kind in NOTIFIED_KINDS. Health text never stands here: who reads the mail may be
# somebody else.
NEWS = {
    EventKind.ASKED: News(
        _("We have received your question"),
        _("Thank you: your question has reached us. A moderator reads it first, then a doctor."),
    ),
    EventKind.ACCEPTED: News(
        _("Your question is with the doctors"),
        _("A moderator has accepted your question. It now waits for a doctor's reply."),
    ),
    EventKind.REJECTED: News(
        _("Your question was not accepted"),
        _("A moderator has decided not to pass your question on. The reason is on your private page."),
    ),
    EventKind.INFO_REQUESTED: News(
        _("We need to know more from you"),
        _("Your question cannot be answered yet. What we would like to know is on your private page."),
    ),
    EventKind.TRANSFERRED: News(
        _("Your question was passed to another specialty"),
        _("Doctors of another specialty can help you better. The reason is on your private page."),
    ),
    EventKind.REPLIED: News(
        _("A doctor has replied"),
        _("A doctor has replied to your question. The reply is on your private page."),
    ),
    EventKind.REOPENED: News(
        _("Your question is open again"),
        _("The reply to your question was withdrawn, and your question waits for a doctor again."),
    ),
    EventKind.REMOVED: News(
        _("Your question was taken off the portal"),
        _("A moderator has taken your question off the portal. The reason is on your private page."),
    ),
    EventKind.RESTORED: News(
        _("Your question is back on the portal"),
        _("A moderator has put your question back on the portal."),
    ),
    EventKind.WITHDRAWN: News(
        _("Your question is withdrawn"),
        _("Your question was withdrawn, as your private page says. It is no longer on the portal."),
    ),
}


def send_waiting(is_ending: Callable[[], bool] = lambda: False) -> int:
    """Tell patients what they have not been told yet. Safe to run twice at once, on two machines.

    Args:
        is_ending: asked before each e-mail; once it says True, the rest is left for later.

    Returns: the number of e-mails sent.
    """
    sent = 0
    waiting = QuestionEvent.objects.to_notify().select_related("question__patient__user")
    for event in waiting[:EVENTS_AT_ONCE]:
        if is_ending():
            break
        if not event.claim():
            continue  # another worker has it
        sent += _send(event)
    return sent


def contact_address(question: Question) -> str:
    """Where the patient reads news of the question; "" where no address is known."""
    if question.contact_email:
        return question.contact_email
    return question.patient.user.email if question.patient else ""


def _send(event):
    """Send the e-mail of a claimed event, where anybody is to get one; whether one was sent."""
    address = contact_address(event.question)
    has_reader = bool(address and event.question.secret_key)
    if has_reader:
        try:
            _email(event, address).send()
        except (OSError, ValueError, NoReverseMatch) as error:  # the mail server's trouble, or an address none can have
            event.give_back()
            problem = type(error).__name__  # no more of it: it may show the address
            logger.warning("Could not send event %d of question %d: %s", event.pk, event.question_id, problem)
            return False
        logger.info("Sent event %d of question %d", event.pk, event.question_id)
    event.mark_notified()
    return has_reader


def _email(event, address):
    news = NEWS[event.kind]
    context = {
        "sentence": news.sentence,
        "link": settings.SITE_URL + reverse("my_question", args=[event.question.secret_key]),
        "site_name": settings.SITE_NAME,
        "emergency_number": settings.EMERGENCY_NUMBER,
    }
    return EmailMessage(
        subject=f"{news.subject} – {settings.SITE_NAME}",
        body=render_to_string("emails/news.txt", context),
        to=[address],
        headers={"Auto-Submitted": "auto-generated"},
    )
