"""The site map: the public portal, the admin, and what machines ask for."""

from django.conf import settings
from django.contrib import admin
from django.urls import include, path

from portal.health import healthz, readyz
from portal.mailbox import demo_mailbox

urlpatterns = [
    path("", include("qa.urls")),
    path("accounts/", include("accounts.urls")),
    path("", include("accounts.staff_urls")),
    path("admin/", admin.site.urls),
    path("healthz", healthz, name="healthz"),
    path("readyz", readyz, name="readyz"),
]
if settings.DEBUG:
    urlpatterns.append(path("demo/mailbox/", demo_mailbox, name="demo_mailbox"))

handler429 = "accounts.limits.too_many_requests"  # whom allauth's limits stop
