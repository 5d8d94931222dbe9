"""Caching: what browsers and servers in between may keep, and what ends at once; see test_kept_pages for the rest."""

import datetime
import time

import pytest
from django.contrib.messages import success
from django.contrib.messages.storage.cookie import CookieStorage
from django.core.cache import caches
from django.core.management import call_command
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from qa import tallies
from qa.models import (
    Helpful,
    PublicChange,
    Question,
    QuestionStatus,
    RelatedOrigin,
    Reply,
    ReplyStatus,
)
from tests.browsing import PAGES, fill
from tests.factories import (
    make_answered_question,
    make_article,
    make_doctor,
    make_question,
    make_reply,
    make_topic,
)
from tests.pages import address_in_sitemap
from tests.test_visibility import SURFACES, world  # noqa: F401 - a fixture

pytestmark = pytest.mark.django_db

# Forms, which hold a token; what somebody searched for; and what machines ask for without reading it
FOR_ONE = {
    "question_report", "question_helpful", "article_report", "search", "search, narrowed", "search_suggestions",
    "ask_autosave", "ask_similar", "ask_parts", "favicon", "healthz",
}  # fmt: skip
PUBLIC = "max-age=60, public, must-revalidate"


class RecordingClient(Client):
    """Remembers what it was answered."""

    def request(self, **environ):
        response = super().request(**environ)
        self.answers = [*getattr(self, "answers", []), response]
        return response


def control_of(response):
    return set(response.get("Cache-Control", "").split(", ")) - {""}


# Who reads makes no difference


@pytest.mark.parametrize("surface", SURFACES)
def test_what_anybody_may_keep_is_the_same_for_everybody(surface, world, patient, doctor, moderator):  # noqa: F811
    question = world(QuestionStatus.ANSWERED)
    seen = {}
    for person in (None, patient.user, doctor.user, moderator):
        caches["rendered"].clear()  # each is rendered, not taken from who came first
        client = RecordingClient()
        if person:
            client.force_login(person)
        SURFACES[surface](client, question)
        public = [answer for answer in client.answers if "public" in control_of(answer)]
        assert client.answers
        assert public == ([] if surface in FOR_ONE else client.answers)
        for answer in public:
            assert not answer.cookies
            assert "Cookie" not in answer.get("Vary", "")
            assert "csrfmiddlewaretoken" not in answer.text
        seen[person] = [(a.request["PATH_INFO"], a.status_code, dict(a.headers), a.content) for a in public]
        others = [answer for answer in client.answers if answer not in public and answer.status_code == 200]
        for answer in others:
            assert control_of(answer) & {"private", "no-store", "no-cache"}, answer.request
    assert all(answers == seen[None] for answers in seen.values())


@pytest.mark.parametrize("page", [page for page in PAGES if not page.startswith("search")])
def test_public_pages_may_be_kept_for_a_minute_by_anybody(client, page):
    response = client.get(PAGES[page](fill("Few", 3)))
    assert control_of(response) == set(PUBLIC.split(", "))
    assert response["ETag"]
    assert response["Vary"] == "Accept-Encoding"


@pytest.mark.parametrize("name", ["ask_about", "account_login", "my_questions"])
def test_pages_for_one_person_are_kept_by_nobody(client, patient, name):
    if name == "my_questions":
        client.force_login(patient.user)
    response = client.get(reverse(name))
    assert response.status_code == 200
    assert "no-store" in control_of(response)


def test_a_page_with_a_message_is_kept_by_nobody(client, rf):
    make_answered_question()
    client.get("/")
    request = rf.get("/")
    request._messages = CookieStorage(request)
    success(request, "It has been erased.")
    carrier = HttpResponse()
    request._messages.update(carrier)
    client.cookies = carrier.cookies
    response = client.get("/")
    assert "It has been erased." in response.text
    assert control_of(response) == {"private", "no-store"}
    assert "It has been erased." not in Client().get("/").text


# Asking again is cheap


