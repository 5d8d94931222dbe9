"""What desks share that change something: buttons call model methods, and a refusal is a sentence."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction

from qa.errors import InvalidTransition

CONFLICT = 409  # somebody else was first


class TransitionsMixin:
    """For a ModelAdmin whose pages hold buttons."""

    def require(self, request, permission):
        """403 for whom the page is not."""
        if not request.user.has_perm(permission):
            raise PermissionDenied

    def attempt(self, request, transition, form=None, done=""):
        """Call `transition` in one transaction; whether it went through.

        Where it is refused, the sentence stands in `form`, which keeps what was typed; without one, above the page.
        """
        try:
            with transaction.atomic():
                transition()
        except InvalidTransition as refusal:
            if form:
                form.add_error(None, str(refusal))
            else:
                self.message_user(request, str(refusal), messages.WARNING)
            return False
        if done:
            self.message_user(request, done, messages.SUCCESS)
        return True
