"""What allauth asks the portal: how mails go out, what a passkey is for, and how things are called."""

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from django.conf import settings
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _


class AccountAdapter(DefaultAccountAdapter):
    error_messages = DefaultAccountAdapter.error_messages | {
        "incorrect_code": _("This is not the code we sent. Look at the newest e-mail from us."),
        "email_taken": _("This address belongs to another account."),
        "duplicate_email": _("This is your address already."),
        "too_many_login_attempts": _("That was wrong too often. Please ask for a new code."),
        "rate_limited": _("That was too often. Please wait ten minutes."),
    }

    def get_login_stages(self):
        """A patient's passkey is a comfort, not a second factor: whoever loses it still gets in by code."""
        return [stage for stage in super().get_login_stages() if stage != "allauth.mfa.stages.AuthenticateStage"]

    def render_mail(self, template_prefix, email, context, headers=None):
        headers = {"Auto-Submitted": "auto-generated"} | (headers or {})
        return super().render_mail(template_prefix, email, context | {"site_name": settings.SITE_NAME}, headers)


class PasskeyAdapter(DefaultMFAAdapter):
    error_messages = DefaultMFAAdapter.error_messages | {
        "incorrect_code": _("This passkey did not work. You can use a code by e-mail instead."),
        "works_here": _("You work here, so you sign in with your password first."),
    }

    def get_totp_issuer(self):
        return settings.SITE_NAME

    def generate_authenticator_name(self, user, type):
        number = user.authenticator_set.filter(type=type).count() + 1
        return gettext("Passkey") if number == 1 else gettext("Passkey %(number)d") % {"number": number}

    def get_public_key_credential_rp_entity(self):
        return super().get_public_key_credential_rp_entity() | {"name": settings.SITE_NAME}
