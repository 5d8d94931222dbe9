"""The words for "which questions": every page, desk, feed and check says who may see what in these terms only."""

import datetime

from django.apps import apps
from django.db import models
from django.db.models import Case, Exists, F, OuterRef, Q, Subquery, When
from django.db.models.functions import JSONObject, Left
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Doctor, Specialty
from qa.models.children import together
from qa.models.event import LOADED, RELOADED, EventKind

PORTAL = "portal"  # the source of what patients ask here
MAX_PHOTOS = 4
ADULT = 18  # years
OLDEST = 120  # years, the end of the last age band
LATELY = datetime.timedelta(days=365)
REJECTED_KEPT = datetime.timedelta(days=90)
FOLLOW_UP_WAITS = datetime.timedelta(days=3)  # for whoever has replied, then for the whole specialty

# Ages in years. No band reaches from under 18 to over.
AGE_BANDS = [
    (0, 1),
    (2, 5),
    (6, 11),
    (12, 17),
    (18, 29),
    (30, 39),
    (40, 49),
    (50, 59),
    (60, 69),
    (70, 79),
    (80, OLDEST),
]

# What the pages show of a question; addresses and keys of patients are not even read for them.
CARD_FIELDS = ["headline", "title", "body", "language", "is_excerpt", "answered_at"]
PAGE_FIELDS = [
    *CARD_FIELDS,
    *("pseudonym", "sex", "age_from", "age_to", "on_behalf_of", "status", "asked_at", "erased_at"),
]
SPECIALTY_FIELDS = ["specialty__name", "specialty__slug"]

CARD_LENGTH = 320  # characters of a reply that a card may show, and some to cut at a word


class QuestionStatus(models.TextChoices):
    PENDING = "pending", _("pending")
    OPEN = "open", _("open")
    NEEDS_INFO = "needs_info", _("waiting for the patient")
    ANSWERED = "answered", _("answered")
    REJECTED = "rejected", _("rejected")
    REMOVED = "removed", _("removed")
    WITHDRAWN = "withdrawn", _("withdrawn")


class OnBehalfOf(models.TextChoices):
    SELF = "self", _("Myself")
    CHILD = "child", _("My child")
    PARENT = "parent", _("My parent")
    PARTNER = "partner", _("My partner")
    OTHER = "other", _("Someone else")


class RejectReason(models.TextChoices):
    NOT_MEDICAL = "not_medical", _("It is not a health question")
    DUPLICATE = "duplicate", _("It has been asked and answered before")
    UNCLEAR = "unclear", _("It cannot be understood")
    IDENTIFYING = "identifying", _("It says too much about a real person")
    ABUSIVE = "abusive", _("It is abusive")
    SPAM = "spam", _("It is advertising")


def age_band_label(first, last):
    """A band of ages in years, as people read it."""
    if last >= OLDEST:
        return _("%(first)d or more") % {"first": first}
    return f"{first}–{last}"


def first_reply(question, length=CARD_LENGTH):
    """An annotation: what a card shows of the first reply to `question`, of its text so many characters."""
    card = JSONObject(
        doctor="doctor__name", doctor_slug="doctor__slug", specialty="specialty__name", excerpt=Left("body", length)
    )
    replies = apps.get_model("qa", "Reply").objects.published().filter(question=question)
    return Subquery(replies.values(card=card)[:1])


