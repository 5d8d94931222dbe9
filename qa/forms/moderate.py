"""The moderators' forms, one for each decision. Each knows the verb it stands for: `decide(by)`."""

import datetime
import hashlib

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Specialty
from qa import moderating
from qa.errors import InvalidTransition
from qa.forms.fields import LongTextField, PlainTextField
from qa.models import MAX_PARTS, FlagDecision, Question, QuestionStatus, RejectReason, Topic
from qa.moderating import KINDS, Texts

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


class DecisionForm(forms.Form):
    """What all decisions share. `seen` is the state of the question that the moderator has read.

    Subclasses say `name`, `label`, `shortcut`, `statuses` (in which the question can be decided on so), `done` (the
    sentence afterwards), and do it in `act(by)`.
    """

    shortcut = ""
    warns = False
    explained = ""
    seen = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(self, data=None, *, question):
        self.question = question
        super().__init__(data, prefix=self.name, initial={"seen": question.changed_at.isoformat()})

    def decide(self, by):
        """Do it. Raises InvalidTransition where somebody else has decided since, or the status does not allow it."""
        if self.cleaned_data["seen"] != self.question.changed_at.isoformat():
            raise InvalidTransition(_("Somebody else has just decided on this question. What you typed is kept below."))
        if self.question.status not in self.statuses:
            said = _("This cannot be decided on a question that is %(status)s.")
            raise InvalidTransition(said % {"status": self.question.get_status_display()})
        self.act(by)


class TextsForm(DecisionForm):
    """The patient's words, to be mended. A change is shown word by word before it counts."""

    title = PlainTextField(label=_("Title"), max_length=200)
    body = LongTextField(label=_("Question"), max_length=20000, rows=8)
    parts = LongTextField(label=_("Parts"), help_text=_("One on each line."), required=False, rows=4)
    reason = PlainTextField(
        label=_("Why you change the words"),
        help_text=_("Only moderators read it. The earlier words are kept for them, too."),
        max_length=200,
        required=False,
    )
    shown = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(self, data=None, *, question):
        super().__init__(data, question=question)
        self.old = Texts.of(question)
        self.initial |= vars(self.old)
        self.changes = []

    def clean_parts(self):
        lines = [line.strip() for line in self.cleaned_data["parts"].splitlines() if line.strip()]
        if len(lines) > MAX_PARTS:
            raise ValidationError(_("A question has at most %(number)d parts.") % {"number": MAX_PARTS})
        if any(len(line) > 500 for line in lines):
            raise ValidationError(_("A part has at most 500 characters."))
        return "\n".join(lines)

    def clean(self):
        cleaned = super().clean()
        if not {"title", "body", "parts"} <= cleaned.keys():
            return cleaned
        self.texts = Texts(*(cleaned[name] for name in ("title", "body", "parts")))
        self.changes = moderating.changes(self._plain(self.old), self._plain(self.texts))
        if self.changes and not cleaned.get("reason"):
            self.add_error("reason", _("Say why you change the patient's words."))
        if self.changes and cleaned["shown"] != self._digest():
            self.data = self.data.copy()
            self.data[self.add_prefix("shown")] = self._digest()
            self.add_error(None, _("You have changed the patient's words. Read the changes, then press again."))
        return cleaned

    def changed_texts(self):
        return self.texts if self.changes else None

    def _plain(self, texts):
        """What differs only in ends of lines does not differ."""
        return Texts(*(text.replace("\r\n", "\n").strip() for text in vars(texts).values()))

    def _digest(self):
        return hashlib.sha256(repr((self.old, self.texts)).encode()).hexdigest()[:32]


class AcceptForm(TextsForm):
    name, label, shortcut = "accept", _("Accept"), "a"
    done = _("Question %(pk)s is with the doctors.")
    statuses = {S.PENDING}
    text_names = ("title", "body", "parts", "reason")

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
        label=_("Other topics"), help_text=_("Names from our list, with commas between."), required=False
    )

    field_order = ["specialty", "headline", "topics", "more_topics"]

    def __init__(self, data=None, *, question):
        super().__init__(data, question=question)
        has = [topic.pk for topic in question.topics.all()]
        found = [topic.pk for topic in moderating.suggest_topics(f"{question.title}\n{question.body}")]
        self.fields["topics"].queryset = Topic.objects.filter(pk__in={*has, *found})
        if not has and not found:
            del self.fields["topics"]
        self.initial |= {"specialty": question.specialty_id, "headline": question.headline, "topics": has or found}

    def clean_more_topics(self):
        names = [name.strip() for name in self.cleaned_data["more_topics"].split(",") if name.strip()]
        found = {name: moderating.topic_called(name) for name in names[:20]}
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


class NoteForm(DecisionForm):
    """A decision that needs a note and nothing else."""

    note = LongTextField(label=_("Why"), max_length=2000, rows=4)


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
    done = _("Question %(pk)s is with other doctors now; the patient is told why.")
    statuses = {S.OPEN}

    specialty = forms.ModelChoiceField(label=_("Specialty"), queryset=Specialty.objects.all())

    def act(self, by):
        self.question.transfer(by, self.cleaned_data["specialty"], self.cleaned_data["note"])


class EditForm(TextsForm):
    name, label = "edit", _("Change the words")
    done = _("The words of question %(pk)s are changed.")
    statuses = {S.OPEN, S.NEEDS_INFO, S.ANSWERED, S.REMOVED}

    def act(self, by):
        moderating.edit(self.question, by, self.texts, self.cleaned_data["reason"], self.old)


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


class FlagForm(forms.Form):
    """What becomes of a report and of what it is about."""

    decision = forms.ChoiceField(label=_("Decision"), choices=FlagDecision.choices, widget=forms.RadioSelect)
    note = LongTextField(
        label=_("Why"),
        help_text=_("If the text is removed, the patient reads this on the private page."),
        max_length=2000,
        rows=4,
    )
    because = PlainTextField(
        label=_("What readers should know"),
        help_text=_("If the reply is removed, everybody reads this where it stood. For instance: The dose was wrong."),
        max_length=300,
        required=False,
    )

    def __init__(self, data=None, *, flag):
        super().__init__(data)
        if not flag.reply:  # of other texts nothing is left for readers
            del self.fields["because"]

    def clean(self):
        cleaned = super().clean()
        if cleaned.get("decision") == FlagDecision.REMOVED and cleaned.get("because") == "":
            self.add_error("because", _("Tell readers why: some have acted on the reply."))
        return cleaned


class HandForm(forms.Form):
    """Who looks into a report."""

    assignee = forms.ModelChoiceField(label=_("Give it to"), queryset=None, empty_label=_("Nobody yet"), required=False)

    def __init__(self, data=None, *, people):
        super().__init__(data)
        self.fields["assignee"].queryset = people
