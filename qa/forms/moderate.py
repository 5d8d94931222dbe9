"""The moderators' forms, one for each decision. Each knows the verb it stands for: `decide(by)`."""

import datetime

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Specialty
from qa import identifying, moderating
from qa.errors import InvalidTransition
from qa.forms.decisions import DecisionForm, NoteForm, TextsForm
from qa.forms.fields import LongTextField, PlainTextField, ProposingInputs
from qa.models import Question, QuestionStatus, RejectReason, Topic
from qa.moderating import KINDS

S = QuestionStatus
WAITED = {"1": _("More than an hour"), "24": _("More than a day"), "72": _("More than three days")}


class QueueForm(forms.Form):
    """Which of the waiting questions are wanted."""

    specialty = forms.ChoiceField(label=_("Specialty"), required=False)
    waited = forms.ChoiceField(label=_("Waiting"), required=False, choices=[("", _("Any time")), *WAITED.items()])
    finding = forms.ChoiceField(label=_("Finding"), required=False, choices=[("", _("Any")), *KINDS.items()])
    minor = forms.BooleanField(label=_("May be a minor"), required=False)
    photo = forms.BooleanField(label=_("With photos"), required=False)

    def __init__(self, data):
        super().__init__(data)
        named = Specialty.objects.values_list("pk", "name")
        self.fields["specialty"].choices = [("", _("All")), ("none", _("Not chosen yet")), *named]

    def rows(self):
        """The queue as filtered; a filter that makes no sense does not count."""
        rows = Question.objects.pending()
        self.full_clean()
        wanted = self.cleaned_data
        if specialty := wanted.get("specialty"):
            rows = rows.filter(specialty=None if specialty == "none" else specialty)
        if waited := wanted.get("waited"):
            rows = rows.filter(asked_at__lte=timezone.now() - datetime.timedelta(hours=int(waited)))
        if finding := wanted.get("finding"):
            rows = rows.with_finding(finding)
        if wanted.get("minor"):
            rows = rows.perhaps_of_minors()
        if wanted.get("photo"):
            rows = rows.with_photos()
        return rows

    def query(self):
        """The filters as the address holds them."""
        return {name: self.data[name] for name in self.fields if self.data.get(name)}


