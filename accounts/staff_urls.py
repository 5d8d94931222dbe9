"""How staff sign in, by password and second factor. The first stands before the admin's own page for it."""

from django.urls import path

from accounts import staff_views as views

urlpatterns = [
    path("admin/login/", views.staff_login, name="staff_login"),
    path("accounts/staff/", views.staff_factors, name="staff_factors"),
    path("accounts/staff/code/", views.staff_code, name="staff_code"),
    path("accounts/staff/passkey/", views.staff_passkey, name="staff_passkey"),
    path("accounts/staff/app/", views.staff_app, name="staff_app"),
    path("accounts/staff/app/picture.svg", views.staff_app_picture, name="staff_app_picture"),
    path("accounts/staff/passkey/add/", views.staff_passkey_add, name="staff_passkey_add"),
    path("accounts/staff/recovery-codes/", views.staff_recovery_codes, name="staff_recovery_codes"),
    path("accounts/staff/<int:pk>/remove/", views.staff_factor_remove, name="staff_factor_remove"),
    path("accounts/invitation/<str:key>/", views.invitation, name="invitation"),
]
