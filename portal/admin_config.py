"""Django's admin, with our site."""

from django.contrib.admin.apps import AdminConfig


class DeskConfig(AdminConfig):
    default_site = "portal.admin.DeskSite"
