"""The desks of people: users, specialties, doctors with their credentials, patients. For administrators."""

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.forms import AdminUserCreationForm
from django.contrib.auth.forms import UserChangeForm as DjangoUserChangeForm
from django.utils.translation import gettext_lazy as _

from accounts.models import Credential, Doctor, DoctorAlias, Patient, Specialty, User


class UserCreationForm(AdminUserCreationForm):
    class Meta:
        model = User
        fields = ["email", "name"]


class UserChangeForm(DjangoUserChangeForm):
    class Meta:
        model = User
        fields = "__all__"


@admin.register(User)
class UserAdmin(DjangoUserAdmin):
    form = UserChangeForm
    add_form = UserCreationForm
    list_display = ["email", "name", "is_staff", "is_active", "last_login"]
    list_filter = ["groups", "is_staff", "is_superuser", "is_active"]
    search_fields = ["email", "name"]
    ordering = ["email"]
    fieldsets = [
        (None, {"fields": ["email", "password", "name"]}),
        (_("What this person may do"), {"fields": ["is_active", "is_staff", "is_superuser", "groups"]}),
        (_("Dates"), {"fields": ["last_login", "date_joined"]}),
    ]
    readonly_fields = ["last_login", "date_joined"]
    add_fieldsets = [(None, {"fields": ["email", "name", "usable_password", "password1", "password2"]})]
    filter_horizontal = ["groups"]


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


@admin.register(Doctor)
class DoctorAdmin(admin.ModelAdmin):
    list_display = ["name", "user", "licence_expires_on", "verified_at", "is_from_archive"]
    list_filter = ["is_from_archive", ("verified_at", admin.EmptyFieldListFilter), "specialties"]
    list_select_related = ["user"]
    search_fields = ["name", "aliases__name", "user__email"]
    autocomplete_fields = ["user", "verified_by"]
    prepopulated_fields = {"slug": ["name"]}
    filter_horizontal = ["specialties"]
    inlines = [CredentialInline, DoctorAliasInline]
    fieldsets = [
        (None, {"fields": ["name", "slug", "user", "specialties", "is_from_archive"]}),
        (
            _("Licence"),
            {
                "fields": ["licence_number", "licence_issuer", "licence_expires_on", "verified_at", "verified_by"],
                "description": _("A doctor is verified once somebody has seen the licence."),
            },
        ),
    ]


@admin.register(Patient)
class PatientAdmin(admin.ModelAdmin):
    list_display = ["pseudonym", "user", "birth_year", "sex"]
    list_select_related = ["user"]
    search_fields = ["pseudonym", "user__email"]
    autocomplete_fields = ["user"]
