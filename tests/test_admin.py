"""The admin: who sees what of it, and that no status and no private thing is in it to be edited."""

import pytest
from django.contrib import admin
from django.contrib.auth import authenticate
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import User
from qa.models import Article, ArticleOrigin, ArticleStatus, EventKind, Flag, FlagReason, QuestionStatus, ReplyTemplate
from tests.factories import (
    make_answered_question,
    make_article,
    make_patient,
    make_question,
    make_specialty,
    make_topic,
    make_user,
)

pytestmark = pytest.mark.django_db

# For each model, the roles whose list is not forbidden.
LISTS = {
    "accounts_user": set(),
    "accounts_patient": set(),
    "accounts_specialty": {"doctor", "moderator", "editor"},
    "accounts_doctor": {"moderator", "editor"},
    "auth_group": set(),
    "qa_article": {"doctor", "moderator", "editor"},
    "qa_flag": {"moderator"},
    "qa_importrecord": set(),
    "qa_question": {"doctor", "moderator", "editor"},
    "qa_questionevent": {"moderator"},
    "qa_reply": {"doctor", "moderator"},
    "qa_replytemplate": {"doctor"},
    "qa_topic": {"doctor", "moderator", "editor"},
}


@pytest.fixture
def administrator(db):
    return make_user("admin@example.org", is_staff=True, is_superuser=True)


@pytest.fixture
def people(administrator, doctor, moderator, editor, patient):
    return {
        "administrator": administrator,
        "doctor": doctor.user,
        "moderator": moderator,
        "editor": editor,
        "patient": patient.user,
    }


def list_of(name):
    return reverse(f"admin:{name}_changelist")


def fill():
    """A row in each list."""
    question = make_answered_question(patient=make_patient(), contact_email="hidden@example.org")
    question.events.create(kind=EventKind.REPLIED)
    make_topic().synonyms.create(name="Red dots")
    make_article(question=question, stance="agrees")
    ReplyTemplate.objects.create(title="Dry skin", body="Use a cream.")
    Flag.objects.create(question=question, reason=FlagReason.WRONG)
    return question


def test_every_list_is_in_the_table():
    assert {f"{m._meta.app_label}_{m._meta.model_name}" for m in admin.site._registry} == set(LISTS)


@pytest.mark.parametrize("name", LISTS)
def test_each_role_opens_its_own_lists_only(client, people, name):
    fill()
    allowed = LISTS[name] | {"administrator"}
    for role, user in people.items():
        client.force_login(user)
        status = client.get(list_of(name)).status_code
        assert status == (302 if role == "patient" else 200 if role in allowed else 403), role


@pytest.mark.parametrize("role", ["administrator", "moderator", "doctor", "editor"])
def test_the_desk_of_questions_shows_and_changes_nothing_and_keeps_the_patient_private(client, people, role):
    question = fill()
    client.force_login(people[role])
    page = reverse("admin:qa_question_change", args=[question.pk])
    text = client.get(list_of("qa_question")).text + client.get(page).text
    assert question.title in text
    for private in (question.secret_key, "hidden@example.org", question.patient.user.email):
        assert private not in text
    assert client.post(page, {"title": "Changed", "status": "open"}).status_code == 403
    assert client.get(reverse("admin:qa_question_add")).status_code == 403
    assert client.post(reverse("admin:qa_question_delete", args=[question.pk])).status_code == 403


def test_a_doctor_finds_open_questions_of_own_specialties_only(client, doctor):
    mine = make_question(QuestionStatus.OPEN, title="Mine to answer")
    theirs = make_question(QuestionStatus.OPEN, title="Theirs to answer", specialty=make_specialty("Urology"))
    make_question(QuestionStatus.PENDING, title="Not decided on")
    client.force_login(doctor.user)
    text = client.get(list_of("qa_question")).text
    assert mine.title in text
    assert theirs.title not in text
    assert "Not decided on" not in text
    for page in ("change", "history"):
        assert client.get(reverse(f"admin:qa_question_{page}", args=[theirs.pk])).status_code == 404


