"""What the forms of the moderators' decisions share: the state they were read in, the patient's words, a note."""

import hashlib

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from qa import identifying, moderating
from qa.advice import let_stand
from qa.errors import InvalidTransition
from qa.forms.fields import LongTextField, PlainTextField, typed_reasons
from qa.models import MAX_PARTS
from qa.moderating import Texts


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
    """The patient's words, to be mended. A change is shown word by word before it counts.

    What shows who somebody is comes out, or stands with a reason that is typed beside it.
    """

    public = ("headline", "title", "body", "parts", "pseudonym")  # the fields that everybody will read

    title = PlainTextField(label=_("Title"), max_length=200)
    body = LongTextField(label=_("Question"), max_length=20000, rows=8)
    parts = LongTextField(label=_("Parts"), help_text=_("One on each line."), required=False, rows=4)
    pseudonym = PlainTextField(label=_("Name to appear under"), max_length=50, required=False)
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
        self.own_name = identifying.own_name(question, [self.old.title, self.old.body, self.old.parts])

    def clean_parts(self):
        lines = [line.strip() for line in self.cleaned_data["parts"].splitlines() if line.strip()]
        if len(lines) > MAX_PARTS:
            raise ValidationError(_("A question has at most %(number)d parts.") % {"number": MAX_PARTS})
        if any(len(line) > 500 for line in lines):
            raise ValidationError(_("A part has at most 500 characters."))
        return "\n".join(lines)

    def clean(self):
        cleaned = super().clean()
        if not vars(self.old).keys() <= cleaned.keys():
            return cleaned
        self.texts = Texts(**{name: cleaned[name] for name in vars(self.old)})
        self.changes = moderating.changes(self._plain(self.old), self._plain(self.texts))
        if self.changes and not cleaned.get("reason"):
            self.add_error("reason", _("Say why you change the patient's words."))
        if self.changes and cleaned["shown"] != self._digest():
            self.data = self.data.copy()
            self.data[self.add_prefix("shown")] = self._digest()
            self.add_error(None, _("You have changed the patient's words. Read the changes, then press again."))
        advice = [item for item, _said in self.advice()]
        if lacking := let_stand(advice, self.reasons() if advice else {})[1]:
            self.add_error(None, identifying.demand(lacking))
        return cleaned

    def texts_in_form(self):
        """What everybody will read, as it stands in the form, by the names of `qa.identifying`."""
        return {f"question_{name}": self[name].value() or "" for name in self.public if name in self.fields}

    def reasons(self):
        """Why something is let stand, as typed, or as said before."""
        return {**identifying.reasons_given(self.question), **typed_reasons(self.data)}

    def advice(self):
        """What shows who somebody is, each with the reason typed for it."""
        advice = identifying.advice_on(self.texts_in_form(), self.own_name)
        reasons = self.reasons() if advice else {}
        return [(item, reasons.get(item.place, "")) for item in advice]

    def mend(self, place):
        """Put in the form what is proposed instead of one thing, or of all where `place` is empty.

        It counts no earlier than any other change.
        """
        texts = self.texts_in_form()
        for item in identifying.advice_on(texts, self.own_name):
            if place in ("", item.place):
                texts = identifying.mended(texts, item.place)
        self.data = self.data.copy()
        for name, text in texts.items():
            self.data[self.add_prefix(name.removeprefix("question_"))] = text
        if not self["reason"].value():
            self.data[self.add_prefix("reason")] = str(_("It showed who somebody is."))
        self.full_clean()

    def changed_texts(self):
        return self.texts if self.changes else None

    def _plain(self, texts):
        """What differs only in ends of lines does not differ."""
        return Texts(*(text.replace("\r\n", "\n").strip() for text in vars(texts).values()))

    def _digest(self):
        return hashlib.sha256(repr((self.old, self.texts)).encode()).hexdigest()[:32]


class NoteForm(DecisionForm):
    """A decision that needs a note and nothing else."""

    note = LongTextField(label=_("Why"), max_length=2000, rows=4)
