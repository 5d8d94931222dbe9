"""What stands around a reply on its page: colleagues' tally, age, tombstones, reports and "Was this helpful?"."""

import datetime

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from qa import answering
from qa.limits import LIMITS
from qa.models import ArticleStatus, Flag, FlagReason, Helpful, QuestionStatus, ReplyStatus
from qa.retention import forget_visitors
from qa.visitors import COOKIE
from tests.factories import make_answered_question, make_article, make_doctor, make_question, make_reply, make_specialty
from tests.pages import PageReader

pytestmark = pytest.mark.django_db

MONTH_AND_A_DAY = datetime.timedelta(days=31)


@pytest.fixture
def question(doctor):
    return make_answered_question(doctor)


@pytest.fixture
def reply(question):
    return question.replies.get()


def page_of(client, question):
    return PageReader(client.get(question.get_absolute_url()).text).text


def address_of(name, reply):
    return reverse(name, args=[reply.question_id], query={"reply": reply.pk})


def vote(client, reply, said="yes", **headers):
    return client.post(address_of("question_helpful", reply), {"helpful": said}, headers=headers)


def report(client, address, **fields):
    return client.post(address, {"reason": FlagReason.WRONG, "note": "The dose is too high."} | fields)


# Colleagues


def test_colleagues_are_counted_by_specialty_above_what_they_signed(client, question, reply):
    heart = make_specialty("Internal Medicine")
    for verdict, specialties in [
        ("disagrees", [heart]),
        ("agrees", None),
        ("agrees", [make_specialty(), make_specialty("Allergy", position=1)]),
        ("with_change", []),
    ]:
        reply.reviews.create(doctor=make_doctor(specialties=specialties), verdict=verdict, note="Why.")
    text = page_of(client, question)
    tally = "2 doctors of Dermatology agree, 1 doctor agrees with a change, 1 doctor of Internal Medicine disagrees."
    assert tally in text
    assert text.index(tally) < text.index("Why.")


# Age


@pytest.mark.parametrize(
    ("written", "looked_at", "said"),
    [
        (7, None, "and no doctor has reviewed it since"),
        (7, 1, "This reply is 7 years old. A doctor last looked at it on"),
        (15, 6, ", 6 years ago."),
        (1, None, ""),
    ],
)
def test_an_old_reply_says_when_a_doctor_last_looked_at_it(client, doctor, other_doctor, written, looked_at, said):
    now = timezone.now()
    question = make_answered_question(doctor, answered_at=now - datetime.timedelta(days=366 * written))
    if looked_at:
        signed_at = now - datetime.timedelta(days=366 * looked_at)
        question.replies.get().reviews.create(doctor=other_doctor, verdict="agrees", signed_at=signed_at)
    text = page_of(client, question)
    assert said in text
    assert ("This reply is" in text) == bool(said)


# Tombstones


def test_a_withdrawn_reply_leaves_a_line_that_says_so_and_never_its_text(client, question, reply, moderator):
    other = make_reply(question, make_doctor("Cleo Example"), ReplyStatus.PUBLISHED, body="Vinegar helps.")
    other.withdraw(moderator, note="Said to the patient only.", because="The dose was wrong.")
    text = page_of(client, question)
    today = timezone.localdate().strftime("%-d %B %Y")
    assert f"was withdrawn on {today}. The reason: The dose was wrong." in text
    assert "A reply of Dr. Cleo Example of" in text
    for hidden in ("Vinegar", "Said to the patient"):
        assert hidden not in text


def test_a_reply_that_was_replaced_leads_to_the_newer_one_and_one_that_is_to_be_replaced_does_not(client, doctor):
    question = make_answered_question(doctor)
    old = question.replies.get()
    draft = answering.supersede(old)
    make_reply(question, status=ReplyStatus.PUBLISHED)
    old.withdraw(doctor.user)
    link = f'<a href="#reply-{draft.pk}">Read the newer reply</a>'
    assert link not in client.get(question.get_absolute_url()).text
    draft.publish(doctor.user)
    assert link in client.get(question.get_absolute_url()).text


