"""What no log may hold: the key of a private page or of an invitation, and what somebody searched for."""

import logging
import re

KEY = re.compile(
    r"((?:\b|%2f)(?:my|invitation)(?:/|%2f))[^/%?#&\s\"'<>][^/?#&\s\"'<>]*"
    r"|(\bsearch/(?:suggestions/)?\?(?:[^\s\"'<>]*&)?q=)[^&\s\"'<>]+",
    re.IGNORECASE,
)
HIDDEN = r"\1\2***"


def hide_keys():
    """From now on every log record of this process has `***` for keys: Django's, a WSGI server's, anybody's."""
    make_record = logging.getLogRecordFactory()

    def make_record_without_keys(*args, **kwargs):
        record = make_record(*args, **kwargs)
        try:
            message = record.getMessage()
        except (TypeError, ValueError, KeyError):  # words and values that do not fit: logging reports it itself
            return record
        if KEY.search(message):
            record.msg, record.args = KEY.sub(HIDDEN, message), ()
        if record.exc_info:  # kept where formatters look for it
            record.exc_text = KEY.sub(HIDDEN, logging.Formatter().formatException(record.exc_info))
        return record

    logging.setLogRecordFactory(make_record_without_keys)
