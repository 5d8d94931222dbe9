"""Handing an e-mail to the mail server, and telling trouble with this one from trouble with all."""

import enum
import logging
from smtplib import SMTPDataError, SMTPRecipientsRefused

from django.core.mail import EmailMessage

logger = logging.getLogger(__name__)


class Handing(enum.Enum):
    """What became of an e-mail."""

    SENT = enum.auto()
    REFUSED = enum.auto()  # this one: its address, or what it says
    AWAY = enum.auto()  # the server does not answer or takes none, so that the next one would wait in vain, too


def hand_over(message: EmailMessage, what: str) -> Handing:
    """Try to send the e-mail. `what` names it in the log, which says nothing of the address."""
    try:
        message.send()
    except (ValueError, SMTPRecipientsRefused, SMTPDataError) as error:  # such as an address that none can have
        outcome, kind = Handing.REFUSED, type(error).__name__
    except OSError as error:
        outcome, kind = Handing.AWAY, type(error).__name__
    else:
        logger.info("Sent %s", what)
        return Handing.SENT
    logger.warning("Could not send %s: %s", what, kind)
    return outcome