def test_what_was_never_published_leaves_no_line(client, question):
    make_reply(question, make_doctor("Cleo Example"), ReplyStatus.DRAFT)
    make_reply(question, make_doctor("Dan Example"), ReplyStatus.WITHDRAWN, published_at=None)
    text = page_of(client, question)
    assert "withdrawn" not in text


def test_a_withdrawn_reply_cannot_be_voted_on_or_reported(client, reply):
    make_reply(reply.question, status=ReplyStatus.PUBLISHED)
    reply.withdraw(None)
    assert vote(client, reply).status_code == 404
    assert report(client, address_of("question_report", reply)).status_code == 404


# Helpful?


def test_a_visitor_counts_once_for_a_reply_and_may_change_the_answer(client, reply):
    for said in ("yes", "yes", "no"):
        response = vote(client, reply, said)
        assert response.status_code == 302
        assert response["Location"] == address_of("question_helpful", reply)
    assert [v.is_helpful for v in Helpful.objects.all()] == [False]
    assert "did not help you" in client.get(address_of("question_helpful", reply)).text


def test_the_tally_is_shown_from_five_votes_on(client, question, reply):
    for number in range(5):
        assert "readers found" not in page_of(client, question)
        vote(Client(REMOTE_ADDR=f"192.0.2.{number}"), reply, "no" if number == 3 else "yes")
    assert "4 of 5 readers found this reply helpful." in page_of(client, question)


def test_two_clicks_at_once_without_a_cookie_are_one_vote(reply):
    vote(Client(), reply)
    vote(Client(), reply)
    assert Helpful.objects.count() == 1
    vote(Client(REMOTE_ADDR="192.0.2.7"), reply)
    assert Helpful.objects.count() == 2


def test_only_who_votes_gets_a_cookie_and_no_row_says_who_it_was(client, question, reply):
    other = make_reply(question, make_doctor(), ReplyStatus.PUBLISHED)
    for address in (question.get_absolute_url(), address_of("question_helpful", reply)):
        assert not client.get(address).cookies
    cookie = vote(client, reply).cookies[COOKIE]
    assert (cookie["max-age"], cookie["httponly"], cookie["samesite"]) == (30 * 24 * 3600, True, "Lax")
    vote(client, other)
    marks = set(Helpful.objects.values_list("visitor", flat=True))
    assert len(marks) == 2  # the same visitor, and nothing that shows it
    assert not [mark for mark in marks if mark in cookie.value or cookie.value.partition(":")[0] in mark]


def test_a_cookie_that_is_not_of_our_making_is_a_new_visitor(client, reply):
    vote(client, reply)
    client.cookies[COOKIE] = "made-up:1tabcd:xyz"
    response = client.get(address_of("question_helpful", reply))
    assert response.status_code == 200
    assert "You said" not in response.text


def test_reading_writes_nothing_and_odd_votes_are_refused(client, reply):
    assert client.get(address_of("question_helpful", reply), {"helpful": "yes"}).status_code == 404
    assert client.get(address_of("question_helpful", reply) + "&helpful=yes").status_code == 200
    assert vote(client, reply, "perhaps").status_code == 400
    assert not Helpful.objects.exists()


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"sec-fetch-site": "same-origin"}, 302),
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"sec-fetch-site": "same-site"}, 403),
        ({"origin": "http://testserver"}, 302),
        ({"origin": "https://elsewhere.example.org"}, 403),
        ({"origin": "null"}, 403),
        ({}, 302),
    ],
    ids=str,
)
def test_a_page_of_another_site_cannot_vote_for_its_visitors(reply, headers, status):
    assert vote(Client(enforce_csrf_checks=True), reply, **headers).status_code == status