def test_the_list_of_questions_costs_the_same_however_long_it_is(client, moderator):
    client.force_login(moderator)

    def cost():
        with CaptureQueriesContext(connection) as queries:
            client.get(list_of("qa_question"))
        return len(queries)

    make_question()
    few = cost()
    for number in range(30):
        make_question(QuestionStatus.OPEN, specialty=make_specialty(f"Specialty {number % 3}"))
    assert cost() == few <= 12


def test_articles_are_published_and_withdrawn_by_actions_only(client, editor):
    client.force_login(editor)
    draft = make_article(status=ArticleStatus.DRAFT)
    action = {"action": "publish", "_selected_action": [draft.pk]}
    client.post(list_of("qa_article"), action)
    draft.refresh_from_db()
    assert draft.status == ArticleStatus.PUBLISHED
    assert draft.published_at is not None
    assert "cannot become" in client.post(list_of("qa_article"), action, follow=True).text
    client.post(list_of("qa_article"), action | {"action": "withdraw"})
    draft.refresh_from_db()
    assert draft.status == ArticleStatus.DRAFT


def test_an_editor_writes_an_article_which_is_a_draft_of_the_editors_own(client, editor):
    client.force_login(editor)
    topic = make_topic()
    fields = {
        "title": "Sun and skin",
        "slug": "sun-and-skin",
        "body": "Shade first.",
        "origin": ArticleOrigin.EDITOR,
        "topics": [topic.pk],
        "status": "published",
    }
    assert client.post(reverse("admin:qa_article_add"), fields).status_code == 302
    article = Article.objects.get(slug="sun-and-skin")
    assert (article.author, article.status) == (editor, ArticleStatus.DRAFT)
    assert list(article.topics.all()) == [topic]
    page = reverse("admin:qa_article_change", args=[article.pk])
    assert f'<option value="{topic.pk}" selected>' in client.get(page).text
    client.post(page, fields | {"topics": []})
    assert not article.topics.exists()


def test_an_administrator_makes_a_user_by_address_and_changes_the_password(client, administrator):
    client.force_login(administrator)
    secret = "a-long-enough-secret"
    new = {"email": "new@example.org", "name": "New", "usable_password": "true"}
    new |= {"password1": secret, "password2": secret}
    assert client.post(reverse("admin:accounts_user_add"), new).status_code == 302
    assert authenticate(username="new@example.org", password=secret)
    again = client.post(reverse("admin:accounts_user_add"), new | {"email": "NEW@example.org"})
    assert "exists already" in again.text
    user = User.objects.get(email="new@example.org")
    page = reverse("admin:accounts_user_change", args=[user.pk])
    assert "usable_password" in client.get(reverse("admin:auth_user_password_change", args=[user.pk])).text
    client.post(
        reverse("admin:auth_user_password_change", args=[user.pk]),
        {"usable_password": "true", "password1": "another-long-secret", "password2": "another-long-secret"},
    )
    assert authenticate(username="new@example.org", password="another-long-secret")
    assert client.get(page).status_code == 200


@pytest.mark.parametrize("name", LISTS)
def test_every_form_and_list_opens_for_an_administrator(client, administrator, name):
    question = fill()
    question.import_records.create(source="old", source_id="1", name="a.txt", document=b"Purple bytes", parsed={})
    client.force_login(administrator)
    app, model = name.split("_")
    rows = next(m for m in admin.site._registry if (m._meta.app_label, m._meta.model_name) == (app, model)).objects
    row = rows.first()
    assert client.get(list_of(name) + "?q=a").status_code in (200, 302)
    text = client.get(reverse(f"admin:{name}_change", args=[row.pk])).text
    assert "Purple bytes" not in text
    assert client.get(reverse(f"admin:{name}_add")).status_code in (200, 403)


def test_only_what_is_public_has_a_link_to_its_page(client, administrator):
    client.force_login(administrator)
    rows = {make_answered_question(): True, make_question(): False}
    rows |= {make_article(): True, make_article(status=ArticleStatus.DRAFT): False}
    for row, is_linked in rows.items():
        text = client.get(reverse(f"admin:qa_{row._meta.model_name}_change", args=[row.pk])).text
        assert ("View on site" in text) == is_linked
