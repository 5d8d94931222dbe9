"""The desks of people: users, specialties, doctors with their credentials, patients. For administrators."""

import datetime
import logging

from allauth.account.adapter import get_adapter
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.contrib import admin, messages
from django.contrib.admin.helpers import AdminForm
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import invitations, own_data, second_factor
from accounts.admin_forms import InvitationForm, UserChangeForm, UserCreationForm, VerificationForm, WithdrawalForm
from accounts.models import Credential, Doctor, DoctorAlias, Patient, Specialty, User

logger = logging.getLogger(__name__)

admin.site.unregister([EmailAddress, Authenticator])  # both follow from the user, and nobody else's hand is needed


class FormPageMixin:
    """A page of a desk with one form of its own."""

    def form_page(self, request, form, title, button, obj=None, lead=""):
        context = self.admin_site.each_context(request) | {
            "opts": self.opts,
            "title": title,
            "original": obj,
            "lead": lead,
            "button": button,
            "adminform": AdminForm(form, [(None, {"fields": list(form.fields)})], {}),
            "errors": form.errors,
        }
        return TemplateResponse(request, "accounts/admin/form_page.html", context)


@admin.register(User)
class UserAdmin(FormPageMixin, DjangoUserAdmin):
    form = UserChangeForm
    add_form = UserCreationForm
    change_list_template = "accounts/admin/users.html"
    list_display = ["email", "name", "is_staff", "is_active", "has_second_factor", "last_login"]
    list_filter = ["groups", "is_staff", "is_superuser", "is_active"]
    search_fields = ["email", "name"]
    ordering = ["email"]
    actions = ["reset_second_factor", "invite_again"]
    fieldsets = [
        (None, {"fields": ["email", "password", "name"]}),
        (gettext_lazy("What this person may do"), {"fields": ["is_active", "is_staff", "is_superuser", "groups"]}),
        (gettext_lazy("Dates"), {"fields": ["last_login", "date_joined"]}),
    ]
    readonly_fields = ["last_login", "date_joined"]
    add_fieldsets = [(None, {"fields": ["email", "name", "usable_password", "password1", "password2"]})]
    filter_horizontal = ["groups"]

    def get_queryset(self, request):
        factors = Authenticator.objects.filter(user=OuterRef("pk")).exclude(type=Authenticator.Type.RECOVERY_CODES)
        return super().get_queryset(request).annotate(has_factor=Exists(factors))

    @admin.display(boolean=True, description=gettext_lazy("second factor"))
    def has_second_factor(self, user):
        return user.has_factor

    def get_readonly_fields(self, request, obj=None):
        """Only administrators say what somebody may do; others cannot raise anybody, least of all themselves."""
        fields = super().get_readonly_fields(request, obj)
        own = [] if request.user.is_superuser else ["email", "is_active", "is_staff", "is_superuser", "groups"]
        return [*fields, *(own if obj else [])]

    def has_change_permission(self, request, obj=None):
        """Only administrators change, and set passwords for, those who work here."""
        is_above = obj is not None and obj.works_here and not request.user.is_superuser
        return not is_above and super().has_change_permission(request, obj)

    def has_delete_permission(self, request, obj=None):
        is_above = obj is not None and obj.works_here and not request.user.is_superuser
        return not is_above and super().has_delete_permission(request, obj)

    def delete_model(self, request, user):
        self.delete_queryset(request, [user])

    @transaction.atomic
    def delete_queryset(self, request, users):
        """As when people delete their accounts themselves and leave what they wrote."""
        for user in users:
            own_data.erase_account(user, keep_texts=True)
        messages.info(request, _("What they wrote stays, without a link to them. They are told by e-mail."))

    def has_manage_permission(self, request):
        """Whether this is an administrator, who invites and resets."""
        return request.user.is_superuser

    def changelist_view(self, request, extra_context=None):
        return super().changelist_view(request, (extra_context or {}) | {"may_invite": request.user.is_superuser})

    def get_urls(self):
        view = self.admin_site.admin_view(self.invite_view)
        return [path("invite/", view, name="accounts_user_invite"), *super().get_urls()]

    def invite_view(self, request):
        if not self.has_manage_permission(request):
            raise PermissionDenied
        form = InvitationForm(request.POST if request.method == "POST" else None)
        if form.is_valid():
            try:
                user = invitations.invite(**form.cleaned_data)
            except invitations.InvitationNotSent:
                form.add_error(None, _("The e-mail could not be sent, so nobody was invited. Please try again."))
            else:
                self.log_addition(request, user, "Invited by e-mail.")
                messages.success(request, _("The invitation is on its way to %(email)s.") % {"email": user.email})
                return redirect("admin:accounts_user_changelist")
        lead = _("The person gets a link by e-mail, good for seven days and once. A doctor is not verified by it.")
        return self.form_page(request, form, _("Invite somebody to work here"), _("Send the invitation"), lead=lead)

    @admin.action(description=gettext_lazy("Reset the second factor"), permissions=["manage"])
    def reset_second_factor(self, request, queryset):
        for user in queryset:
            second_factor.reset(user)
            self.log_change(request, user, "Second factor reset.")
        messages.success(request, _("They set up a new second factor when they sign in next, and were told by e-mail."))

    @admin.action(description=gettext_lazy("Send the invitation again"), permissions=["manage"])
    def invite_again(self, request, queryset):
        for user in queryset:
            if not invitations.is_invited(user):
                messages.error(request, _("%(email)s has no open invitation.") % {"email": user.email})
                continue
            try:
                invitations.invite_again(user)
            except invitations.InvitationNotSent:
                messages.error(request, _("The e-mail to %(email)s could not be sent.") % {"email": user.email})
                continue
            self.log_change(request, user, "Invited again.")
            messages.success(request, _("The invitation is on its way to %(email)s.") % {"email": user.email})


