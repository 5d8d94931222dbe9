"""The forms of the private page."""

from django import forms
from django.utils.translation import gettext_lazy as _

from qa.forms.fields import LongTextField

MAX_MESSAGE = 2000  # characters


class MessageForm(forms.Form):
    """What the patient adds: the answer to a request, or a follow-up."""

    body = LongTextField(
        label=_("Your message"),
        help_text=_("Only doctors and moderators can read it: it does not become public. Please write no names."),
        max_length=MAX_MESSAGE,
        error_messages={"required": _("Write what you want to add.")},
        rows=5,
    )


class EraseForm(forms.Form):
    """What becomes of the doctors' replies when the patient's text is erased."""

    replies = forms.ChoiceField(
        label=_("What should become of the doctors' replies?"),
        choices=[
            ("remove", _("Remove them too: nothing is left of this page")),
            ("keep", _("Keep the doctors' words under “Withdrawn question”, for others whom they may help")),
        ],
        widget=forms.RadioSelect,
        error_messages={"required": _("Please choose one of the two.")},
    )

    def __init__(self, *args, has_replies, **kwargs):
        super().__init__(*args, **kwargs)
        if not has_replies:
            del self.fields["replies"]

    def keeps_replies(self):
        return self.cleaned_data.get("replies") == "keep"
