"""The desks: the first page, who may open what, what it costs, and what nobody finds there."""

import datetime
from urllib.parse import quote

import pytest
from django.contrib import admin
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from qa import answering
from qa.admin.base import DeskBox
from qa.models import Article, EventKind, Flag, FlagReason, Question, QuestionEvent
from tests.factories import make_answered_question, make_question, make_specialty, make_user

pytestmark = pytest.mark.django_db


def test_the_first_page_shows_what_each_desk_says_waits_there_urgent_first(client, moderator, monkeypatch):
    desk = admin.site._registry[Article]
    box = DeskBox("Letters to open", "/letters/", 7, oldest=timezone.now() - datetime.timedelta(hours=3), mine=2)
    monkeypatch.setattr(desk, "desk_box", lambda request: box, raising=False)
    client.force_login(moderator)
    text = client.get(reverse("admin:index")).text
    assert '<a href="/letters/">Letters to open</a>' in text
    assert "<strong>7</strong> waiting" in text
    assert "waits for 3\xa0hours" in text


def test_the_admin_wears_the_look_of_the_portal_and_needs_no_inline_style_or_script(client, moderator):
    client.force_login(moderator)
    for name in ("admin:index", "admin:qa_question_changelist"):
        response = client.get(reverse(name))
        assert "css/tokens.css" in response.text
        assert "css/desk.css" in response.text
        assert "theme.js" not in response.text
        assert "<style" not in response.text
        assert " style=" not in response.text


@pytest.fixture
def people(moderator, doctor, editor, patient):
    administrator = make_user("admin@example.org", is_staff=True, is_superuser=True)
    staff = {"administrator": administrator, "moderator": moderator, "doctor": doctor.user, "editor": editor}
    return staff | {"patient": patient.user}


@pytest.mark.parametrize("name", ["admin:qa_question_moderate", "admin:qa_question_photo", "admin:qa_flag_change"])
def test_what_does_not_exist_is_not_found(client, moderator, name):
    client.force_login(moderator)
    assert client.post(reverse(name, args=[999999])).status_code == 404


def cost(client, address):
    with CaptureQueriesContext(connection) as queries:
        assert client.get(address).status_code == 200
    return len(queries)


@pytest.mark.parametrize("name", ["admin:index", "admin:qa_question_queue", "admin:qa_flag_changelist"])
def test_a_queue_costs_the_same_with_ten_and_with_a_thousand_rows(client, moderator, name):
    client.force_login(moderator)

    def fill(number):
        specialties = [make_specialty(f"Specialty {n}") for n in range(5)]
        rows = [Question(title="Spots", body="Red ones", specialty=specialties[n % 5]) for n in range(number)]
        rows = Question.objects.bulk_create(rows)
        events = [QuestionEvent(question=row, kind=EventKind.ADVICE_PASSED, note="links: web") for row in rows]
        QuestionEvent.objects.bulk_create(events)
        Flag.objects.bulk_create([Flag(question=row, reason=FlagReason.WRONG, assignee=moderator) for row in rows])

    fill(10)
    few = cost(client, reverse(name))
    fill(990)
    assert cost(client, reverse(name)) == few <= 12


def test_the_page_of_a_question_costs_the_same_whatever_hangs_on_it(client, moderator, patient):
    client.force_login(moderator)
    question = make_question(patient=patient)
    page = reverse("admin:qa_question_moderate", args=[question.pk])

    def fill(number):
        for n in range(number):
            make_question(patient=patient)
            question.events.create(kind=EventKind.CLAIMED, actor=moderator)
            question.revisions.create(field="body", text="Before", reason="A name", editor=moderator)
            question.seen_questions.create(seen=make_answered_question(title=f"Gout in toe {n}", body="It is swollen."))

    fill(2)
    few = cost(client, page)
    fill(10)
    assert cost(client, page) == few <= 32


def test_no_moderator_finds_an_address_or_a_secret_key_anywhere(client, moderator, patient):
    client.force_login(moderator)
    question = make_question(patient=patient, contact_email="hidden@example.org")
    other = make_question(contact_email="hidden@example.org")
    event = question.events.create(kind=EventKind.ASKED, actor=patient.user)
    question.withdraw(patient.user)
    Flag.objects.create(question=question, reason=FlagReason.WRONG)
    lists = ["question_queue", "question_changelist", "questionevent_changelist", "flag_changelist"]
    addresses = [reverse(f"admin:qa_{name}") for name in lists]
    addresses += [
        reverse(f"admin:qa_question_{name}", args=[question.pk]) for name in ("change", "history", "moderate")
    ]
    addresses += [
        reverse("admin:index"),
        reverse("admin:qa_question_moderate", args=[other.pk]),
        reverse("admin:qa_questionevent_change", args=[event.pk]),
        reverse("admin:qa_question_changelist") + "?q=hidden",
    ]
    for address in addresses:
        text = client.get(address).text
        for private in ("hidden@", question.secret_key, other.secret_key, patient.user.email):
            assert private not in text.replace("?q=hidden", ""), address
    for user in (patient.user, question.patient.user):
        assert client.get(reverse("admin:accounts_user_change", args=[user.pk])).status_code == 403


@pytest.mark.parametrize("field", ["contact_email", "secret_key", "patient", "patient__user__email"])
def test_nobody_probes_a_hidden_field_through_the_address_of_a_list(client, people, patient, field):
    make_question(title="Probed", patient=patient, contact_email="hidden@example.org")
    for role in ("moderator", "administrator"):
        client.force_login(people[role])
        response = client.get(reverse("admin:qa_question_changelist") + f"?{field}__startswith=h")
        assert response.status_code == 400


