"""Roles: the groups have exactly what qa/roles.py says, after each migrate."""

import re

import pytest
from django.contrib.auth.models import Group, Permission
from django.core.management import call_command

from qa.roles import ROLES, sync_roles
from tests.factories import make_user

pytestmark = pytest.mark.django_db


def permissions_of(name):
    pairs = Group.objects.get(name=name).permissions.values_list("content_type__app_label", "codename")
    return {f"{app}.{codename}" for app, codename in pairs}


@pytest.mark.parametrize("role", ROLES)
def test_migrate_has_made_each_role_with_exactly_its_permissions(role):
    assert permissions_of(role) == set(ROLES[role])


def test_syncing_mends_what_was_changed_by_hand_and_then_changes_nothing():
    editors, own = Group.objects.get(name="Editors"), Group.objects.create(name="Translators")
    extra = Permission.objects.get(codename="moderate_question")
    editors.permissions.set([extra])
    own.permissions.set([extra])
    Group.objects.get(name="Doctors").delete()
    assert sync_roles() == ["Doctors", "Editors"]
    assert permissions_of("Editors") == set(ROLES["Editors"])
    assert permissions_of("Translators") == {"qa.moderate_question"}
    assert sync_roles() == []


def test_the_command_says_what_it_changed(capsys):
    Group.objects.get(name="Moderators").permissions.clear()
    call_command("sync_roles")
    call_command("sync_roles")
    assert capsys.readouterr().out.splitlines() == ["3 roles, 1 of them changed.", "3 roles, 0 of them changed."]


def test_only_moderators_decide_on_questions():
    deciding = {role for role in ROLES if make_user(role=role).has_perm("qa.moderate_question")}
    assert deciding == {"Moderators"}


def test_no_role_reads_or_changes_who_people_are_and_how_they_sign_in():
    private = (
        r"(accounts\.\w+_(user|patient)|accounts\.(add|change|delete)_doctor|(auth|account|mfa|admin|sessions)\.\w+)"
    )
    assert not [code for codes in ROLES.values() for code in codes if re.fullmatch(private, code)]


def test_no_role_changes_or_deletes_a_question_by_hand():
    held = {code for codes in ROLES.values() for code in codes}
    assert not held & {"qa.add_question", "qa.change_question", "qa.delete_question", "qa.delete_reply"}
    assert not [code for code in held if re.search(r"_(draft|photo|importrecord)$", code)]
