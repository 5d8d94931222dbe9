from django.apps import AppConfig

from portal.logs import hide_secrets


class PortalConfig(AppConfig):
    name = "portal"

    def ready(self):
        hide_secrets()
