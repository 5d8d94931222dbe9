"""The licences of doctors: verified with proof, withdrawn with a reason, and in force to the last day and no longer."""

import datetime
import re

import pytest
from django.contrib.admin.models import LogEntry
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import licences
from accounts.models import Doctor
from qa.errors import InvalidTransition
from qa.models import Question, QuestionStatus
from tests import staff
from tests.factories import make_doctor, make_question, make_reply, make_user
from tests.staff import sign_in

pytestmark = pytest.mark.django_db
as_in_production, administrator = staff.as_in_production, staff.administrator

LICENCE = {"licence_number": "T-1", "licence_issuer": "Ministry of Health", "evidence_note": "Seen in the register."}


def in_days(number):
    return timezone.localdate() + datetime.timedelta(days=number)


def unverified(**fields):
    nothing = {"licence_number": "", "licence_issuer": "", "licence_expires_on": None, "verified_at": None}
    return make_doctor("Mei Lin", **nothing | fields)


def test_an_administrator_verifies_a_licence_and_the_system_notes_who_and_when(client, administrator):
    doctor = unverified()
    sign_in(client, administrator)
    page = reverse("admin:accounts_doctor_verify", args=[doctor.pk])
    response = client.post(page, LICENCE | {"licence_expires_on": in_days(400).isoformat()})
    assert response.headers["Location"] == reverse("admin:accounts_doctor_change", args=[doctor.pk])
    doctor.refresh_from_db()
    assert doctor.may_publish()
    assert doctor.verified_by == administrator
    assert timezone.now() - doctor.verified_at < datetime.timedelta(minutes=1)
    assert "Seen in the register." in LogEntry.objects.get(object_id=str(doctor.pk)).change_message
    assert "You can publish" in mail.outbox[-1].body
    assert "T-1" not in mail.outbox[-1].body


@pytest.mark.parametrize("missing", ["licence_number", "licence_issuer", "licence_expires_on", "evidence_note"])
def test_a_licence_is_verified_with_all_that_belongs_to_it_only(client, administrator, missing):
    doctor = unverified()
    sign_in(client, administrator)
    data = LICENCE | {"licence_expires_on": in_days(400).isoformat()} | {missing: ""}
    assert client.post(reverse("admin:accounts_doctor_verify", args=[doctor.pk]), data).status_code == 200
    data = LICENCE | {"licence_expires_on": in_days(-1).isoformat()}
    assert "has ended" in client.post(reverse("admin:accounts_doctor_verify", args=[doctor.pk]), data).text
    doctor.refresh_from_db()
    assert doctor.verified_at is None


def test_nobody_writes_a_verification_by_hand_nor_without_the_right(client, administrator, moderator):
    doctor = unverified()
    sign_in(client, administrator)
    page = client.get(reverse("admin:accounts_doctor_change", args=[doctor.pk])).text
    assert not re.search(r'name="(licence|verified|withdrawn|evidence)', page)
    client.post(reverse("admin:accounts_doctor_change", args=[doctor.pk]), {"verified_at_0": "2026-01-01"} | LICENCE)
    doctor.refresh_from_db()
    assert doctor.verified_at is None
    theirs = Client()
    for user in (moderator, doctor.user):
        sign_in(theirs, user)
        for verb in ("verify", "withdraw"):
            page = reverse(f"admin:accounts_doctor_{verb}", args=[doctor.pk])
            assert theirs.get(page).status_code == 403
            assert theirs.post(page, LICENCE | {"reason": "x"}).status_code == 403


def test_moderators_and_editors_see_no_address_and_no_proof_of_a_doctor(client, moderator, editor):
    doctor = make_doctor("Mei Lin", evidence_note="Proof", user=make_user("mei@example.org", is_staff=True))
    for user in (moderator, editor):
        sign_in(client, user)
        page, history = (reverse(f"admin:accounts_doctor_{name}", args=[doctor.pk]) for name in ("change", "history"))
        text = client.get(page).text + client.get(reverse("admin:accounts_doctor_changelist")).text
        assert "Mei Lin" in text
        assert "Proof" not in text
        assert "mei@example.org" not in text
        assert "Mei Lin" not in client.get(reverse("admin:accounts_doctor_changelist"), {"q": "mei@"}).text
        assert client.get(history).status_code == 403
        client.logout()


