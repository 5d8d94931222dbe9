"""The pages of an account. Of allauth's, only those that make sense without a password; it wants their names as they
are."""

from allauth.account import views as address
from allauth.mfa.webauthn import views as passkeys
from django.urls import path
from django.views.decorators.cache import never_cache
from django.views.generic import RedirectView

from accounts import views
from accounts.views import patients_only

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="profile"), name="account"),
    path("login/", views.account_login, name="account_login"),
    path("login/code/", views.account_confirm_login_code, name="account_confirm_login_code"),
    path("login/passkey/", passkeys.login_webauthn, name="mfa_login_webauthn"),
    path("signup/", RedirectView.as_view(pattern_name="account_login", query_string=True), name="account_signup"),
    path("logout/", never_cache(address.logout), name="account_logout"),
    path("inactive/", never_cache(address.account_inactive), name="account_inactive"),
    path("profile/", views.profile, name="profile"),
    path("profile/data.json", views.own_data_json, name="own_data_json"),
    path("profile/data.html", views.own_data_html, name="own_data_html"),
    path("profile/delete/", views.account_delete, name="account_delete"),
    path("email/", patients_only(address.email), name="account_email"),
    path("email/code/", patients_only(address.email_verification_sent), name="account_email_verification_sent"),
    path("passkeys/", patients_only(passkeys.list_webauthn), name="mfa_list_webauthn"),
    path("passkeys/index/", RedirectView.as_view(pattern_name="mfa_list_webauthn"), name="mfa_index"),
    path("passkeys/add/", patients_only(passkeys.add_webauthn), name="mfa_add_webauthn"),
    path("passkeys/<int:pk>/edit/", patients_only(passkeys.edit_webauthn), name="mfa_edit_webauthn"),
    path("passkeys/<int:pk>/remove/", patients_only(passkeys.remove_webauthn), name="mfa_remove_webauthn"),
]
