"""The form by which a visitor reports what should not stand on a page as it does."""

from django import forms
from django.utils.translation import gettext_lazy as _

from qa.forms.fields import LongTextField
from qa.models import FlagReason

MAX_NOTE = 1000  # characters


class ReportForm(forms.Form):
    """What is wrong, in the visitor's own words where they are needed."""

    reason = forms.ChoiceField(
        label=_("What is wrong with it?"),
        choices=FlagReason,
        widget=forms.RadioSelect,
        error_messages={"required": _("Please choose what is wrong.")},
    )
    note = LongTextField(
        label=_("What should we know?"),
        help_text=_("For instance which sentence you mean. Only moderators read this. Please write no names."),
        max_length=MAX_NOTE,
        rows=4,
        required=False,
    )
    email = forms.EmailField(
        label=_("Your e-mail"),
        help_text=_("Only if you would like to hear what became of it. It is never shown, and deleted soon after."),
        required=False,
    )
    website = forms.CharField(
        label=_("Leave this empty"),
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "tabindex": -1}),
    )

    def clean(self):
        """Something else has to be named."""
        told = super().clean()
        if told.get("reason") == FlagReason.OTHER and not told.get("note") and "note" not in self.errors:
            self.add_error("note", _("Please say what is wrong."))
        return told

    def clean_website(self):
        """People do not see this field; programs fill it in."""
        if self.cleaned_data["website"]:
            raise forms.ValidationError(_("Please leave this field empty: it is there to stop programs."))
        return ""