def test_after_a_month_nothing_is_left_of_the_visitor_but_the_number(client, question, reply):
    for number in range(5):
        vote(Client(REMOTE_ADDR=f"192.0.2.{number}"), reply)
    Helpful.objects.update(created_at=timezone.now() - MONTH_AND_A_DAY)
    fresh = Flag.objects.create(question=question, reason="wrong", reporter="a" * 32, contact_email="me@example.org")
    old = Flag.objects.create(
        *(),
        question=question,
        reason="wrong",
        reporter="b" * 32,
        contact_email="you@example.org",
        decision="kept",
        decided_at=timezone.now() - MONTH_AND_A_DAY,
    )
    assert forget_visitors() == 6
    assert forget_visitors() == 0
    assert set(Helpful.objects.values_list("visitor", flat=True)) == {""}
    assert "5 of 5 readers" in page_of(client, question)
    fresh.refresh_from_db()
    old.refresh_from_db()
    assert (fresh.reporter, fresh.contact_email) == ("a" * 32, "me@example.org")
    assert (old.reporter, old.contact_email) == ("", "")


def test_votes_are_limited_by_network(reply):
    most = LIMITS["helpful"][0][0]
    statuses = [vote(Client(), reply).status_code for _ in range(most + 1)]
    assert statuses == [302] * most + [429]


def test_every_link_and_form_of_a_reply_works_once_keys_are_long(client, question, reply):
    other = make_reply(question, make_doctor(), ReplyStatus.PUBLISHED, pk=1_234_567)
    page = PageReader(client.get(question.get_absolute_url()).text)
    assert address_of("question_report", other) in page.links
    assert f"reply-{other.pk}" in page.ids
    assert f'action="{address_of("question_helpful", other)}"' in client.get(question.get_absolute_url()).text


# Reports


def targets():
    """A public reply, question and article, each with the address of its form."""
    question = make_answered_question()
    reply, article = question.replies.get(), make_article()
    return {
        "question": (question, reverse("question_report", args=[question.pk])),
        "reply": (reply, address_of("question_report", reply)),
        "article": (article, reverse("article_report", args=[article.slug])),
    }


@pytest.mark.parametrize("kind", ["question", "reply", "article"])
def test_anyone_reports_a_question_a_reply_or_an_article_without_an_account(client, kind):
    target, address = targets()[kind]
    page = client.get(target.question.get_absolute_url() if kind == "reply" else target.get_absolute_url())
    assert address in PageReader(page.text).links
    assert client.get(address).status_code == 200
    response = report(client, address, email="me@example.org")
    assert "Thank you for your report" in response.text
    flag = Flag.objects.get()
    assert getattr(flag, kind) == target
    assert (flag.reason, flag.note, flag.contact_email) == ("wrong", "The dose is too high.", "me@example.org")


def test_the_same_report_twice_is_one_flag_with_what_was_added(client):
    _reply, address = targets()["reply"]
    report(client, address)
    report(client, address)
    report(client, address, note="And it is old.", email="me@example.org")
    flag = Flag.objects.get()
    assert flag.note == "The dose is too high.\n\nAnd it is old."
    assert flag.contact_email == "me@example.org"
    report(client, address, reason=FlagReason.PRIVATE)
    report(Client(REMOTE_ADDR="192.0.2.9"), address)
    assert Flag.objects.count() == 3


def test_what_was_decided_on_can_be_reported_again(client):
    _reply, address = targets()["reply"]
    report(client, address)
    Flag.objects.update(decision="kept", decided_at=timezone.now())
    report(client, address, note="It is still there.")
    assert [flag.note for flag in Flag.objects.undecided()] == ["It is still there."]
    assert Flag.objects.count() == 2


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"reason": ""}, "Please choose what is wrong."),
        ({"reason": "other", "note": " "}, "Please say what is wrong."),
        ({"email": "nobody"}, "Enter a valid email address."),
        ({"website": "https://spam.example.org"}, "it is there to stop programs"),
        ({"note": "x" * 1001}, "at most 1000 characters"),
    ],
    ids=str,
)
def test_a_report_that_cannot_be_taken_says_why(client, fields, said):
    _question, address = targets()["question"]
    response = report(client, address, **fields)
    assert said in response.text
    assert not Flag.objects.exists()


