"""The site map: the public portal, the admin, and what machines ask for."""

from django.contrib import admin
from django.urls import include, path

from portal.health import healthz

urlpatterns = [
    path("", include("qa.urls")),
    path("admin/", admin.site.urls),
    path("healthz", healthz, name="healthz"),
]
