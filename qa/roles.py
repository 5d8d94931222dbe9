"""Roles: which group may do what. The one table; groups in the database follow it."""

from django.apps import apps as installed_apps
from django.db import DEFAULT_DB_ALIAS

ROLES = {
    "Doctors": [
        "accounts.view_specialty",
        "qa.view_topic",
        "qa.view_article",
        "qa.view_question",
        "qa.view_reply",
        "qa.add_reply",
        "qa.change_reply",
        "qa.view_replyreview",
        "qa.add_replyreview",
        "qa.view_replytemplate",
        "qa.add_replytemplate",
        "qa.change_replytemplate",
        "qa.delete_replytemplate",
    ],
    "Moderators": [
        "accounts.view_specialty",
        "accounts.view_doctor",
        "qa.view_topic",
        "qa.view_article",
        "qa.view_question",
        "qa.moderate_question",
        "qa.view_reply",
        "qa.view_replyreview",
        "qa.view_questionevent",
        "qa.view_revision",
        "qa.view_flag",
        "qa.change_flag",
    ],
    "Editors": [
        "accounts.view_specialty",
        "accounts.view_doctor",
        "qa.view_question",
        "qa.view_topic",
        "qa.add_topic",
        "qa.change_topic",
        "qa.view_topicsynonym",
        "qa.add_topicsynonym",
        "qa.change_topicsynonym",
        "qa.delete_topicsynonym",
        "qa.view_article",
        "qa.add_article",
        "qa.change_article",
    ],
}


def sync_roles(apps=installed_apps, using: str = DEFAULT_DB_ALIAS) -> list[str]:
    """Make the groups of ROLES and give each exactly its permissions; other groups are left alone.

    Args:
        apps: the registry of models; during a migration, the one as of that moment.
        using: the database.

    Returns: the names of the groups made or changed. Running it again returns none.
    """
    changed = []
    for name, codenames in ROLES.items():
        group, is_new = apps.get_model("auth", "Group").objects.using(using).get_or_create(name=name)
        wanted = _permissions(codenames, apps, using)
        if is_new or wanted != set(group.permissions.values_list("pk", flat=True)):
            group.permissions.set(wanted)
            changed.append(name)
    return changed


def sync_roles_after_migrate(sender, apps=installed_apps, using=DEFAULT_DB_ALIAS, **kwargs):
    """Run by `migrate` at its end, when all permissions exist; not while the tables it needs are not there yet."""
    try:
        apps.get_model("auth", "Group")
    except LookupError:  # `migrate contenttypes` alone, for instance
        return
    sync_roles(apps, using)


def _permissions(codenames, apps, using):
    """The primary keys of the permissions that exist among "app.codename"."""
    existing = apps.get_model("auth", "Permission").objects.using(using)
    keys = existing.values_list("content_type__app_label", "codename", "pk")
    return {pk for app, codename, pk in keys if f"{app}.{codename}" in codenames}
