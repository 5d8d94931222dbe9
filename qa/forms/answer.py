"""The forms of the doctors' desk. A draft is kept as it is; what is missing is said when it is to be published."""

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import Specialty
from qa.answering import LINES
from qa.forms.fields import LongTextField
from qa.models import CannotAssess, Coverage, FlagReason, NextStep, Verdict
from qa.texts import MAX_LINE, MAX_REPLY, harmless

# In the order in which a doctor thinks of them.
COVERAGES = [
    (Coverage.ANSWERED, _("Answered")),
    (Coverage.PARTLY, _("Partly")),
    (Coverage.NEEDS_EXAMINATION, _("Needs an examination")),
    (Coverage.OTHER_SPECIALTY, _("Other specialty")),
]


class NumberedRadios(forms.RadioSelect):
    """Choices that an access key chooses, from 1."""

    def create_option(self, name, value, label, selected, index, **kwargs):
        option = super().create_option(name, value, label, selected, index, **kwargs)
        option["attrs"]["accesskey"] = str(index + 1)
        return option


class ReplyForm(forms.Form):
    """A reply being written."""

    body = LongTextField(
        label=_("Your reply"),
        required=False,
        max_length=MAX_REPLY,
        help_text=_("Short sentences and plain words. No name, no exact age: everybody will read it."),
        widget=forms.Textarea(attrs={"rows": 12, "accesskey": "r"}),
    )
    next_step = forms.ChoiceField(
        label=_("What the patient should do next"), choices=NextStep, required=False, widget=NumberedRadios
    )
    see_specialty = forms.ModelChoiceField(
        label=_("Specialty to see"), queryset=Specialty.objects.all(), required=False, empty_label=_("None")
    )
    cannot_assess = forms.ChoiceField(
        label=_("It cannot be assessed from here because"),
        choices=[("", _("It can be assessed")), *CannotAssess.choices],
        required=False,
    )
    may_be_about = LongTextField(label=_("What it can generally be about"), required=False, max_length=MAX_LINE, rows=2)
    urgent_if = LongTextField(label=_("What would make it urgent"), required=False, max_length=MAX_LINE, rows=2)
    whom_to_see = LongTextField(label=_("Whom to see and what to bring"), required=False, max_length=MAX_LINE, rows=2)

    def __init__(self, *args, parts=(), **kwargs):
        kwargs.setdefault("use_required_attribute", False)
        super().__init__(*args, **kwargs)
        self.parts = list(parts)
        for part in self.parts:
            self.fields[f"part_{part.pk}"] = forms.ChoiceField(
                label=part.text, choices=COVERAGES, required=False, widget=forms.RadioSelect
            )

    def part_fields(self):
        return [self[f"part_{part.pk}"] for part in self.parts]

    def line_fields(self):
        return [self[name] for name in LINES]

    def content(self):
        """What was typed, in the shape that `qa.answering.save` takes; a text that is too long is kept whole."""
        data = self.cleaned_data
        kept = {name: data.get(name, harmless(self.data.get(name, ""))) for name in ("body", *LINES)}
        specialty = data.get("see_specialty")
        return kept | {
            "next_step": data.get("next_step", ""),
            "cannot_assess": data.get("cannot_assess", ""),
            "see_specialty_id": specialty and specialty.pk,
            "coverage": {str(part.pk): data.get(f"part_{part.pk}", "") for part in self.parts},
        }

    @staticmethod
    def initial_of(content):
        """The values of the fields, from what `qa.answering.content_of` gives."""
        fields = {f"part_{pk}": said for pk, said in content.get("coverage", {}).items()}
        return dict(content) | fields | {"see_specialty": content.get("see_specialty_id")}


class AskPatientForm(forms.Form):
    """What the doctor needs to know."""

    note = LongTextField(
        label=_("What do you need to know?"),
        help_text=_("The patient reads it on the private page, and can answer there."),
        max_length=1000,
        rows=3,
        error_messages={"required": _("Say what you need to know.")},
    )


class TransferForm(forms.Form):
    """Where the question belongs, and why."""

    specialty = forms.ModelChoiceField(
        label=_("New specialty"), queryset=Specialty.objects.all(), empty_label=_("Please choose")
    )
    note = LongTextField(
        label=_("Why?"),
        help_text=_("The patient reads it on the private page."),
        max_length=500,
        rows=2,
        error_messages={"required": _("Say why: the patient reads it.")},
    )


class ReportForm(forms.Form):
    """What a moderator should look at in a question."""

    reason = forms.ChoiceField(
        label=_("What is the matter?"), choices=FlagReason, initial=FlagReason.PRIVATE, widget=forms.RadioSelect
    )
    note = LongTextField(
        label=_("What should a moderator look at?"),
        help_text=_("Only moderators read it. They can change the patient's words."),
        max_length=1000,
        rows=2,
        error_messages={"required": _("Say which words it is about.")},
    )


class ReviewForm(forms.Form):
    """What a colleague thinks of a published reply."""

    verdict = forms.ChoiceField(label=_("What do you say of it?"), choices=Verdict, widget=forms.RadioSelect)
    note = LongTextField(
        label=_("Your note"),
        help_text=_("It is shown to everybody with your name. Needed unless you fully agree."),
        required=False,
        max_length=2000,
        rows=3,
    )

    def clean(self):
        data = super().clean()
        if data.get("verdict") not in (None, Verdict.AGREES) and not data.get("note"):
            self.add_error("note", _("Say what you see differently."))
        return data


class WithdrawForm(forms.Form):
    """Why a reply is taken back."""

    note = LongTextField(
        label=_("Why do you withdraw it?"),
        help_text=_("For everybody to read. For instance: The dose was wrong."),
        max_length=300,
        rows=2,
        error_messages={"required": _("Say why: some have acted on your reply.")},
    )