@pytest.mark.parametrize("page", [page for page in PAGES if not page.startswith("search")])
def test_who_has_the_page_is_told_so_by_one_query(client, page):
    address = PAGES[page](fill("Few", 3))
    first = client.get(address)
    caches["rendered"].clear()
    with CaptureQueriesContext(connection) as queries:
        again = client.get(address, headers={"if-none-match": first["ETag"]})
    assert (again.status_code, again.content, len(queries)) == (304, b"", 1)
    assert again["ETag"] == first["ETag"]
    assert control_of(again) == control_of(first)
    assert again["Vary"] == first["Vary"]


def test_asking_for_the_head_only_is_answered_alike(client):
    address = make_answered_question().get_absolute_url()
    assert client.head(address).headers["ETag"] == client.get(address).headers["ETag"]


def test_who_asks_whether_there_is_any_such_page_is_told_the_truth(client):
    address = make_answered_question().get_absolute_url()
    gone = reverse("question_detail", args=[10**9, "red-spots"])
    assert client.get(gone, headers={"if-none-match": "*"}).status_code == 404
    assert client.get(address, headers={"if-none-match": "*"}).status_code == 200


# What is gone is gone at once


def is_shown(address, words="Xylo"):
    return words in Client().get(address).text


ENDINGS = {
    "removed": lambda question: question.remove(None, "Asked for."),
    "withdrawn": lambda question: question.withdraw(),
    "erased": lambda question: question.erase_text(),
    "deleted": lambda question: question.delete(),
    "changed by hand": lambda question: Question.objects.filter(pk=question.pk).update(title="Other", headline="Other"),
    "changed by SQL": lambda question: connection.cursor().execute("UPDATE qa_question SET title = 'Other'"),
}


@pytest.mark.parametrize("ending", ENDINGS)
def test_what_ends_leaves_every_page_at_once(client, ending):
    question = make_answered_question(title="Xylo rash")
    topic = make_topic()
    question.topics.add(topic)
    other = make_answered_question(title="A well-known rash")
    other.related_questions.create(related=question, position=1, origin=RelatedOrigin.EDITOR)
    addresses = ["/", "/questions/", question.specialty.get_absolute_url(), topic.get_absolute_url()]
    addresses += [
        other.get_absolute_url(),
        question.get_absolute_url(),
        "/feeds/latest.atom",
        address_in_sitemap(question),
    ]
    shown = [address for address in addresses if is_shown(address) or is_shown(address, "xylo-rash")]
    assert shown == addresses
    tags = {address: Client().get(address)["ETag"] for address in addresses}
    ENDINGS[ending](question)
    for address in addresses:
        answer = Client().get(address, headers={"if-none-match": tags[address]})
        assert answer.status_code != 304
        assert "Xylo" not in answer.text
        assert "xylo-rash" not in answer.text


def test_a_withdrawn_reply_and_a_withdrawn_article_leave_the_page_at_once(client, doctor, other_doctor):
    question = make_answered_question(doctor)
    reply = make_reply(question, other_doctor, ReplyStatus.PUBLISHED, body="Xylo reply")
    article = make_article(question=question, body="Xylo text")
    assert is_shown(question.get_absolute_url(), "Xylo reply")
    reply.withdraw(None)
    assert not is_shown(question.get_absolute_url(), "Xylo reply")
    assert is_shown(article.get_absolute_url(), "Xylo text")
    article.withdraw()
    assert not is_shown(question.get_absolute_url(), "Xylo text")
    assert not is_shown(article.get_absolute_url(), "Xylo text")


def test_a_doctor_who_loses_the_licence_loses_the_mark_at_once(client, doctor, moderator):
    address = make_answered_question(doctor).get_absolute_url()
    assert is_shown(address, "Verified")
    doctor.withdraw_verification(moderator, "It was a mistake.")
    assert not is_shown(address, "Verified")


