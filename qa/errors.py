"""What the portal raises on purpose. Every message is a sentence a person may read."""


class PortalError(Exception):
    """The root of our own errors: something a person asked for cannot be done."""


class InvalidTransition(PortalError):
    """A status change that the workflow does not allow, or that somebody else made first."""


class QuestionClaimed(InvalidTransition):
    """Another doctor is working on the question."""


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
