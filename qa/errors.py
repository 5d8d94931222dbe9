"""What the portal raises on purpose. Every message is a sentence a person may read."""

from django.utils.translation import gettext as _


class PortalError(Exception):
    """The root of our own errors: something a person asked for cannot be done."""


class InvalidTransition(PortalError):
    """A status change that the workflow does not allow, or that somebody else made first."""


class QuestionClaimed(InvalidTransition):
    """Another doctor is working on the question."""


class ReplyNotReady(PortalError):
    """A reply lacks what a patient needs.

    Args:
        missing: a sentence for each field of the form that lacks something.
    """

    def __init__(self, missing: dict[str, str]):
        self.missing = missing
        super().__init__(" ".join(missing.values()))


class WrittenElsewhere(PortalError):
    """Another browser window has kept something else since this one was opened."""


class DocumentError(PortalError):
    """A document does not follow the grammar.

    Args:
        line: number of the offending line, from 1; 0 where the document as a whole is meant.
        message: a sentence that says what was expected there.
    """

    def __init__(self, line: int, message: str):
        self.line = line
        self.message = message
        super().__init__(f"line {line}: {message}" if line else message)


class BatchRefused(PortalError):
    """The database did not take a batch of records. What it said itself is not passed on: it may hold their words.

    Args:
        first, last: the lines between which the batch stands.
        kind: the type of the database's error, and where it was raised.
    """

    def __init__(self, first: int, last: int, kind: str):
        super().__init__(f"The database did not take the records of the lines {first} to {last}: {kind}.")


class PhotoRefused(PortalError):
    """A file that a patient sent is not taken as a photo; the sentence names it and says what to do."""


class TooMany(PortalError):
    """Somebody does the same thing too often.

    Args:
        retry_after: seconds until it may be done again.
    """

    def __init__(self, retry_after: int):
        self.retry_after = retry_after
        super().__init__(_("You have done this too often. Please try again later."))
