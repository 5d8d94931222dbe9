from django.apps import AppConfig
from django.db.models.signals import post_migrate, pre_migrate
from django.utils.translation import gettext_lazy as _

from qa.roles import sync_roles_after_migrate


class QaConfig(AppConfig):
    name = "qa"
    verbose_name = _("Questions and replies")

    def ready(self):
        from accounts import own_data  # noqa: PLC0415 - models are there only now
        from qa import own_data as questions  # noqa: PLC0415
        from qa.public_changes import TRIGGERS as of_public_pages  # noqa: PLC0415
        from qa.retention import forget_patient  # noqa: PLC0415
        from qa.search.triggers import TRIGGERS as of_search  # noqa: PLC0415

        post_migrate.connect(sync_roles_after_migrate, sender=self)
        for triggers in (of_public_pages, of_search):
            pre_migrate.connect(triggers.drop, sender=self)
            post_migrate.connect(triggers.install, sender=self)
        own_data.register("questions", questions.of_user, forget_patient)
