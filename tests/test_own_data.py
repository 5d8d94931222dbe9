"""Own data: handed out whole, and deleted with the account as a whole, but for the texts that may stay."""

import datetime
import json

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.contrib.admin.models import CHANGE, LogEntry
from django.core import mail
from django.db.models import Q
from django.test import Client
from django.urls import reverse

from accounts import own_data
from accounts.models import Patient, User
from qa.models import Question
from tests import signing_in
from tests.factories import make_question, make_user
from tests.signing_in import NEW, add_passkey, is_signed_in, sign_up

pytestmark = pytest.mark.django_db
no_limit_from_another_test = signing_in.no_limit_from_another_test
WRITTEN_ON = datetime.date(2026, 2, 3)


@pytest.fixture
def essays():
    """Another app's part: texts by user id, as qa registers its questions."""
    kept = {}

    def erase(user, keep_texts):
        text = kept.pop(user.pk)
        if keep_texts:
            kept["nobody"] = text

    own_data.register(
        "essays", lambda user: [{"title": kept[user.pk], "written_on": WRITTEN_ON, "stars": 0, "note": None}], erase
    )
    yield kept
    del own_data.SOURCES["essays"]


def test_everything_held_is_handed_out_for_reading_and_for_programs(client, essays):
    user = sign_up(client)
    make_patient_of(user)
    add_passkey(user)
    essays[user.pk] = "On <b>herons</b>"
    response = client.get(reverse("own_data_json"))
    assert "attachment" in response.headers["Content-Disposition"]
    data = json.loads(response.content)
    assert data["account"]["email"] == NEW
    assert data["account"]["passkeys"][0]["name"] == "My phone"
    assert data["profile"] == {"pseudonym": "Blue Heron", "year_of_birth": 1980, "sex": "Female"}
    assert data["essays"] == [{"title": "On <b>herons</b>", "written_on": "2026-02-03", "stars": 0, "note": None}]
    response = client.get(reverse("own_data_html"))
    assert "attachment" in response.headers["Content-Disposition"]
    for words in (
        NEW,
        "Blue Heron",
        "1980",
        "My phone",
        "On &lt;b&gt;herons&lt;/b&gt;",
        "3 February 2026",
        "Year of birth",
    ):
        assert words in response.text


def make_patient_of(user):
    return Patient.objects.create(user=user, pseudonym="Blue Heron", birth_year=1980, sex="female")


@pytest.mark.parametrize("choice", ["keep", "erase"])
def test_a_deleted_account_takes_all_with_it_but_the_texts_that_may_stay(
    client, essays, choice, django_capture_on_commit_callbacks
):
    user = sign_up(client)
    make_patient_of(user)
    add_passkey(user)
    essays[user.pk] = "On herons"
    elsewhere = Client()
    elsewhere.force_login(user)
    with django_capture_on_commit_callbacks(execute=True):
        response = client.post(reverse("account_delete"), {"questions": choice, "is_sure": "on"}, follow=True)
    assert "Your account is deleted." in response.text
    for model in (User, Patient, EmailAddress, Authenticator):
        assert not model.objects.exists()
    assert essays == ({"nobody": "On herons"} if choice == "keep" else {})
    assert not is_signed_in(client)
    assert not is_signed_in(elsewhere)
    assert mail.outbox[-1].to == [NEW]
    assert "Blue Heron" not in mail.outbox[-1].body


def test_an_account_is_deleted_as_a_whole_or_not_at_all(client, essays):
    user = sign_up(client)
    make_patient_of(user)
    with pytest.raises(KeyError):  # the other app's part fails
        client.post(reverse("account_delete"), {"questions": "erase", "is_sure": "on"})
    assert Patient.objects.filter(user=user).exists()


@pytest.mark.parametrize("data", [{}, {"questions": "keep"}, {"is_sure": "on"}, {"questions": "sell", "is_sure": "on"}])
def test_an_account_is_deleted_only_by_a_plain_choice(client, data):
    user = sign_up(client)
    assert "error-summary" in client.post(reverse("account_delete"), data).text
    assert User.objects.filter(pk=user.pk).exists()


def delete_own_account(user, administrator):
    own_data.erase_account(user, keep_texts=False)


def delete_at_the_desk(user, administrator):
    desk = Client()
    desk.force_login(administrator)
    assert desk.post(reverse("admin:accounts_user_delete", args=[user.pk]), {"post": "yes"}).status_code == 302


def delete_in_the_list(user, administrator):
    desk, data = Client(), {"action": "delete_selected", "_selected_action": [user.pk], "post": "yes"}
    desk.force_login(administrator)
    assert desk.post(reverse("admin:accounts_user_changelist"), data).status_code == 302


DELETIONS = [delete_own_account, delete_at_the_desk, delete_in_the_list]


@pytest.mark.parametrize("delete", DELETIONS)
def test_the_log_of_the_admin_forgets_who_it_was(delete):
    administrator = make_user("admin@example.org", is_staff=True, is_superuser=True)
    user, other = make_user(NEW), make_user("other@example.org")
    for row in (user, make_patient_of(user), other):
        LogEntry.objects.log_actions(administrator.pk, [row], CHANGE, "Changed.", single_object=True)
    delete(user, administrator)
    assert not User.objects.filter(pk=user.pk).exists()
    assert set(LogEntry.objects.values_list("object_repr", flat=True)) == {"Somebody who left", "other@example.org"}
    assert LogEntry.objects.filter(change_message="Changed.").count() == 3


@pytest.mark.parametrize("delete", DELETIONS)
def test_whoever_deletes_an_account_no_question_keeps_its_address(delete, django_capture_on_commit_callbacks):
    administrator = make_user("admin@example.org", is_staff=True, is_superuser=True)
    user = make_user(NEW)
    question = make_question(patient=make_patient_of(user), contact_email=NEW, pseudonym="Blue Heron")
    with django_capture_on_commit_callbacks(execute=True):
        delete(user, administrator)
    assert not Question.objects.filter(Q(contact_email=NEW) | Q(pseudonym="Blue Heron")).exists()
    assert Question.objects.filter(pk=question.pk).exists() == (delete is not delete_own_account)
    assert [message.to for message in mail.outbox] == [[NEW]]