def test_a_list_counts_no_further_than_anybody_pages(client, moderator, monkeypatch):
    monkeypatch.setattr("qa.admin.base.MOST_LISTED", 3)
    client.force_login(moderator)
    for _number in range(5):
        make_question()
    assert "3 questions" in client.get(reverse("admin:qa_question_changelist")).text


def test_lists_write_dates_as_the_pages_do(client, moderator):
    make_question(asked_at=datetime.datetime(2024, 11, 21, 13, 25, tzinfo=datetime.UTC))
    client.force_login(moderator)
    page = client.get(reverse("admin:qa_question_changelist")).text
    assert "21 November 2024, 21:25" in page
    assert "p.m." not in page


@pytest.mark.parametrize(
    ("role", "name", "lookup"),
    [
        ("doctor", "qa_question", "medicines__icontains"),
        ("editor", "qa_question", "allergies__startswith"),
        ("moderator", "qa_question", "contact_email__startswith"),
        ("moderator", "qa_question", "secret_key__startswith"),
        ("moderator", "qa_flag", "contact_email__startswith"),
        ("moderator", "qa_flag", "reporter__startswith"),
        ("editor", "accounts_doctor", "evidence_note__icontains"),
        ("moderator", "accounts_doctor", "withdrawal_reason__icontains"),
        ("moderator", "accounts_doctor", "user"),
    ],
)
def test_nobody_finds_out_what_is_hidden_by_asking_for_it_in_the_address_of_a_list(client, people, role, name, lookup):
    client.force_login(people[role])
    address = reverse(f"admin:{name}_changelist")
    assert client.get(address).status_code == 200
    assert client.get(address, {lookup: "1"}).status_code == 400


def test_moderators_may_still_filter_by_what_they_see(client, moderator):
    make_question(medicines="Ibuprofen")
    client.force_login(moderator)
    listed = client.get(reverse("admin:qa_question_changelist"), {"medicines__icontains": "ibu"})
    assert listed.context["cl"].result_count == 1


@pytest.mark.parametrize("number", ["9" * 30, "9" * 5000, "abc", "\x00", "-1", "٣"])
def test_a_number_that_no_row_has_is_no_trouble_at_any_desk(client, moderator, doctor, number):
    question = make_question("open")
    draft = answering.begin(question, doctor)
    client.force_login(moderator)
    answers = [
        client.get(reverse("admin:qa_question_queue"), {"after": number}),
        client.post(reverse("admin:qa_question_spam"), {"question": number}),
        client.post(reverse("admin:qa_question_photo", args=[question.pk]), {"photo": number}),
        client.get(f"/admin/qa/flag/{quote(number)}/change/"),
    ]
    assert [answer.status_code for answer in answers] == [200, 302, 404, 404]
    client.force_login(doctor.user)
    address = reverse("admin:answer_question", args=[question.pk])
    for name in ("template", "cite", "window"):
        sent = {"reply": str(draft.key), "body": f"A text {name}", name: number}
        assert client.post(address, sent).status_code in (302, 404)
    assert client.get(reverse("admin:answer_queue"), {"specialty": number}).status_code == 200
    versions = reverse("admin:answer_versions", args=[question.pk, draft.key])
    assert client.post(versions, {"version": number}).status_code == 404


@pytest.mark.parametrize(
    "name", ["qa_question", "qa_questionevent", "qa_reply", "qa_flag", "qa_article", "accounts_doctor", "accounts_user"]
)
def test_a_filter_that_no_database_takes_is_refused(client, people, name):
    client.force_login(people["administrator"])
    address = reverse(f"admin:{name}_changelist")
    for query in ("status=%00", "kind=%00", "q=a%00", "decided=%00", "next_step__exact=%00"):
        assert client.get(f"{address}?{query}").status_code == 400


@pytest.mark.parametrize("year", ["-1", "0", "9" * 30])
@pytest.mark.parametrize(
    ("name", "field"),
    [
        ("qa_question", "asked_at"),
        ("qa_questionevent", "created_at"),
        ("qa_reply", "published_at"),
        ("qa_flag", "created_at"),
        ("qa_article", "review_by"),
        ("accounts_doctor", "verified_at"),
        ("accounts_user", "date_joined"),
    ],
)
def test_a_filter_by_a_year_that_is_none_is_refused(client, people, name, field, year):
    client.force_login(people["administrator"])
    answer = client.get(reverse(f"admin:{name}_changelist"), {f"{field}__year": year})
    assert answer.status_code == 400 or answer.url.endswith("?e=1")  # where Django's own filter has noticed it


@pytest.mark.parametrize("field", ["specialty", "pk", "patient"])
def test_a_filter_by_a_number_that_no_database_counts_to_is_no_trouble(client, people, field):
    client.force_login(people["administrator"])
    answer = client.get(reverse("admin:qa_question_changelist"), {field: "9" * 30})
    assert answer.status_code == 400 or answer.context["cl"].result_count == 0  # PostgreSQL looks for it


@pytest.mark.parametrize("key", ["abc", "\x00", "9" * 30, "٣"])
def test_an_action_on_what_is_no_row_is_refused(client, people, key):
    client.force_login(people["administrator"])
    sent = {"action": "delete_selected", "_selected_action": [str(people["editor"].pk), key], "post": "yes"}
    for name in ("auth_group", "accounts_user", "accounts_specialty", "qa_topic"):
        assert client.post(reverse(f"admin:{name}_changelist"), sent).status_code == 400


def test_an_address_that_no_desk_has_is_not_found(client, moderator):
    client.force_login(moderator)
    assert client.get("/admin/nowhere/at/all/").status_code == 404
