from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _

from qa.roles import sync_roles_after_migrate


class QaConfig(AppConfig):
    name = "qa"
    verbose_name = _("Questions and replies")

    def ready(self):
        post_migrate.connect(sync_roles_after_migrate, sender=self)