@admin.register(Specialty)
class SpecialtyAdmin(admin.ModelAdmin):
    list_display = ["name", "position", "description"]
    search_fields = ["name"]
    prepopulated_fields = {"slug": ["name"]}


class DoctorAliasInline(admin.TabularInline):
    model = DoctorAlias
    extra = 0


class CredentialInline(admin.TabularInline):
    model = Credential
    extra = 0


class LicenceFilter(admin.SimpleListFilter):
    title = gettext_lazy("licence")
    parameter_name = "licence"
    SOON = 60  # days

    def lookups(self, request, model_admin):
        return [
            ("soon", _("expires within 60 days")),
            ("in_force", _("verified and in force")),
            ("ended", _("has expired")),
            ("none", _("not verified")),
            ("withdrawn", _("verification withdrawn")),
        ]

    def queryset(self, request, doctors):
        today = timezone.localdate()
        conditions = {
            "soon": {"licence_expires_on__range": (today, today + datetime.timedelta(days=self.SOON))},
            "in_force": {"verified_at__isnull": False, "licence_expires_on__gte": today},
            "ended": {"licence_expires_on__lt": today},
            "none": {"verified_at__isnull": True},
            "withdrawn": {"withdrawn_at__isnull": False},
        }
        return doctors.filter(**conditions.get(self.value(), {}))


