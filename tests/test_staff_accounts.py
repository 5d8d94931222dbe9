"""The accounts of staff: factors removed, lost and reset, accounts closed, and raised by an administrator only."""

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.core import mail
from django.test import Client
from django.urls import reverse

from accounts import second_factor
from accounts.models import User
from tests import staff
from tests.factories import make_user
from tests.staff import FACTORS, PASSWORD, act, give_app, give_password, sees_desks, sign_in

pytestmark = pytest.mark.django_db
as_in_production, administrator = staff.as_in_production, staff.administrator


def test_the_last_factor_stays_where_one_is_required(client, moderator, settings):
    sign_in(client, moderator)
    app = second_factor.factors(moderator)[0]
    page = reverse("staff_factor_remove", args=[app.pk])
    assert "only second factor" in client.post(page, follow=True).text
    settings.SECOND_FACTOR_REQUIRED = False
    client.post(page)
    assert not Authenticator.objects.exists()
    assert "was removed" in mail.outbox[-1].body


def test_nobody_removes_the_factor_of_another(client, moderator, editor):
    give_app(editor)
    sign_in(client, moderator)
    for factor in editor.authenticator_set.all():
        assert client.post(reverse("staff_factor_remove", args=[factor.pk])).status_code == 404


def test_a_removed_factor_ends_the_sessions_it_has_opened(client, moderator):
    sign_in(client, moderator)
    key = Authenticator.objects.create(user=moderator, type=Authenticator.Type.WEBAUTHN, data={"name": "Key"})
    app = second_factor.factors(moderator)[0]
    second_factor.remove(moderator, app)
    assert not sees_desks(client)
    assert second_factor.factors(moderator) == [key]


def test_an_administrator_resets_a_lost_factor_which_is_logged_and_told(client, administrator, moderator):
    secret, theirs = give_app(moderator), Client()
    sign_in(theirs, moderator, secret)
    sign_in(client, administrator)
    act(client, "reset_second_factor", moderator)
    assert not moderator.authenticator_set.exists()
    assert not sees_desks(theirs)
    assert LogEntry.objects.get(object_id=str(moderator.pk)).change_message == "Second factor reset."
    assert mail.outbox[-1].to == [moderator.email]
    assert "reset your second factor" in mail.outbox[-1].body
    assert give_password(theirs, moderator).headers["Location"] == FACTORS


def test_a_closed_account_loses_its_sessions_at_once(client, moderator):
    sign_in(client, moderator)
    assert sees_desks(client)
    User.objects.filter(pk=moderator.pk).update(is_active=False)
    assert not sees_desks(client)


def test_nobody_but_an_administrator_raises_anybody(client, administrator, editor):
    editor.user_permissions.set(Permission.objects.filter(content_type__app_label="accounts"))
    sign_in(client, editor)
    for user in (editor, administrator):
        assert (
            client.post(reverse("admin:accounts_user_change", args=[user.pk]), {"is_superuser": "on"}).status_code
            == 403
        )
        assert client.get(reverse("admin:auth_user_password_change", args=[user.pk])).status_code == 403
        assert client.post(reverse("admin:accounts_user_delete", args=[user.pk]), {"post": "yes"}).status_code == 403
    someone = make_user("someone@example.org", name="Old")
    page = reverse("admin:accounts_user_change", args=[someone.pk])
    client.post(page, {"name": "New", "email": "mine@example.org", "is_staff": "on", "is_superuser": "on"})
    someone.refresh_from_db()
    assert (someone.name, someone.email) == ("New", "someone@example.org")
    assert not someone.is_staff
    assert not someone.is_superuser
    assert client.get(reverse("admin:accounts_user_invite")).status_code == 403
    act(client, "reset_second_factor", administrator)
    assert not LogEntry.objects.filter(change_message__contains="reset").exists()


def test_a_weak_password_is_refused(client, administrator, moderator):
    sign_in(client, administrator)
    for weak in ("short", "password1", "12345678"):
        data = {"usable_password": "true", "password1": weak, "password2": weak}
        page = reverse("admin:auth_user_password_change", args=[moderator.pk])
        assert client.post(page, data).status_code == 200
    moderator.refresh_from_db()
    assert moderator.check_password(PASSWORD)
