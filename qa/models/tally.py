"""Tallies: numbers that public pages show, counted by the worker and not while a page is read."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Doctor, Specialty
from qa.models.part import Coverage
from qa.models.taxonomy import Topic


class TallyQuerySet(models.QuerySet):
    """The words for "which tallies"."""

    def of_specialties(self):
        """Answered questions in each specialty."""
        return self.filter(specialty__isnull=False, topic__isnull=True)

    def of_topics(self):
        """Answered questions about each topic."""
        return self.filter(topic__isnull=False, specialty__isnull=True)

    def of_pairs(self):
        """Answered questions about each topic in each specialty."""
        return self.filter(topic__isnull=False, specialty__isnull=False)

    def of_doctors(self):
        """Public replies of each doctor."""
        return self.filter(doctor__isnull=False, coverage="")

    def of_coverage(self, doctor):
        """How many parts the doctor's public replies cover, and how far."""
        return self.filter(doctor=doctor).exclude(coverage="")


class Tally(models.Model):
    """One number: of a specialty, a topic, both together, a doctor, or a doctor and a coverage."""

    specialty = models.ForeignKey(Specialty, null=True, on_delete=models.CASCADE, related_name="+")
    topic = models.ForeignKey(Topic, null=True, on_delete=models.CASCADE, related_name="+")
    doctor = models.ForeignKey(Doctor, null=True, on_delete=models.CASCADE, related_name="+")
    coverage = models.CharField(_("coverage"), max_length=20, choices=Coverage, blank=True)
    number = models.PositiveIntegerField(_("number"))

    objects = TallyQuerySet.as_manager()

    class Meta:
        verbose_name = _("tally")
        verbose_name_plural = _("tallies")
        constraints = [
            models.UniqueConstraint(
                fields=["specialty"],
                condition=Q(specialty__isnull=False, topic__isnull=True),
                name="tally_of_specialty_unique",
            ),
            models.UniqueConstraint(
                fields=["topic"],
                condition=Q(topic__isnull=False, specialty__isnull=True),
                name="tally_of_topic_unique",
            ),
            models.UniqueConstraint(fields=["topic", "specialty"], name="tally_of_pair_unique"),
            models.UniqueConstraint(fields=["doctor", "coverage"], name="tally_of_doctor_unique"),
            models.CheckConstraint(
                condition=Q(doctor__isnull=True, coverage="") & (Q(specialty__isnull=False) | Q(topic__isnull=False))
                | Q(doctor__isnull=False, specialty__isnull=True, topic__isnull=True),
                name="tally_of_one_thing",
            ),
        ]

    def __str__(self):
        of = filter(None, [self.specialty, self.topic, self.doctor, self.coverage])
        return f"{', '.join(str(what) for what in of)}: {self.number}"
