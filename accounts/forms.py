"""The forms of accounts: signing in, profile, passkeys, leaving; of staff: password, second factor, invitation."""

import unicodedata

from allauth.account.forms import AddEmailForm, ConfirmEmailVerificationCodeForm
from allauth.mfa.adapter import get_adapter
from allauth.mfa.webauthn.forms import (
    AddWebAuthnForm,
    AuthenticateWebAuthnForm,
    EditWebAuthnForm,
    LoginWebAuthnForm,
)
from django import forms
from django.contrib.auth.forms import AuthenticationForm, SetPasswordForm
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Patient

OLDEST = 120  # years


def email_input():
    return forms.EmailInput(attrs={"autocomplete": "email"})


class CodeField(forms.CharField):
    """A code of digits; those of a Chinese keyboard, which are wider, count as well."""

    widget = forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric", "class": "code"})

    def to_python(self, value):
        return unicodedata.normalize("NFKC", super().to_python(value))


class EmailForm(forms.Form):
    """Who wants to sign in. That is all we ask."""

    email = forms.EmailField(
        label=_("Your e-mail address"),
        help_text=_("We send a code there. You need no password."),
        max_length=254,
        widget=email_input(),
    )


class CodeForm(forms.Form):
    code = CodeField(
        label=_("The code from the e-mail"),
        help_text=_("Eight digits, such as 1234-5678."),
        max_length=50,
        error_messages={"required": _("Please enter the code we have sent you.")},
    )


class NewAddressForm(AddEmailForm):
    email = forms.EmailField(
        label=_("New e-mail address"), help_text=_("We send a code there."), max_length=254, widget=email_input()
    )


class ConfirmAddressForm(CodeForm, ConfirmEmailVerificationCodeForm):
    pass


MALFORMED = (AttributeError, KeyError, TypeError, ValueError)  # what the passkey library says to what is none


class LoginPasskeyForm(LoginWebAuthnForm):
    def clean_credential(self):
        try:
            passkey = super().clean_credential()
        except MALFORMED as error:
            raise get_adapter().validation_error("incorrect_code") from error
        if passkey.user.works_here:  # whose passkey comes second, after the password
            raise get_adapter().validation_error("works_here")
        return passkey


class UsePasskeyForm(AuthenticateWebAuthnForm):
    """A passkey that comes second, after the password of staff."""

    def clean_credential(self):
        try:
            return super().clean_credential()
        except MALFORMED as error:
            raise get_adapter().validation_error("incorrect_code") from error


class AddPasskeyForm(AddWebAuthnForm):
    """A passkey that signs in by itself; allauth also knows keys that only come second."""

    name = forms.CharField(
        label=_("Name"),
        help_text=_("So that you know it again: “My phone”."),
        required=False,
        max_length=100,
    )
    passwordless = forms.BooleanField(widget=forms.HiddenInput, initial=True)

    def clean(self):
        try:
            return super().clean()
        except MALFORMED as error:
            raise get_adapter().validation_error("incorrect_code") from error


class RenamePasskeyForm(EditWebAuthnForm):
    name = forms.CharField(label=_("Name"), help_text=_("So that you know it again: “My phone”."), max_length=100)


class ProfileForm(forms.ModelForm):
    """What a patient keeps between questions, to fill in the next one."""

    class Meta:
        model = Patient
        fields = ["pseudonym", "birth_year", "sex"]
        help_texts = {
            "pseudonym": _("The name others see beside your questions. Please do not use your real name."),
            "birth_year": _("Four digits, such as 1980. Others see only an age band, such as 40 to 49."),
            "sex": _("It helps the doctor. Others see it beside your questions."),
        }
        widgets = {
            "pseudonym": forms.TextInput(attrs={"autocomplete": "off"}),
            "birth_year": forms.TextInput(
                attrs={"autocomplete": "bday-year", "inputmode": "numeric", "class": "short"}
            ),
            "sex": forms.RadioSelect,
        }
        error_messages = {
            "pseudonym": {"required": _("Please choose a name that others may see.")},
            "birth_year": {"invalid": _("Please give the year in four digits, such as 1980.")},
        }

    def clean_pseudonym(self):
        pseudonym = self.cleaned_data["pseudonym"]
        if "@" in pseudonym:
            raise forms.ValidationError(_("Others see this name. Please choose one that is not an e-mail address."))
        return pseudonym

    def clean_birth_year(self):
        year, this_year = self.cleaned_data["birth_year"], timezone.localdate().year
        if year is not None and not this_year - OLDEST <= year <= this_year:
            limits = {"first": this_year - OLDEST, "last": this_year}
            raise forms.ValidationError(_("Please give a year from %(first)d to %(last)d."), params=limits)
        return year


class LeaveForm(forms.Form):
    """How an account ends: what becomes of the questions, and whether it is meant."""

    KEEP, ERASE = "keep", "erase"

    questions = forms.ChoiceField(
        label=_("What shall become of your questions?"),
        choices=[
            (KEEP, _("Keep them for others, without any link to me. They show as asked by “a patient who left”.")),
            (ERASE, _("Erase them too, with their replies. Nobody can read them any more.")),
        ],
        widget=forms.RadioSelect,
        error_messages={"required": _("Please choose one.")},
    )
    is_sure = forms.BooleanField(
        label=_("Yes, delete my account. I know that this cannot be undone."),
        error_messages={"required": _("Please tick this if you mean it.")},
    )


class StaffLoginForm(AuthenticationForm):
    """The password of staff. Patients have none and read the same as who mistypes it."""

    error_messages = AuthenticationForm.error_messages | {
        "invalid_login": _("This address and password do not belong to anybody who works here. Please try again."),
    }

    def __init__(self, request=None, *args, **kwargs):
        super().__init__(request, *args, **kwargs)
        self.fields["username"].label = _("E-mail address")
        self.fields["username"].widget = forms.EmailInput(attrs={"autocomplete": "username", "maxlength": 254})

    def confirm_login_allowed(self, user):
        super().confirm_login_allowed(user)
        if not user.is_staff:
            raise self.get_invalid_login_error()


class FactorCodeForm(forms.Form):
    code = CodeField(
        label=_("Code"),
        help_text=_("Six digits from your app, or eight digits of a recovery code."),
        max_length=50,
        error_messages={"required": _("Please enter a code.")},
    )


class AppCodeForm(forms.Form):
    code = CodeField(
        label=_("The code the app shows now"),
        help_text=_("Six digits."),
        max_length=50,
        error_messages={"required": _("Please enter the code from the app.")},
    )


class NewPasswordForm(SetPasswordForm):
    """The first password of somebody invited."""