def test_a_withdrawn_verification_takes_publishing_and_keeps_the_history(client, administrator):
    doctor = make_doctor("Mei Lin")
    sign_in(client, administrator)
    page = reverse("admin:accounts_doctor_withdraw", args=[doctor.pk])
    assert client.post(page, {"reason": ""}).status_code == 200
    client.post(page, {"reason": "The register says suspended."})
    doctor.refresh_from_db()
    assert not doctor.may_publish()
    assert doctor in Doctor.objects.public()
    assert doctor not in Doctor.objects.licensed()
    assert (doctor.withdrawn_by, doctor.withdrawal_reason) == (administrator, "The register says suspended.")
    assert "suspended" in LogEntry.objects.get(object_id=str(doctor.pk)).change_message
    assert "suspended" in mail.outbox[-1].body
    assert "is not verified" in client.post(page, {"reason": "Again"}, follow=True).text
    with pytest.raises(InvalidTransition):
        make_reply(doctor=doctor).publish(doctor.user)
    doctor.licence_expires_on = in_days(300)
    doctor.evidence_note = "Suspension lifted."
    doctor.verify(administrator)
    doctor.refresh_from_db()
    assert doctor.may_publish()
    assert doctor.withdrawal_reason == ""


def test_a_withdrawal_without_reason_cannot_exist():
    doctor = make_doctor()
    for fields in ({"withdrawn_at": timezone.now()}, {"withdrawal_reason": "x"}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Doctor.objects.filter(pk=doctor.pk).update(**fields)


def test_a_licence_counts_up_to_its_last_day_and_not_one_more(doctor):
    published = make_reply(doctor=doctor)
    published.publish(doctor.user)
    for days, may_publish in [(1, True), (0, True), (-1, False)]:
        doctor.licence_expires_on = in_days(days)
        doctor.save()
        reply = make_reply(doctor=doctor)
        if may_publish:
            reply.publish(doctor.user)
        else:
            with pytest.raises(InvalidTransition):
                reply.publish(doctor.user)
        assert (doctor in Doctor.objects.licensed()) == may_publish
    published.refresh_from_db()
    assert published.published_at
    assert doctor in Doctor.objects.public()


@pytest.mark.parametrize(
    "fields",
    [
        {"licence_expires_on": in_days(-1)},
        {"verified_at": None},
        {"verified_at": None, "withdrawn_at": timezone.now(), "withdrawal_reason": "Suspended"},
    ],
)
def test_without_a_licence_in_force_a_doctor_reads_no_open_question(client, doctor, fields):
    make_question(QuestionStatus.OPEN, title="Only for doctors", specialty=doctor.specialties.get())
    sign_in(client, doctor.user)
    page = reverse("admin:qa_question_changelist")
    assert "Only for doctors" in client.get(page).text
    Doctor.objects.filter(pk=doctor.pk).update(**fields)
    assert "Only for doctors" not in client.get(page).text
    assert not Question.objects.visible_to(doctor.user).exists()


def test_administrators_find_licences_that_end_within_sixty_days(client, administrator):
    make_doctor("Soon", licence_expires_on=in_days(60))
    make_doctor("Later", licence_expires_on=in_days(61))
    make_doctor("Ended", licence_expires_on=in_days(-1))
    unverified()
    sign_in(client, administrator)
    found = {}
    for value in ("soon", "in_force", "ended", "none", "withdrawn"):
        page = client.get(reverse("admin:accounts_doctor_changelist"), {"licence": value})
        found[value] = {doctor.name for doctor in page.context["cl"].queryset}
    assert found == {
        "soon": {"Soon"},
        "in_force": {"Soon", "Later"},
        "ended": {"Ended"},
        "none": {"Mei Lin"},
        "withdrawn": set(),
    }


def test_a_doctor_is_told_once_that_the_licence_ends_within_a_month(monkeypatch):
    doctor = make_doctor(licence_expires_on=in_days(30))
    make_doctor(licence_expires_on=in_days(31))
    make_doctor(licence_expires_on=in_days(-1))
    make_doctor(licence_expires_on=in_days(3), verified_at=None)
    make_doctor(licence_expires_on=in_days(3), user=None)
    with monkeypatch.context() as broken:
        broken.setattr(EmailBackend, "send_messages", lambda *args: (_ for _ in ()).throw(OSError))
        assert licences.tell_expiring() == 0
    assert [licences.tell_expiring(), licences.tell_expiring()] == [1, 0]
    assert mail.outbox[0].to == [doctor.user.email]
    assert "cannot publish" in mail.outbox[0].body
    Doctor.objects.filter(pk=doctor.pk).update(licence_expires_on=in_days(20))
    assert licences.tell_expiring() == 1