def test_a_licence_that_ends_takes_the_mark_away_on_the_next_day(monkeypatch):
    ending = make_doctor(licence_expires_on=timezone.localdate())
    address = make_answered_question(ending).get_absolute_url()
    assert is_shown(address, "Verified")
    tomorrow = timezone.now() + datetime.timedelta(days=1)
    monkeypatch.setattr(timezone, "now", lambda: tomorrow)
    assert not is_shown(address, "Verified")


def test_votes_show_on_the_page_and_leave_the_other_pages_alone(client, doctor):
    question, other = make_answered_question(doctor), make_answered_question(doctor)
    before = [client.get(page.get_absolute_url())["ETag"] for page in (question, other)]
    for number in range(5):
        Helpful.objects.vote(question.replies.get(), f"visitor {number}", True)
    response = client.get(question.get_absolute_url())
    assert "5 of 5 readers" in response.text
    assert response["ETag"] != before[0]
    assert client.get(other.get_absolute_url())["ETag"] == before[1]
    Helpful.objects.vote(question.replies.get(), "visitor 1", False)
    assert "4 of 5 readers" in client.get(question.get_absolute_url()).text


# What counts as a change


def test_work_behind_the_scenes_changes_no_page(doctor, patient):
    make_answered_question()
    before = PublicChange.objects.version()
    question = make_question(QuestionStatus.OPEN, patient=patient)
    question.parts.create(position=1, text="Part")
    question.claim(doctor)
    draft = make_reply(question, doctor)
    Reply.objects.filter(pk=draft.pk).update(body="Typing…")
    patient.user.name = "Somebody"
    patient.user.save()
    assert PublicChange.objects.version() == before


def test_each_change_makes_another_version_and_forgetting_old_ones_too():
    versions = [PublicChange.objects.version()]
    for number in range(120):
        make_topic(f"Topic {number}")
        versions.append(PublicChange.objects.version())
    PublicChange.objects.trim()
    assert PublicChange.objects.count() <= 100
    assert len(set(versions)) == len(versions)


def test_migrating_again_keeps_the_triggers():
    call_command("migrate", verbosity=0)
    before = PublicChange.objects.version()
    make_answered_question()
    assert PublicChange.objects.version() != before


# Numbers


def test_numbers_are_counted_when_something_changed_and_not_otherwise(monkeypatch):
    caches["default"].clear()
    monkeypatch.setattr(tallies, "PATIENCE", 0)  # it is not the pause that keeps from counting
    question = make_answered_question()
    question.topics.add(make_topic())
    assert tallies.keep_counted()
    assert tallies.keep_counted()  # the numbers themselves have changed
    assert not tallies.keep_counted()
    assert is_shown("/specialties/", "1 answered")
    make_topic("Another topic")
    assert tallies.keep_counted()
    assert not tallies.keep_counted()
    question.withdraw()
    assert tallies.recount() == 4  # specialty, topic, both, doctor
    assert tallies.recount() == 0
    assert not is_shown("/specialties/", "1 answered")


def test_after_a_count_there_is_a_pause_whatever_changes(monkeypatch):
    caches["default"].clear()
    monkeypatch.setattr(tallies, "PATIENCE", 1_000_000)
    make_answered_question()
    assert tallies.keep_counted()
    make_answered_question()
    assert not tallies.keep_counted()
    much_later = time.time() + 1_000_000
    monkeypatch.setattr(time, "time", lambda: much_later)
    assert tallies.keep_counted()


def test_what_changes_during_a_count_is_counted_by_the_next_one(monkeypatch):
    caches["default"].clear()
    monkeypatch.setattr(tallies, "PATIENCE", 0)
    make_answered_question()
    count, meanwhile = tallies.recount, iter([make_answered_question])

    def recount():
        number = count()
        for change in meanwhile:
            change()
        return number

    monkeypatch.setattr(tallies, "recount", recount)
    assert tallies.keep_counted()
    assert is_shown("/specialties/", "1 answered")
    assert tallies.keep_counted()
    assert is_shown("/specialties/", "2 answered")
    assert tallies.keep_counted()
    assert not tallies.keep_counted()
