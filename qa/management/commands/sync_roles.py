"""`manage.py sync_roles`: the groups of doctors, moderators and editors follow the table in qa/roles.py."""

from django.core.management.base import BaseCommand

from qa.roles import ROLES, sync_roles


class Command(BaseCommand):
    help = "Makes the groups of all roles and gives each exactly its permissions. Migrate does this as well."

    def handle(self, **options):
        changed = sync_roles()
        self.stdout.write(f"{len(ROLES)} roles, {len(changed)} of them changed.")
