"""Every address of the admin and every role: who may open it. All others are told 403 or 404, or to sign in."""

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group
from django.urls import URLPattern, reverse

from qa.models import EventKind, FlagReason, ImportRecord, QuestionStatus, ReplyStatus, ReplyTemplate
from tests.factories import make_article, make_question, make_reply, make_topic, make_user

pytestmark = pytest.mark.django_db
OPENED = (200, 302, 405)  # 302: it leads on; 405: only posted to

# By letters: Administrator, Moderator, Doctor, Editor, Patient. What is not named here opens for nobody.
TABLE = {
    "accounts_doctor_add": "A",
    "accounts_doctor_change": "AME",
    "accounts_doctor_changelist": "AME",
    "accounts_doctor_delete": "A",
    "accounts_doctor_history": "A",
    "accounts_doctor_verify": "A",
    "accounts_doctor_withdraw": "A",
    "accounts_patient_add": "A",
    "accounts_patient_change": "A",
    "accounts_patient_changelist": "A",
    "accounts_patient_delete": "A",
    "accounts_patient_history": "A",
    "accounts_specialty_add": "A",
    "accounts_specialty_change": "AMDE",
    "accounts_specialty_changelist": "AMDE",
    "accounts_specialty_delete": "A",
    "accounts_specialty_history": "AMDE",
    "accounts_user_add": "A",
    "accounts_user_change": "A",
    "accounts_user_changelist": "A",
    "accounts_user_delete": "A",
    "accounts_user_history": "A",
    "accounts_user_invite": "A",
    "answer_ask_patient": "D",
    "answer_autosave": "D",
    "answer_discard": "D",
    "answer_leave": "D",
    "answer_open": "D",
    "answer_question": "D",
    "answer_queue": "D",
    "answer_read": "D",
    "answer_reaffirm": "D",
    "answer_review": "D",
    "answer_supersede": "D",
    "answer_transfer": "D",
    "answer_report": "D",
    "answer_versions": "D",
    "answer_withdraw": "D",
    "app_list": "AMDE",
    "auth_group_add": "A",
    "auth_group_change": "A",
    "auth_group_changelist": "A",
    "auth_group_delete": "A",
    "auth_group_history": "A",
    "auth_user_password_change": "A",
    "index": "AMDE",
    "jsi18n": "AMDE",
    "login": "P",
    "logout": "AMDE",
    "password_change": "AMDE",
    "password_change_done": "AMDE",
    "qa_article_add": "AE",
    "qa_article_change": "AMDE",
    "qa_article_changelist": "AMDE",
    "qa_article_delete": "A",
    "qa_article_history": "AMDE",
    "qa_article_preview": "AMDE",
    "qa_article_review": "D",
    "qa_article_versions": "AE",
    "qa_flag_change": "AM",
    "qa_flag_changelist": "AM",
    "qa_flag_history": "AM",
    "qa_importrecord_change": "A",
    "qa_importrecord_changelist": "A",
    "qa_importrecord_history": "A",
    "qa_question_change": "AMD",
    "qa_question_changelist": "AMDE",
    "qa_question_history": "AMD",
    "qa_question_moderate": "AM",
    "qa_question_photo": "AM",
    "qa_question_queue": "AM",
    "qa_question_spam": "AM",
    "qa_question_take_up": "AM",
    "qa_questionevent_change": "AM",
    "qa_questionevent_changelist": "AM",
    "qa_questionevent_history": "AM",
    "qa_reply_change": "D",
    "qa_reply_changelist": "AMD",
    "qa_reply_history": "D",
    "qa_replytemplate_add": "AD",
    "qa_replytemplate_change": "AD",
    "qa_replytemplate_changelist": "AD",
    "qa_replytemplate_delete": "AD",
    "qa_replytemplate_history": "AD",
    "qa_topic_add": "AE",
    "qa_topic_change": "AMDE",
    "qa_topic_changelist": "AMDE",
    "qa_topic_delete": "A",
    "qa_topic_history": "AMDE",
    "qa_topic_merge": "AE",
}


def addresses(patterns=None):
    """The name and the names of the arguments of every address of the admin."""
    for pattern in admin.site.get_urls() if patterns is None else patterns:
        if not isinstance(pattern, URLPattern):
            yield from addresses(pattern.url_patterns)
        elif pattern.name:
            yield pattern.name, list(pattern.pattern.converters) or list(pattern.pattern.regex.groupindex)


@pytest.fixture
def rows(moderator, doctor, editor, patient):
    """A row for each model; the doctor has a draft and a published reply to the question."""
    question = make_question(QuestionStatus.OPEN)
    draft = make_reply(question, doctor)
    return {
        "auth_group": Group.objects.get(name="Doctors").pk,
        "accounts_user": patient.user.pk,
        "accounts_specialty": question.specialty.pk,
        "accounts_doctor": doctor.pk,
        "accounts_patient": patient.pk,
        "qa_article": make_article().pk,
        "qa_flag": question.flags.create(reason=FlagReason.WRONG).pk,
        "qa_question": question.pk,
        "qa_questionevent": question.events.create(kind=EventKind.ASKED).pk,
        "qa_importrecord": ImportRecord.objects.create(source="x", source_id="x", name="x", document=b"", parsed={}).pk,
        "qa_reply": draft.pk,
        "qa_replytemplate": ReplyTemplate.objects.create(doctor=doctor, title="Mine", body="Text").pk,
        "qa_topic": make_topic().pk,
        "answer": question.pk,
        "key": draft.key,
        "follow_up": question.follow_ups.create(body="It itches.").pk,
        "reply": make_reply(question, doctor, ReplyStatus.PUBLISHED).pk,
    }


def opened_by(client, people, name, arguments, rows):
    model = next((model for model in rows if name.startswith(model + "_")), None) or name.rpartition("_")[0]
    values = {"app_label": "qa", "content_type_id": 1, "id": rows["accounts_user"], **rows}
    given = {a: values.get(a, rows.get(model, 1)) for a in arguments}
    address = reverse(f"admin:{name}", kwargs=given)
    letters = ""
    for letter, user in people.items():
        client.force_login(user)
        response = client.get(address)
        leads_to = response.url if response.status_code == 302 else ""
        turned_away = leads_to == reverse("admin:index") or reverse("admin:login") in leads_to
        if response.status_code in OPENED and not turned_away:
            letters += letter
        elif name.startswith("qa_"):  # nor by posting what a form of the page holds
            assert client.post(address, {"decide": "1", "confirmed": "1"}).status_code in (302, 403, 404), name
    return letters


def test_every_address_opens_for_its_roles_only(client, rows, moderator, doctor, editor, patient):
    administrator = make_user("admin@example.org", is_staff=True, is_superuser=True)
    people = {"A": administrator, "M": moderator, "D": doctor.user, "E": editor, "P": patient.user}
    found = {name: opened_by(client, people, name, arguments, rows) for name, arguments in addresses()}
    assert {name: letters for name, letters in found.items() if letters} == TABLE
