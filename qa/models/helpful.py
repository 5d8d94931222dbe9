"""Whether readers say that a reply helped them. Nothing here says who a reader is."""

import datetime

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from qa.models.reply import Reply

VISITOR_KEPT = datetime.timedelta(days=30)  # as long as a visitor's cookie, and no day longer


class HelpfulQuerySet(models.QuerySet):
    """The words for "which votes"."""

    def to_forget(self):
        """Votes that still say which visitor gave them, and need not any longer."""
        return self.exclude(visitor="").filter(created_at__lt=timezone.now() - VISITOR_KEPT)

    def of_visitor(self, reply, visitor):
        return self.filter(reply=reply, visitor=visitor).exclude(visitor="")

    def vote(self, reply, visitor, is_helpful):
        """Count what a visitor says of a reply; whoever says something again has changed their mind."""
        self.update_or_create(reply=reply, visitor=visitor, defaults={"is_helpful": is_helpful})


class Helpful(models.Model):
    """One reader's yes or no to "Was this helpful?".

    `visitor` is a hash made for this reply alone: two votes of one visitor cannot be told to be of the same.
    """

    reply = models.ForeignKey(Reply, on_delete=models.CASCADE, related_name="votes")
    is_helpful = models.BooleanField(_("helped"))
    visitor = models.CharField(_("visitor"), max_length=32, blank=True, editable=False)
    created_at = models.DateTimeField(_("voted at"), default=timezone.now, editable=False)

    objects = HelpfulQuerySet.as_manager()

    class Meta:
        verbose_name = _("vote on a reply")
        verbose_name_plural = _("votes on replies")
        constraints = [
            models.UniqueConstraint(
                fields=["reply", "visitor"], condition=~Q(visitor=""), name="helpful_once_a_visitor"
            )
        ]

    def __str__(self):
        return f"{self.reply_id}: {_('yes') if self.is_helpful else _('no')}"