@admin.register(Doctor)
class DoctorAdmin(FormPageMixin, admin.ModelAdmin):
    change_form_template = "accounts/admin/doctor.html"
    list_display = ["name", "user", "licence_expires_on", "verified_at", "is_from_archive"]
    list_filter = [LicenceFilter, "is_from_archive", "specialties"]
    list_select_related = ["user"]
    search_fields = ["name", "aliases__name", "user__email"]
    autocomplete_fields = ["user"]
    prepopulated_fields = {"slug": ["name"]}
    filter_horizontal = ["specialties"]
    readonly_fields = [*Doctor.LICENCE_FIELDS, *Doctor.VERIFICATION_FIELDS]
    inlines = [CredentialInline, DoctorAliasInline]
    fieldsets = [
        (None, {"fields": ["name", "slug", "user", "specialties", "is_from_archive"]}),
        (
            gettext_lazy("Licence"),
            {
                "fields": [*Doctor.LICENCE_FIELDS, *Doctor.VERIFICATION_FIELDS],
                "description": gettext_lazy(
                    "A doctor is verified once somebody has seen the licence. The buttons above change this."
                ),
            },
        ),
    ]

    # Moderators and editors look doctors up; what proves the licence and the doctor's address are not theirs to read.

    FOR_ADMINISTRATORS = {"user", "evidence_note", "withdrawal_reason"}

    def get_fieldsets(self, request, obj=None):
        fieldsets = super().get_fieldsets(request, obj)
        if self.has_change_permission(request, obj):
            return fieldsets
        return [
            (name, options | {"fields": [field for field in options["fields"] if field not in self.FOR_ADMINISTRATORS]})
            for name, options in fieldsets
        ]

    def lookup_allowed(self, lookup, value, request):
        """Nor do they find it out by asking for its beginning in the address."""
        is_hidden = lookup.split("__")[0] in self.FOR_ADMINISTRATORS and not self.has_change_permission(request)
        return not is_hidden and super().lookup_allowed(lookup, value, request)

    def get_list_display(self, request):
        return [name for name in self.list_display if name != "user" or self.has_change_permission(request)]

    def get_search_fields(self, request):
        return self.search_fields if self.has_change_permission(request) else ["name", "aliases__name"]

    def history_view(self, request, object_id, extra_context=None):
        if not self.has_change_permission(request):
            raise PermissionDenied
        return super().history_view(request, object_id, extra_context)

    def get_urls(self):
        views = {"verify": self.verify_view, "withdraw": self.withdraw_view}
        own = [
            path(f"<int:pk>/{verb}/", self.admin_site.admin_view(view), name=f"accounts_doctor_{verb}")
            for verb, view in views.items()
        ]
        return [*own, *super().get_urls()]

    def doctor_to_change(self, request, pk):
        doctor = self.get_object(request, str(pk))
        if not self.has_change_permission(request, doctor):
            raise PermissionDenied
        return doctor

    def verify_view(self, request, pk):
        doctor = self.doctor_to_change(request, pk)
        if doctor is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, str(pk))
        form = VerificationForm(request.POST if request.method == "POST" else None, instance=doctor)
        if form.is_valid():
            doctor.verify(by=request.user)
            note = f"Licence verified until {doctor.licence_expires_on:%Y-%m-%d}: {doctor.evidence_note}"
            self.log_change(request, doctor, note)
            tell_doctor(doctor, "doctor_verified", {"day": doctor.licence_expires_on})
            messages.success(request, _("The licence is verified, and the doctor was told."))
            return redirect("admin:accounts_doctor_change", doctor.pk)
        title = _("Verify %(doctor)s") % {"doctor": doctor}
        lead = _("Look the licence up where it was issued. Your name and the time are kept with it.")
        return self.form_page(request, form, title, _("I have seen this licence"), doctor, lead)

    def withdraw_view(self, request, pk):
        doctor = self.doctor_to_change(request, pk)
        if doctor is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, str(pk))
        form = WithdrawalForm(request.POST if request.method == "POST" else None)
        if form.is_valid():
            reason = form.cleaned_data["reason"]
            if doctor.withdraw_verification(by=request.user, reason=reason):
                self.log_change(request, doctor, f"Verification withdrawn: {reason}")
                tell_doctor(doctor, "doctor_unverified", {"reason": reason})
                messages.success(request, _("The verification is withdrawn, and the doctor was told."))
            else:
                messages.error(request, _("This doctor is not verified."))
            return redirect("admin:accounts_doctor_change", doctor.pk)
        title = _("Withdraw the verification of %(doctor)s") % {"doctor": doctor}
        lead = _("From now on the doctor cannot publish. What was published stays.")
        return self.form_page(request, form, title, _("Withdraw it"), doctor, lead)


def tell_doctor(doctor, template, context):
    """Send word of a decision. It holds even if the mail does not get through."""
    if doctor.user is None:
        return
    try:
        get_adapter().render_mail(f"account/email/{template}", doctor.user.email, context).send()
    except (OSError, ValueError) as error:
        logger.warning("Could not tell doctor %s of a decision: %s", doctor.pk, type(error).__name__)


@admin.register(Patient)
class PatientAdmin(admin.ModelAdmin):
    list_display = ["pseudonym", "user", "birth_year", "sex"]
    list_select_related = ["user"]
    search_fields = ["pseudonym", "user__email"]
    autocomplete_fields = ["user"]