class AcceptForm(TextsForm):
    name, label, shortcut = "accept", _("Accept"), "a"
    done = _("Question %(pk)s is with the doctors.")
    statuses = {S.PENDING}
    text_names = ("title", "body", "parts", "pseudonym", "reason")

    specialty = forms.ModelChoiceField(
        label=_("Specialty"), queryset=Specialty.objects.all(), empty_label=_("Choose a specialty")
    )
    headline = PlainTextField(
        label=_("Headline"),
        help_text=_("What the question is about, in our words. Empty: the patient's title."),
        max_length=200,
        required=False,
    )
    topics = forms.ModelMultipleChoiceField(
        label=_("Topics found in the text"),
        queryset=Topic.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    more_topics = PlainTextField(
        label=_("Other topics"),
        help_text=_(
            "Type a few letters: those of the specialty are proposed. Any other name on our list is taken, too."
        ),
        required=False,
        widget=ProposingInputs,
    )

    field_order = ["specialty", "headline", "topics", "more_topics"]

    def __init__(self, data=None, *, question):
        super().__init__(data, question=question)
        has = [topic.pk for topic in question.topics.all()]
        found = [topic.pk for topic in moderating.suggest_topics(f"{question.title}\n{question.body}")]
        self.fields["topics"].queryset = Topic.objects.filter(pk__in={*has, *found})
        if not has and not found:
            del self.fields["topics"]
        self.fields["more_topics"].widget.proposals = moderating.topics_to_choose(question.specialty)
        self.initial |= {"specialty": question.specialty_id, "headline": question.headline, "topics": has or found}

    def clean_more_topics(self):
        found = {}
        for name in self.cleaned_data["more_topics"].splitlines()[:20]:
            known = moderating.topic_called(name)
            several = [part.strip() for part in name.split(",") if part.strip()]  # with commas between, as people write
            found |= {name: known} if known else {part: moderating.topic_called(part) for part in several}
        if unknown := [name for name, topic in found.items() if topic is None]:
            raise ValidationError(_("Not on our list: %(names)s.") % {"names": ", ".join(unknown)})
        return list(found.values())

    def act(self, by):
        cleaned = self.cleaned_data
        topics = {*cleaned.get("topics", []), *cleaned["more_topics"]}
        moderating.accept(
            self.question,
            by,
            cleaned["specialty"],
            cleaned["headline"],
            topics,
            self.changed_texts(),
            cleaned["reason"],
            self.old,
            self.reasons(),
        )

    def decision_fields(self):
        return [field for field in self.visible_fields() if field.name not in self.text_names]

    def text_fields(self):
        return [self[name] for name in self.text_names]

    def shows_texts(self):
        """Whether the patient's words stand open: they were changed, or something is wrong with them."""
        return bool(self.changes) or any(field.errors for field in self.text_fields())


class RejectForm(DecisionForm):
    name, label, shortcut, warns = "reject", _("Reject"), "r", True
    done = _("Question %(pk)s is rejected; the patient is told why.")
    statuses = {S.PENDING}

    reject_reason = forms.ChoiceField(label=_("Reason"), choices=RejectReason.choices, widget=forms.RadioSelect)
    note = LongTextField(
        label=_("What the patient should know"),
        help_text=_("The patient reads it on the private page."),
        max_length=2000,
        required=False,
        rows=4,
    )

    def act(self, by):
        self.question.reject(by, self.cleaned_data["reject_reason"], self.cleaned_data["note"])


class AskForm(NoteForm):
    name, label, shortcut = "ask", _("Ask the patient"), "q"
    done = _("Question %(pk)s waits for the patient.")
    statuses = {S.PENDING, S.OPEN}

    def __init__(self, data=None, *, question):
        super().__init__(data, question=question)
        self.fields["note"].label = _("What you would like to know")
        self.fields["note"].help_text = _("The patient reads it on the private page and can answer there.")

    def act(self, by):
        self.question.ask_patient(by, self.cleaned_data["note"])


class MergeForm(DecisionForm):
    name, label, shortcut, warns = "merge", _("Asked before"), "d", True
    button = _("Reject as asked before")
    explained = _("The question is rejected as asked before; the patient gets the address of the other one.")
    done = _("Question %(pk)s is rejected as asked before; the patient is told where the reply is.")
    statuses = {S.PENDING}

    other = forms.IntegerField(
        label=_("Number of the other question"),
        help_text=_("It stands in its address, after /questions/."),
        min_value=1,
    )
    note = LongTextField(label=_("What the patient should know"), max_length=1500, required=False, rows=3)

    def clean_other(self):
        other = Question.objects.public().filter(pk=self.cleaned_data["other"]).first()
        if other is None or other == self.question:
            raise ValidationError(_("There is no such question that everybody can read."))
        return other

    def act(self, by):
        moderating.merge(self.question, by, self.cleaned_data["other"], self.cleaned_data["note"])


class EscalateForm(NoteForm):
    name, label, shortcut = "escalate", _("Raise with all moderators"), "e"
    explained = _(
        "For a patient who may be in danger, for instance of self-harm. The question becomes urgent and stands on top "
        "of every moderator's desk until it is calmed or answered. The patient is not told."
    )
    done = _("Question %(pk)s is raised with all moderators.")
    statuses = {S.PENDING, S.OPEN, S.NEEDS_INFO}

    def act(self, by):
        self.question.escalate(by, self.cleaned_data["note"])


class CalmForm(NoteForm):
    name, label = "calm", _("Not urgent")
    done = _("Question %(pk)s is not urgent any longer.")
    statuses = {S.PENDING, S.OPEN, S.NEEDS_INFO, S.ANSWERED}

    def act(self, by):
        self.question.calm(by, self.cleaned_data["note"])


class TransferForm(NoteForm):
    name, label = "transfer", _("Move to another specialty")
    done = _("Question %(pk)s is in another specialty now; the patient is told why.")
    statuses = {S.OPEN, S.ANSWERED}

    specialty = forms.ModelChoiceField(
        label=_("Specialty"), queryset=Specialty.objects.all(), empty_label=_("Choose a specialty")
    )

    field_order = ["specialty", "note"]

    def __init__(self, data=None, *, question):
        super().__init__(data, question=question)
        self.fields["note"].help_text = _("The patient reads it on the private page.")
        if question.is_public:
            self.explained = _(
                "Everybody finds the question in the new specialty at once. Its address, replies and topics stay."
            )

    def act(self, by):
        self.question.transfer(by, self.cleaned_data["specialty"], self.cleaned_data["note"])


class EditForm(TextsForm):
    name, label = "edit", _("Change the words")
    done = _("The words of question %(pk)s are changed.")
    statuses = {S.OPEN, S.NEEDS_INFO, S.ANSWERED, S.REMOVED}

    headline = PlainTextField(
        label=_("Headline"),
        help_text=_("What the question is about, in our words. Empty: the patient's title."),
        max_length=200,
        required=False,
    )

    field_order = ["headline"]

    def __init__(self, data=None, *, question):
        super().__init__(data, question=question)
        self.initial["headline"] = question.headline

    def clean(self):
        cleaned = super().clean()
        if cleaned.get("headline", "") != self.question.headline and not cleaned.get("reason"):
            self.add_error("reason", _("Say why you change the headline."))
        return cleaned

    def act(self, by):
        reasons = self.reasons()
        moderating.edit_headline(self.question, by, self.cleaned_data["headline"], self.cleaned_data["reason"])
        moderating.edit(self.question, by, self.texts, self.cleaned_data["reason"], self.old)
        identifying.require_reasons(self.question, by, reasons)


class RemoveForm(NoteForm):
    name, label, warns = "remove", _("Take off the portal"), True
    explained = _("The patient reads the reason on the private page.")
    done = _("Question %(pk)s is off the portal; the patient is told why.")
    statuses = {S.ANSWERED}

    def act(self, by):
        self.question.remove(by, self.cleaned_data["note"])


class RestoreForm(NoteForm):
    name, label = "restore", _("Put back on the portal")
    explained = _("The patient reads the reason on the private page.")
    done = _("Question %(pk)s is back on the portal.")
    statuses = {S.REMOVED}

    def act(self, by):
        if lacking := identifying.left_in(self.question):
            raise InvalidTransition(f"{identifying.demand(lacking)} {_('Both is done under “Change the words”.')}")
        self.question.restore(by, self.cleaned_data["note"])


DECISIONS = [
    AcceptForm,
    RejectForm,
    AskForm,
    MergeForm,
    TransferForm,
    EditForm,
    RemoveForm,
    RestoreForm,
    EscalateForm,
    CalmForm,
]


def decisions_on(question):
    """The decisions that can be taken on the question as it is."""
    useless = set() if question.is_urgent else {CalmForm}
    if Question.objects.escalated().filter(pk=question.pk).exists():
        useless.add(EscalateForm)
    return [form for form in DECISIONS if question.status in form.statuses and form not in useless]
