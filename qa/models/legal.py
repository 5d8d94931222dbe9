"""The sentence that the portal adds to a reply that cannot assess. Each holds from its day on, and none is changed."""

import datetime

from django.utils.translation import gettext_lazy as _

LEGAL_SENTENCES = [
    (
        datetime.date(2026, 11, 21),
        _(
            "A doctor must examine you in person before naming an illness or prescribing a medicine. "
            "This reply is general information and does not take the place of that visit."
        ),
    ),
]


def legal_sentence_on(day):
    """The sentence as it read on `day`; empty where there was none yet."""
    return next((sentence for since, sentence in reversed(LEGAL_SENTENCES) if since <= day), "")