class QuestionQuerySet(models.QuerySet):
    """The words for "which questions"."""

    def pending(self):
        """What waits for a moderator, urgent first, then oldest."""
        return self.filter(status=QuestionStatus.PENDING).order_by("-is_urgent", "asked_at", "pk")

    def escalated(self):
        """What was raised with all moderators, and nobody has calmed or ended since; oldest first."""
        unfinished = [QuestionStatus.PENDING, QuestionStatus.OPEN, QuestionStatus.NEEDS_INFO]
        waiting = self.model.objects.filter(is_urgent=True, status__in=unfinished)
        raised = waiting.filter(self._having_event(kind=EventKind.ESCALATED)).values("pk")
        again = apps.get_model("qa", "FollowUp").objects.raised().order_by().values("question")
        again = self.model.objects.public().filter(is_urgent=True, pk__in=again).values("pk")
        return self.filter(pk__in=raised.union(again)).order_by("asked_at", "pk")

    def urgent(self):
        return self.filter(is_urgent=True)

    def behind(self, question, since="asked_at"):
        """What comes after `question` where urgent stands first, then what waits longest, counted from `since`."""
        start = getattr(question, since)
        later = Q((f"{since}__gte", start)) & (Q((f"{since}__gt", start)) | Q(pk__gt=question.pk))
        if question.is_urgent:
            return self.filter(Q(is_urgent=False) | later)
        return self.filter(later, is_urgent=False)

    def with_finding(self, kind):
        """What was sent in spite of a finding of this kind."""
        return self.filter(self._having_event(kind=EventKind.ADVICE_PASSED, note__startswith=f"{kind}:"))

    def perhaps_of_minors(self):
        """Whose age band does not rule out somebody under 18; see `Question.may_be_minor`."""
        return self.filter(Q(age_from__isnull=True) | Q(age_from__lt=ADULT))

    def with_photos(self):
        photos = apps.get_model("qa", "Photo").objects
        return self.filter(Exists(photos.filter(question=OuterRef("pk"))))

    def _having_event(self, **fields):
        events = apps.get_model("qa", "QuestionEvent").objects
        return Exists(events.filter(question=OuterRef("pk"), **fields))

    def by_same_patient(self, question):
        """What else was asked from the same account or with the same address, latest first."""
        same = Q(pk__in=[])
        if question.patient_id:
            same |= Q(patient=question.patient_id)
        if question.contact_email:
            same |= Q(contact_email=question.contact_email)
        return self.filter(same).exclude(pk=question.pk).order_by("-asked_at", "-pk")

    def open(self):
        """Accepted, and not answered yet."""
        return self.filter(status=QuestionStatus.OPEN)

    def awaiting_reply(self):
        """What doctors owe a reply, urgent first, then what has been open longest; a transfer begins anew."""
        return self.open().order_by("-is_urgent", "changed_at", "pk")

    def in_care(self):
        """What doctors of the specialty work on or have replied to; nothing that no moderator has accepted."""
        events = apps.get_model("qa", "QuestionEvent").objects
        accepted = events.filter(question=OuterRef("pk"), kind=EventKind.ACCEPTED)
        return self.filter(
            Q(status__in=[QuestionStatus.OPEN, QuestionStatus.ANSWERED])
            | Q(Exists(accepted), status=QuestionStatus.NEEDS_INFO)
        )

    def needs_info(self):
        """What waits for the patient."""
        return self.filter(status=QuestionStatus.NEEDS_INFO)

    def to_forget(self):
        """What was asked here and rejected so long ago that nothing is to be left of it."""
        decided_before = timezone.now() - REJECTED_KEPT
        return self.asked_here().filter(status=QuestionStatus.REJECTED, changed_at__lt=decided_before)

    def answered(self):
        return self.filter(status=QuestionStatus.ANSWERED)

    def answered_lately(self):
        """What licensed doctors have answered within a year; not what came with its replies. Latest first."""
        replies = apps.get_model("qa", "Reply").objects.published().filter(doctor__in=Doctor.objects.licensed())
        given_here, since = Exists(replies.filter(question=OuterRef("pk"))), timezone.now() - LATELY
        return self.answered().filter(given_here, answered_at__gte=since).order_by("-answered_at", "-pk")

    def public(self):
        """What anyone may read."""
        return self.answered()

    def whole(self):
        """Without the excerpts, which search engines and feeds are not given."""
        return self.filter(is_excerpt=False)

    def with_visibility(self):
        """Each with `is_visible`: whether anyone may read the patient's words.

        To read all along the primary key; the condition `public()` makes databases sort what they find by status.
        """
        shown = Q(status=QuestionStatus.ANSWERED, erased_at__isnull=True)
        return self.annotate(is_visible=models.ExpressionWrapper(shown, models.BooleanField()))

    def worked_on(self):
        """What somebody here has decided on, changed, replied to or is replying to; not what only imports wrote."""
        now, models_of = timezone.now(), apps.get_model
        others = models_of("qa", "Reply").objects.filter(question=OuterRef("pk")).exclude(status="published")
        held = [EventKind.HELPED, EventKind.CLAIMED, EventKind.TAKEN_OVER, EventKind.RELEASED, EventKind.ADVICE_PASSED]
        events = models_of("qa", "QuestionEvent").objects.filter(question=OuterRef("pk")).exclude(kind__in=held)
        by_people = events.exclude(actor=None, note__in=[LOADED, RELOADED])
        settled = Q(status__in=[QuestionStatus.OPEN, QuestionStatus.ANSWERED], erased_at=None)
        return self.filter(~settled | Q(claimed_until__gt=now) | Exists(others) | Exists(by_people))

    def relatable(self):
        """What anyone may read of which the patient's text is left: it may lead to questions that resemble it."""
        return self.public().filter(erased_at__isnull=True)

    def comparable(self):
        """What may be shown as resembling another text: of an excerpt too little is known."""
        return self.relatable().whole()

    def without_embedding(self, model):
        """What has a text that may be compared and no vector of this model, by key."""
        embeddings = apps.get_model("qa", "Embedding").objects
        made = embeddings.filter(question=OuterRef("pk"), model=model)
        return self.relatable().filter(~Exists(made)).order_by("pk")

    def share(self, part, of):
        """Those of whose keys `part` is left when divided by `of`: several processes share the work."""
        return self if of == 1 else self.annotate(left=F("pk") % of).filter(left=part)

    def with_standing(self):
        """With `is_answered_in_full`, all its parts by published replies, and `is_reviewed`, a colleague agreeing."""
        models_of = {
            name: apps.get_model("qa", name).objects for name in ("QuestionPart", "PartCoverage", "ReplyReview")
        }
        covered = models_of["PartCoverage"].best_first().filter(part=OuterRef("pk"), coverage="answered").order_by()
        parts = models_of["QuestionPart"].filter(question=OuterRef("pk"))
        agreed = models_of["ReplyReview"].filter(reply__question=OuterRef("pk"), verdict="agrees")
        in_full = Exists(parts) & ~Exists(parts.filter(~Exists(covered)))
        return self.annotate(is_answered_in_full=in_full, is_reviewed=Exists(agreed))

    def asked_here(self):
        """Without what was imported."""
        return self.filter(source=PORTAL)

    def visible_to(self, user):
        """What this user may read: moderators all; others the public's, their own, a doctor's open ones."""
        if user.has_perm("qa.moderate_question"):
            return self
        if not user.is_authenticated:
            return self.public()
        own_specialties = Specialty.objects.filter(doctors__in=Doctor.objects.licensed().filter(user=user))
        return self.filter(
            Q(status=QuestionStatus.ANSWERED)
            | Q(patient__user=user)
            | Q(status=QuestionStatus.OPEN, specialty__in=own_specialties)
        )

    def for_doctor(self, doctor):
        """The doctor's queue: open questions of own specialties, urgent first, then those that came first."""
        return self.awaiting_reply().filter(specialty__in=doctor.specialties.all())

    def written_again(self):
        """What anyone may read and under which the patient has added what no doctor has done anything upon, with
        `written_again_at`; urgent first, then what has waited longest."""
        unread = apps.get_model("qa", "FollowUp").objects.unread()
        since = unread.filter(question=OuterRef("pk")).order_by("sent_at").values("sent_at")[:1]
        found = self.public().filter(pk__in=unread.order_by().values("question"))
        return found.annotate(written_again_at=Subquery(since)).order_by("-is_urgent", "written_again_at", "pk")

    def written_again_to(self, doctor):
        """Of these, what waits for this doctor: under an own reply; or in an own specialty where nobody who has replied
        may publish any longer, or has done anything for FOLLOW_UP_WAITS."""
        replies = apps.get_model("qa", "Reply").objects.published().filter(question=OuterRef("pk"))
        orphaned = ~Exists(replies.filter(doctor__in=Doctor.objects.publishing()))
        overdue = Q(written_again_at__lt=timezone.now() - FOLLOW_UP_WAITS)
        for_others = (orphaned | overdue) & Q(specialty__in=doctor.specialties.all())
        return self.written_again().filter(Exists(replies.filter(doctor=doctor)) | for_others)

    def claimed_by(self, doctor):
        """What this doctor holds now."""
        return self.open().filter(claimed_by=doctor, claimed_until__gt=timezone.now()).order_by("claimed_until", "pk")

    def at_desk_of(self, doctor):
        """What this doctor may open at the desk: in the care of own specialties, or with a reply of the doctor's; and
        what anyone may read with a review of the doctor's."""
        own = apps.get_model("qa", "Reply").objects.sent().filter(doctor=doctor, question=OuterRef("pk"))
        reviewed = Q(self._with_review_of(doctor), status=QuestionStatus.ANSWERED)
        return self.in_care().filter(Q(specialty__in=doctor.specialties.all()) | Exists(own) | reviewed)

    def reviewed_by(self, doctor):
        """What anyone may read with a review of this doctor's, latest answered first. Looked up by the reviews, which
        are few, and not in the order of all answers there are."""
        reviewed = list(self._reviews_of(doctor).values_list("reply__question", flat=True))
        return self.public().filter(pk__in=reviewed).order_by("-answered_at", "-pk")

    def _with_review_of(self, doctor):
        return Exists(self._reviews_of(doctor).filter(reply__question=OuterRef("pk")))

    def _reviews_of(self, doctor):
        return apps.get_model("qa", "ReplyReview").objects.filter(doctor=doctor, reply__status="published")

    def for_queue(self, doctor):
        """All that a row of the doctors' queue shows, in one query."""
        drafts = apps.get_model("qa", "Reply").objects.drafts().filter(doctor=doctor, question=OuterRef("pk"))
        photos, added = (apps.get_model("qa", n).objects.filter(question=OuterRef("pk")) for n in ("Photo", "FollowUp"))
        return self.select_related("specialty", "claimed_by").annotate(
            has_own_draft=Exists(drafts), has_photos=Exists(photos), has_follow_ups=Exists(added)
        )

    def for_follow_ups(self):
        """All that a row of "They wrote again" shows, in one query: with `added`, how the latest follow-up begins."""
        sent = apps.get_model("qa", "FollowUp").objects.filter(question=OuterRef("pk")).order_by("-sent_at", "-pk")
        return self.select_related("specialty").annotate(added=Subquery(sent.values(begins=Left("body", 200))[:1]))

    def asked_by(self, user):
        """What this user asked: signed in, or with an e-mail address that the user has proved to read."""
        addresses = user.emailaddress_set.filter(verified=True).values("email")
        return self.asked_here().filter(Q(patient__user=user) | Q(contact_email__in=addresses))

    def about(self, topic):
        """What is about the topic, with `listed_at`, by which its list is in order: `answered_at`, but indexed."""
        return self.filter(topic_items__tag=topic).annotate(listed_at=F("topic_items__listed_at"))

    def listed_under(self, topic, specialty):
        """What anyone may read about the topic in the specialty, with `listed_at` as above."""
        listed = self.public().filter(topic_items__tag=topic, topic_items__listed_in=specialty.pk)
        return listed.annotate(listed_at=F("topic_items__listed_at"))

    def linking(self, topic, specialty=None):
        """What names the topic (in the specialty) under "Related FAQ" by the archive's or an editor's choice, but is
        not listed as being about it anyway; latest first."""
        links = apps.get_model("qa", "RelatedTopic").objects.chosen().filter(topic=topic)
        items = apps.get_model("qa", "QuestionTopic").objects.filter(tag=topic, content_object=OuterRef("pk"))
        about = Q(Exists(items))
        if specialty:
            links, about = links.filter(specialty=specialty), about & Q(specialty=specialty)
        found = self.filter(~about, pk__in=links.order_by().values("question"))
        return found.order_by("-answered_at", "-pk")

    def similar_to(self, question):
        """What "Similar Q&A" of `question` leads to."""
        return self.filter(related_from__question=question)

    def quoting(self, question):
        """What leads to `question` under "Similar Q&A"."""
        return self.filter(related_questions__related=question)

    def for_page(self):
        """All that a question page shows of the question itself, and no more of it, in one query.

        As lists from `together`: of the replies that ever could be read what partials/reply.html shows, of the public
        photos id and position, of the related topics what a link shows, of the similar questions what a card
        shows, the parts with `coverage`, and of an excerpt the public questions that quote it.
        """
        of = {"question": OuterRef("pk")}
        links = together(
            apps.get_model("qa", "RelatedTopic").objects.leading_somewhere().filter(**of),
            "question",
            "position",
            topic=JSONObject(name="topic__name", slug="topic__slug"),
            specialty=JSONObject(name="specialty__name", slug="specialty__slug"),
        )
        photos = apps.get_model("qa", "Photo").objects.public().filter(**of)
        parts = apps.get_model("qa", "QuestionPart").objects.with_coverage().filter(**of)
        similar = self.model.objects.public().similar_to(OuterRef("pk"))
        similar = together(
            similar.annotate(first_reply=first_reply(OuterRef("pk"))),
            "related_from__question",
            *("id", "headline", "title", "language", "is_excerpt", "answered_at", "first_reply"),
            position="related_from__position",
            body=Left("body", CARD_LENGTH),
        )
        quoting = self.model.objects.public().quoting(OuterRef("pk"))
        quoting = together(quoting, "related_questions__related", "id", "headline", "title", "language")
        return (
            self.select_related("specialty")
            .only(*PAGE_FIELDS, *SPECIALTY_FIELDS)
            .annotate(
                reply_list=apps.get_model("qa", "Reply").objects.once_published().filter(**of).listed(),
                public_photos=together(photos, "question", "id", "position"),
                topic_links=links,
                part_list=together(parts, "question", "position", "text", "coverage"),
                similar_list=similar,
                quoting_list=Case(When(is_excerpt=True, then=quoting)),
                has_article=Exists(apps.get_model("qa", "Article").objects.public().filter(**of)),
            )
        )

    def for_cards(self, length=CARD_LENGTH):
        """All that partials/question_card.html shows, and no more of the question, in one query: with the first reply
        as a dictionary, of its text so many characters."""
        shown = self.select_related("specialty").only(*CARD_FIELDS, *SPECIALTY_FIELDS)
        return shown.annotate(first_reply=first_reply(OuterRef("pk"), length))
