"""Telling patients and doctors: each event is an e-mail to send once. It never says what was written."""

import logging
from collections.abc import Callable
from typing import NamedTuple

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.mail import Handing, hand_over
from qa.models import EventKind, Flag, Question, QuestionEvent, Reply

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
        _("Your question was moved to another specialty"),
        _("Your question fits better into another specialty of the portal. The reason is on your private page."),
    ),
    EventKind.REPLIED: News(
        _("A doctor has replied"),
        _("A doctor has replied to your question. The reply is on your private page."),
    ),
    EventKind.REPLY_WITHDRAWN: News(
        _("A reply was withdrawn"),
        _("A reply to your question was withdrawn: do not rely on it. The reason is on your private page."),
    ),
    EventKind.REOPENED: News(
        _("Your question is open again"),
        _(
            "The reply to your question was withdrawn: do not rely on it. The reason is on your private page, and your "
            "question waits for a doctor again."
        ),
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

# What its doctor is told of a reply, and of what the patient wrote after it.
DOCTORS_NEWS = {
    EventKind.REPLY_REMOVED: News(
        _("A reply of yours was removed"),
        _("A moderator has taken a reply of yours off the portal. The reason stands beside the question at your desk."),
    ),
    EventKind.FOLLOWED_UP: News(
        _("A patient wrote again"),
        _(
            "A patient has added something to a question that you replied to. Please read it soon: it may be urgent. "
            "It waits for you at your desk."
        ),
    ),
}

ERASED = News(
    _("Your question is erased"),
    _("As you wished, your question was erased. Its private page is gone, and this is the last e-mail about it."),
)

# How the patient reads what happened; of claims the patient is not told.
HAPPENED = {kind: news.subject for kind, news in NEWS.items()} | {
    EventKind.INFO_RECEIVED: _("You told us more"),
    EventKind.FOLLOWED_UP: _("You wrote a follow-up"),
    EventKind.FOLLOW_UP_READ: _("A doctor has read your follow-up"),
}


THANKS = News(
    _("What you reported is decided"),
    _("Thank you for your report. A moderator has looked at it and decided."),
)


def send_waiting(is_ending: Callable[[], bool] = lambda: False) -> int:
    """Tell patients what they have not been told yet. Safe to run twice at once, on two machines.

    Args:
        is_ending: asked before each e-mail; once it says True, the rest is left for later.

    Returns: the number of e-mails sent.
    """
    sent = 0
    for event in QuestionEvent.objects.to_notify()[:EVENTS_AT_ONCE]:
        if is_ending():
            break
        if not event.claim():
            continue  # another worker has it
        outcome = _send(event)
        if outcome == Handing.AWAY:
            break
        sent += outcome == Handing.SENT
    return sent


def thank_reporters(is_ending: Callable[[], bool] = lambda: False) -> int:
    """Tell who reported something that it is decided, once, and forget the address, also one that is refused.

    Args:
        is_ending: asked before each e-mail; once it says True, the rest is left for later.

    Returns: the number of e-mails sent.
    """
    sent = 0
    for flag in Flag.objects.to_thank()[:EVENTS_AT_ONCE]:
        if is_ending():
            break
        mine = Flag.objects.filter(pk=flag.pk, contact_email=flag.contact_email)
        if not mine.update(contact_email=""):
            continue  # another worker has it
        outcome = hand_over(_email(THANKS, flag.contact_email), f"thanks for report {flag.pk}")
        if outcome == Handing.AWAY:
            Flag.objects.filter(pk=flag.pk).update(contact_email=flag.contact_email)
            break
        sent += outcome == Handing.SENT
    return sent


def contact_address(question: Question) -> str:
    """Where the patient reads news of the question; "" where no address is known or no news is wanted."""
    if not question.wants_news:
        return ""
    if question.contact_email:
        return question.contact_email
    return question.patient.user.email if question.patient else ""


def tell_erased(question: Question) -> None:
    """Tell the patient, once the transaction at hand is through, that the question is gone.

    Call it before the question is erased: nothing of it is left then that the worker could send. So this e-mail is
    tried once only, and its failure does not keep anything from being erased.
    """
    address = contact_address(question)
    if not address:
        return
    message = _email(ERASED, address)
    transaction.on_commit(lambda: hand_over(message, f"that question {question.pk} is erased"), robust=True)


def _send(event):
    """Send the e-mail of a claimed event; what became of it, or None where nobody is to get one."""
    message = _to_doctor(event) if event.kind in DOCTORS_NEWS else _to_patient(event)
    what = f"event {event.pk} of question {event.question_id}"
    outcome = hand_over(message, what) if message else None
    if outcome in (None, Handing.SENT):
        event.mark_notified()
    elif not event.give_back():
        logger.error("Gave up on %s after %s attempts to send it", what, event.attempts + 1)
    return outcome


def _to_patient(event):
    question = Question.objects.select_related("patient__user").filter(pk=event.question_id).first()  # as it is by now
    address = contact_address(question) if question else ""
    return _email(NEWS[event.kind], address, question.secret_key) if address and question.secret_key else None


def _to_doctor(event):
    reply = Reply.objects.select_related("doctor__user").filter(pk=event.reply_id).first()
    user = reply and reply.doctor.user
    if not user or not user.is_active:
        return None
    waiting = Question.objects.written_again().filter(pk=event.question_id)
    if event.kind == EventKind.FOLLOWED_UP and not waiting.exists():
        return None  # read already, or taken back
    return _email(DOCTORS_NEWS[event.kind], user.email, desk=reverse("admin:answer_question", args=[event.question_id]))


def _email(news, address, key="", desk=""):
    """The e-mail as text and as HTML; with the key of a private page it links there, and can be stopped.

    `desk` is the page of a desk that it leads to instead.
    """
    context = {
        "news": news,
        "link": settings.SITE_URL + reverse("my_question", args=[key]) if key else "",
        "stop": settings.SITE_URL + reverse("my_question_stop", args=[key]) if key else "",
        "desk": settings.SITE_URL + desk if desk else "",
        "site_name": settings.SITE_NAME,
        "emergency_number": settings.EMERGENCY_NUMBER,
    }
    headers = {"Auto-Submitted": "auto-generated"}
    if key:  # so that a mail program can offer a button (RFC 8058)
        headers |= {"List-Unsubscribe": f"<{context['stop']}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
    message = EmailMultiAlternatives(
        subject=f"{news.subject} – {settings.SITE_NAME}",
        body=render_to_string("emails/news.txt", context),
        to=[address],
        headers=headers,
    )
    message.attach_alternative(render_to_string("emails/news.html", context), "text/html")
    return message