def test_who_writes_of_danger_is_told_whom_to_call_and_the_flag_is_urgent(client, settings):
    _question, address = targets()["question"]
    calm = report(client, address).text
    urgent = report(client, address, reason="other", note="I want to kill myself after reading this.").text
    assert f'href="tel:{settings.EMERGENCY_NUMBER}"' in client.get(address).text
    assert settings.CRISIS_LINE in urgent
    assert settings.CRISIS_LINE not in calm.partition("<main")[2].partition("</main>")[0]
    assert [flag.is_urgent for flag in Flag.objects.undecided()] == [True, False]


def test_a_report_of_what_could_harm_somebody_stands_on_top(client):
    _question, address = targets()["question"]
    report(client, address, reason="wrong")
    report(client, address, reason="dangerous")
    assert [flag.reason for flag in Flag.objects.undecided()] == ["dangerous", "wrong"]


def test_a_report_needs_the_token_of_its_form():
    client = Client(enforce_csrf_checks=True)
    _question, address = targets()["question"]
    assert report(client, address).status_code == 403
    token = client.get(address).cookies["csrftoken"].value
    assert report(client, address, csrfmiddlewaretoken=token).status_code == 200


def test_reports_are_limited_by_network(client):
    _question, address = targets()["question"]
    most = LIMITS["report"][0][0]
    assert [report(client, address).status_code for _ in range(most + 1)] == [200] * most + [429]


@pytest.mark.parametrize("status", [s for s in QuestionStatus if s != QuestionStatus.ANSWERED])
def test_what_is_not_public_cannot_be_reported_or_voted_on(client, status):
    question = make_question(status)
    reply, article = make_reply(question, status=ReplyStatus.PUBLISHED), make_article(question=question)
    draft = make_article("A draft", ArticleStatus.DRAFT)
    for address in (
        reverse("question_report", args=[question.pk]),
        address_of("question_report", reply),
        address_of("question_helpful", reply),
        *(reverse("article_report", args=[row.slug]) for row in (article, draft)),
    ):
        assert client.get(address).status_code == 404
        assert report(client, address, helpful="yes").status_code == 404
    assert not Flag.objects.exists()


@pytest.mark.parametrize("given", ["", "x", "-1", "9" * 30, "\x00", "²"])
@pytest.mark.parametrize("name", ["question_report", "question_helpful"])
def test_a_reply_that_is_not_of_the_question_is_not_found(client, question, name, given):
    elsewhere = make_answered_question().replies.get()
    for reply in (given, elsewhere.pk):
        assert client.get(reverse(name, args=[question.pk]), {"reply": reply}).status_code == 404


def test_a_reporters_address_is_on_no_page(client):
    reply, address = targets()["reply"]
    report(client, address, email="hidden@example.org", note="Hidden words")
    for page in (address, reply.question.get_absolute_url(), address_of("question_helpful", reply)):
        text = client.get(page).text
        assert "hidden@example.org" not in text
        assert "Hidden words" not in text


def test_the_page_costs_the_same_with_many_votes_reviews_and_withdrawn_replies(client, doctor):
    def cost(number):
        question = make_answered_question(doctor)
        question.parts.create(position=1, text="Part")
        for _ in range(number):
            reply = make_reply(question, make_doctor(), ReplyStatus.PUBLISHED)
            reply.reviews.create(doctor=make_doctor(), verdict="agrees")
            reply.votes.create(is_helpful=True)
            make_reply(question, make_doctor(), ReplyStatus.WITHDRAWN, withdrawn_at=timezone.now())
        with CaptureQueriesContext(connection) as queries:
            client.get(question.get_absolute_url())
        return len(queries)

    assert cost(1) == cost(12) <= 6
