"""The doctors' queue: in which order, how long each question has waited, who holds it, and what is not named there."""

import datetime
import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from qa import answering
from qa.models import Question, QuestionStatus, ReplyStatus
from tests import replying
from tests.factories import make_answered_question, make_doctor, make_question, make_reply, make_specialty
from tests.replying import BODY, at, content

pytestmark = pytest.mark.django_db
desk, draft, question = replying.desk, replying.draft, replying.question


def test_the_queue_shows_urgent_questions_first_then_the_oldest_and_who_holds_them(desk, doctor, other_doctor):
    now = timezone.now()
    for title, hours, is_urgent in [("Newest", 1, False), ("Oldest", 9, False), ("Urgent", 2, True)]:
        asked_at = now - datetime.timedelta(hours=hours)
        make_question(QuestionStatus.OPEN, title=title, asked_at=asked_at, is_urgent=is_urgent)
    make_question(QuestionStatus.OPEN, title="Foreign", specialty=make_specialty("Urology"))
    held = Question.objects.get(title="Newest")
    held.claim(other_doctor)
    text = desk.get(at("queue")).text
    assert re.findall("Urgent|Oldest|Newest|Foreign", "".join(re.findall(r"<h3>.*?</h3>", text))) == [
        "Urgent",
        "Oldest",
        "Newest",
    ]
    assert "Dr. Ben Example is working on it" in text
    assert "3 questions wait" in text
    assert "Oldest" in desk.get(at("queue") + "?specialty=dermatology").text


def test_a_row_of_the_queue_shows_how_the_patients_text_begins(desk):
    body = "My <b>skin</b>\n" + "itches " * 40
    make_question(QuestionStatus.OPEN, title="Enquiry", body=body)
    text = desk.get(at("queue")).text
    beginning = "My &lt;b&gt;skin&lt;/b&gt;" + " itches" * 12 + "…"
    assert f'<p class="beginning">{beginning}</p>' in text


def test_a_second_opinion_is_asked_of_what_colleagues_have_answered_here_lately(desk, doctor, other_doctor):
    archived = make_doctor("Lu Daokuan", user=None, verified_at=None, is_from_archive=True)
    now = timezone.now()
    for number in range(10):
        make_answered_question(archived, title=f"Archived {number}", source="old-site", answered_at=now)
    make_answered_question(other_doctor, title="By a colleague", answered_at=now - datetime.timedelta(days=9))
    make_answered_question(other_doctor, title="Imported open", source="old-site", answered_at=now)
    make_answered_question(other_doctor, title="Long ago", answered_at=now - datetime.timedelta(days=999))
    make_answered_question(doctor, title="By myself", answered_at=now)
    shown = desk.get(at("queue")).context["answered"]
    assert [question.title for question in shown] == ["Imported open", "By a colleague"]


def test_a_long_queue_goes_on_behind_the_last_question_shown(desk):
    now = timezone.now()
    for number in range(52):
        asked_at = now + datetime.timedelta(minutes=number)
        make_question(QuestionStatus.OPEN, title=f"Number {number:02}!", asked_at=asked_at, is_urgent=number < 3)
    first = desk.get(at("queue") + "?specialty=dermatology")
    assert [f"Number {number:02}!" in first.text for number in (0, 49, 50)] == [True, True, False]
    address = f"?specialty=dermatology&amp;after={first.context['after']}"
    assert f'href="{address}"' in first.text
    assert first.text.count('accesskey="o"') == 1
    second = desk.get(at("queue") + address.replace("&amp;", "&")).text
    assert [f"Number {number:02}!" in second for number in (49, 50, 51)] == [False, True, True]
    assert "Further on" not in second


def test_a_question_from_another_specialty_waits_from_its_arrival(desk, doctor, other_doctor, client):
    now = timezone.now()
    long_ago, yesterday = now - datetime.timedelta(days=9), now - datetime.timedelta(days=1)
    moved = make_question(QuestionStatus.OPEN, title="Moved", specialty=make_specialty("Urology"), asked_at=long_ago)
    make_question(QuestionStatus.OPEN, title="Here before", asked_at=yesterday)
    moved.transfer(None, make_specialty(), "It is about the skin.")
    text = desk.get(at("queue")).text
    assert text.index("Here before") < text.index("Moved")
    assert "waits for 0\xa0minutes" in text
    assert "waits for 1\xa0week" not in text
    assert "waits for 1\xa0day" in desk.get(reverse("admin:index")).text


def test_who_goes_on_behind_a_question_that_left_the_queue_begins_anew(desk):
    first = make_question(QuestionStatus.OPEN)
    make_question(QuestionStatus.OPEN, title="Still here")
    first.withdraw()
    assert "Still here" in desk.get(at("queue"), {"after": first.pk}).text


def test_the_queue_costs_the_same_with_ten_questions_and_a_thousand(desk, other_doctor):
    def cost():
        with CaptureQueriesContext(connection) as queries:
            assert desk.get(at("queue")).status_code == 200
        return len(queries)

    for _ in range(10):
        make_question(QuestionStatus.OPEN).claim(other_doctor)
    few = cost()
    pattern = make_question(QuestionStatus.OPEN)
    copies = [{"title": f"Copy {n}", "body": "x", "specialty": pattern.specialty} for n in range(990)]
    Question.objects.bulk_create(Question(status=QuestionStatus.OPEN, **copy) for copy in copies)
    assert cost() == few <= 16


@pytest.mark.parametrize(
    "leave", [lambda q: q.withdraw(), lambda q: q.transfer(None, make_specialty("Urology"), "Why")]
)
def test_a_question_that_has_left_the_desk_is_not_named_there_but_the_draft_can_be_read(desk, question, draft, leave):
    answering.save(draft, content())
    leave(question)
    assert question.heading not in desk.get(at("queue")).text
    assert at("versions", question.pk, draft.key) in desk.get(at("queue")).text
    page = desk.get(at("versions", question.pk, draft.key)).text
    assert BODY in page
    assert question.heading not in page


def test_a_withdrawn_question_is_named_in_no_list_of_the_doctors_replies(desk, doctor):
    reply = make_reply(make_question(QuestionStatus.ANSWERED, title="Secret rash"), doctor, ReplyStatus.PUBLISHED)
    lists = [at("queue"), reverse("admin:qa_reply_changelist")]
    assert all("Secret rash" in desk.get(address).text for address in lists)
    reply.question.withdraw()
    assert not [address for address in lists if "Secret rash" in desk.get(address).text]
