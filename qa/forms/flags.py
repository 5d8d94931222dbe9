"""What a moderator decides on a report, and who looks into it."""

from django import forms
from django.utils.translation import gettext_lazy as _

from qa.forms.fields import LongTextField, PlainTextField
from qa.models import FlagDecision, QuestionStatus

NOT_YET_PUBLIC = {QuestionStatus.PENDING, QuestionStatus.OPEN, QuestionStatus.NEEDS_INFO}


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
        elif flag.reply.question.replies.published().count() == 1:
            self.fields["because"].help_text = _(
                "It is the only reply: if it is removed, the question's page is taken off the portal until another "
                "reply comes. Then everybody reads this; the patient reads it on the private page now."
            )
        if flag.question and flag.question.status in NOT_YET_PUBLIC:
            self.fields["decision"].choices = [c for c in FlagDecision.choices if c[0] != FlagDecision.REMOVED]

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
