"""Reviews: what colleagues say of a reply, signed and public."""

from django.db import models
from django.db.models import OuterRef, Q, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.constraints import is_one_of
from accounts.models import Doctor, Specialty
from qa.models.children import together
from qa.models.reply import Reply, Verdict

# What the pages show of a review.
PAGE_FIELDS = ["id", "reply_id", "verdict", "note", "signed_at", "doctor__id", "doctor__name", "doctor__slug"]


class ReplyReviewQuerySet(models.QuerySet):
    def for_page(self):
        """All that is shown of a review, with `specialty_name`."""
        return self.select_related("doctor").only(*PAGE_FIELDS).with_specialty_name()

    def with_specialty_name(self):
        """Each with the name of a specialty of its doctor's, of the reply's own if possible."""
        held = Specialty.objects.filter(doctors=OuterRef("doctor"))
        same = held.filter(pk=OuterRef("reply__specialty"))
        names = [Subquery(specialties.values("name")[:1]) for specialties in (same, held)]
        return self.annotate(specialty_name=Coalesce(*names))

    def listed(self):
        """An annotation of the reply that they are filtered to: what `for_page` has, together."""
        return together(self.with_specialty_name(), "reply", *PAGE_FIELDS, "specialty_name")


class ReplyReviewManager(models.Manager.from_queryset(ReplyReviewQuerySet)):
    def get_by_natural_key(self, key, doctor):
        return self.get(reply__key=key, doctor__slug=doctor)


class ReplyReview(models.Model):
    """What another doctor says of a reply, signed and public."""

    reply = models.ForeignKey(Reply, on_delete=models.CASCADE, related_name="reviews")
    doctor = models.ForeignKey(Doctor, on_delete=models.PROTECT, related_name="reviews")
    verdict = models.CharField(_("verdict"), max_length=15, choices=Verdict)
    note = models.TextField(_("note"), blank=True)
    signed_at = models.DateTimeField(_("signed at"), default=timezone.now)

    objects = ReplyReviewManager()

    class Meta:
        verbose_name = _("review of a reply")
        verbose_name_plural = _("reviews of replies")
        ordering = ["signed_at", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["reply", "doctor"], name="replyreview_unique"),
            models.CheckConstraint(condition=is_one_of("verdict", Verdict), name="replyreview_verdict_known"),
            models.CheckConstraint(
                condition=Q(verdict=Verdict.AGREES) | ~Q(note=""), name="replyreview_dissent_has_note"
            ),
        ]

    def __str__(self):
        return f"{self.doctor}: {self.get_verdict_display()}"

    def natural_key(self):
        return (str(self.reply.key), self.doctor.slug)

    natural_key.dependencies = ["qa.reply", "accounts.doctor"]
