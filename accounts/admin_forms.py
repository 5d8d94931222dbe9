"""What administrators fill in about people: users, invitations, a doctor's licence."""

from django import forms
from django.contrib.auth.forms import AdminUserCreationForm
from django.contrib.auth.forms import UserChangeForm as DjangoUserChangeForm
from django.contrib.auth.models import Group
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.invitations import DOCTORS, is_invited
from accounts.models import Doctor, Specialty, User
from accounts.sign_in import user_with


class UserCreationForm(AdminUserCreationForm):
    class Meta:
        model = User
        fields = ["email", "name"]


class UserChangeForm(DjangoUserChangeForm):
    class Meta:
        model = User
        fields = "__all__"


class InvitationForm(forms.Form):
    """Who is to work here, and as what."""

    email = forms.EmailField(label=_("E-mail address"), max_length=254)
    name = forms.CharField(
        label=_("Name"), max_length=150, help_text=_("A doctor's name as patients are to read it, without “Dr.”.")
    )
    role = forms.ModelChoiceField(Group.objects.order_by("name"), label=_("Role"))
    specialties = forms.ModelMultipleChoiceField(
        Specialty.objects.all(), label=_("Specialties of a doctor"), required=False, widget=forms.CheckboxSelectMultiple
    )

    def clean_email(self):
        email = self.cleaned_data["email"].lower()
        user = user_with(email)
        if user and is_invited(user):
            raise forms.ValidationError(
                _("This address was invited already. Use “Send the invitation again” in the list of users.")
            )
        if user and user.works_here:
            raise forms.ValidationError(_("Somebody with this address works here already."))
        if user:
            raise forms.ValidationError(
                _("This address belongs to a patient's account. Please invite the person by another address.")
            )
        return email

    def clean(self):
        values = super().clean()
        role = values.get("role")
        if role and role.name == DOCTORS and not values.get("specialties"):
            self.add_error("specialties", _("A doctor needs a specialty."))
        if role and role.name != DOCTORS and values.get("specialties"):
            self.add_error("specialties", _("Only doctors have specialties."))
        return values


class VerificationForm(forms.ModelForm):
    """The licence as somebody has seen it, all of it."""

    class Meta:
        model = Doctor
        fields = Doctor.LICENCE_FIELDS
        widgets = {
            "licence_expires_on": forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
            "evidence_note": forms.Textarea(attrs={"rows": 4}),
        }

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.required = True

    def clean_licence_expires_on(self):
        day = self.cleaned_data["licence_expires_on"]
        if day < timezone.localdate():
            raise forms.ValidationError(_("This licence has ended, so it cannot be verified."))
        return day


class WithdrawalForm(forms.Form):
    reason = forms.CharField(
        label=_("Reason"),
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("The doctor reads it in an e-mail."),
    )
