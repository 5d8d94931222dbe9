"""What no log may hold: the key of a private page or of an invitation, what somebody searched for, and what a database
says of an error, which on PostgreSQL ends with the failing row, and so with health data."""

import logging
import re

from django.db import Error

from qa.failures import describe

KEY = re.compile(
    r"((?:\b|%2f)(?:my|invitation)(?:/|%2f))[^/%?#&\s\"'<>][^/?#&\s\"'<>]*"
    r"|(\bsearch/(?:suggestions/)?\?(?:[^\s\"'<>]*&)?q=)[^&\s\"'<>]+",
    re.IGNORECASE,
)
HIDDEN = r"\1\2***"


def hide_secrets():
    """From now on no log record of this process holds any of it: Django's, a WSGI server's, anybody's.

    Keys and searches become `***`; an error that came from the database is told by kind and place, without its message.
    """
    make_record = logging.getLogRecordFactory()

    def make_record_without_secrets(*args, **kwargs):
        record = make_record(*args, **kwargs)
        errors = _chain(record.exc_info[1]) if record.exc_info else []
        of_database = [error for error in errors if isinstance(error, Error)]
        if of_database:  # nor any other message of the chain, which may quote it
            record.exc_info, record.exc_text = None, "\nfrom ".join(map(describe, errors))
        elif record.exc_info:  # kept where formatters look for it
            record.exc_text = KEY.sub(HIDDEN, logging.Formatter().formatException(record.exc_info))
        try:
            message = record.getMessage()
        except (TypeError, ValueError, KeyError):  # words and values that do not fit: logging reports it itself
            return record
        shown = KEY.sub(HIDDEN, message)
        for error in filter(str, of_database):
            shown = shown.replace(str(error), type(error).__name__)
        if shown != message:
            record.msg, record.args = shown, ()
        return record

    logging.setLogRecordFactory(make_record_without_secrets)


def _chain(error):
    """The error and all that led to it, also where `raise … from None` hides that from a traceback."""
    found, waiting = [], [error]
    while waiting:
        error = waiting.pop(0)
        if error is not None and error not in found:
            found.append(error)
            waiting += [error.__cause__, error.__context__, *getattr(error, "exceptions", [])]
    return found
