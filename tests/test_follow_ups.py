"""Follow-ups: what a patient adds is read, by whom the private page says, and danger in it is seen at once."""

import datetime

import pytest
from django.conf import settings as portal
from django.core import mail
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import Doctor
from qa import answering
from qa.asking import add_message
from qa.errors import InvalidTransition
from qa.models import EventKind, FollowUp, Question, QuestionEvent, QuestionStatus, ReplyStatus
from qa.notifications import send_waiting
from qa.retention import erase
from tests import deciding, replying
from tests.deciding import decide, page_of
from tests.factories import make_answered_question, make_doctor, make_question, make_reply, make_specialty
from tests.replying import BODY, at, content, sent

pytestmark = pytest.mark.django_db
desk, other_moderator = replying.desk, deciding.other_moderator

KEY = "a-key-of-the-private-page"
DANGER = "Now I feel a crushing weight on my chest and my left arm is numb"
SECTION = "They wrote again"


@pytest.fixture
def question(doctor):
    """Answered by the doctor."""
    return make_answered_question(doctor, secret_key=KEY, title="Spots that stay")


def waiting_for(doctor):
    return list(Question.objects.written_again_to(doctor))


def private_page(client):
    return client.get(reverse("my_question", args=[KEY])).text


# Who is to read it


def test_what_a_patient_adds_after_the_reply_stands_on_top_of_the_desk_of_its_doctor(desk, question):
    assert SECTION not in desk.get(at("queue")).text
    add_message(question, "The spots are blue by now.")
    make_question(QuestionStatus.OPEN, title="Another one")
    text = desk.get(at("queue")).text
    assert text.index(SECTION) < text.index("Spots that stay") < text.index("Another one")
    assert "The spots are blue by now." in text
    assert "<dt>Wrote again</dt><dd>1</dd>" in desk.get(reverse("admin:index")).text
    page = desk.get(at("question", question.pk)).text
    assert "The patient wrote again" in page


def test_urgent_ones_come_first_then_those_that_wait_longest(doctor):
    now = timezone.now()
    for title, days, is_urgent in [("Newest", 1, False), ("Oldest", 9, False), ("Urgent", 2, True)]:
        asked = make_answered_question(doctor, title=title, is_urgent=is_urgent)
        asked.follow_ups.create(body="It itches.", sent_at=now - datetime.timedelta(days=days))
        asked.follow_ups.create(body="It burns.", sent_at=now)
    assert [str(each) for each in waiting_for(doctor)] == ["Urgent", "Oldest", "Newest"]


def test_colleagues_see_it_only_once_nobody_who_replied_may_publish_any_longer(question, doctor, other_doctor):
    stranger = make_doctor(specialties=[make_specialty("Urology")])
    add_message(question, "It itches.")
    assert [waiting_for(each) for each in (doctor, other_doctor, stranger)] == [[question], [], []]
    Doctor.objects.filter(pk=doctor.pk).update(licence_expires_on=timezone.localdate() - datetime.timedelta(days=1))
    assert [waiting_for(each) for each in (other_doctor, stranger)] == [[question], []]
    make_reply(question, stranger, ReplyStatus.PUBLISHED)
    assert [waiting_for(each) for each in (other_doctor, stranger)] == [[], [question]]
    stranger.user.is_active = False
    stranger.user.save()
    assert waiting_for(other_doctor) == [question]


def test_what_is_not_read_for_three_days_colleagues_of_the_specialty_see_as_well(question, doctor, other_doctor):
    stranger = make_doctor(specialties=[make_specialty("Urology")])
    follow_up = question.follow_ups.create(body="It itches.", sent_at=timezone.now() - datetime.timedelta(days=2))
    assert [waiting_for(each) for each in (doctor, other_doctor)] == [[question], []]
    FollowUp.objects.update(sent_at=follow_up.sent_at - datetime.timedelta(days=2))
    assert [waiting_for(each) for each in (doctor, other_doctor, stranger)] == [[question], [question], []]
    follow_up.read(other_doctor)
    assert waiting_for(doctor) == []


@pytest.mark.parametrize("status", QuestionStatus)
def test_only_under_what_anyone_may_read_does_it_wait_there(doctor, status):
    question = make_question(status)
    make_reply(question, doctor, ReplyStatus.PUBLISHED)
    follow_up = question.follow_ups.create(body="It itches.")
    assert waiting_for(doctor) == [question] * (status == QuestionStatus.ANSWERED)
    if status != QuestionStatus.ANSWERED:
        with pytest.raises(InvalidTransition):
            follow_up.read(doctor)
        assert FollowUp.objects.unread().exists()


@pytest.mark.parametrize(
    "act",
    [
        lambda question, doctor: question.follow_ups.get().read(doctor),
        lambda question, doctor: question.replies.get().reaffirm(doctor.user),
        lambda question, doctor: make_reply(question, doctor).publish(doctor.user),
        lambda question, doctor: make_reply(question, make_doctor()).publish(None),
    ],
    ids=["read", "reaffirmed", "replied", "replied by a colleague"],
)
def test_it_waits_until_a_doctor_has_done_something_upon_it_and_the_next_one_waits_anew(question, doctor, act):
    add_message(question, "It itches.")
    act(question, doctor)
    assert waiting_for(doctor) == []
    assert question.follow_ups.get().read_at is not None
    add_message(question, "It burns.")
    assert waiting_for(doctor) == [question]


def test_a_question_that_was_reopened_shows_there_what_was_added(desk, doctor, question):
    add_message(question, "The spots are blue by now.")
    question.replies.get().withdraw(doctor.user, "Wrong")
    assert SECTION not in desk.get(at("queue")).text
    assert "the patient added something" in desk.get(at("queue")).text
    assert "The spots are blue by now." in desk.get(at("question", question.pk)).text


def test_after_erasing_nothing_waits(question, doctor):
    add_message(question, "It itches.")
    erase(question, keep_replies=True)
    assert waiting_for(doctor) == []


# What the doctor does


def test_a_doctor_says_that_it_is_read_and_the_patient_is_told_so(desk, client, doctor, question):
    add_message(question, "It itches.")
    assert "no doctor has read it yet" in private_page(client)
    address = at("read", question.pk, question.follow_ups.get().pk)
    assert address in desk.get(at("question", question.pk)).text
    assert desk.get(address).status_code == 405
    assert "The patient sees that you have read it" in desk.post(address, follow=True).text
    assert question.events.filter(kind=EventKind.FOLLOW_UP_READ, actor=doctor.user).count() == 1
    assert "has been read already" in desk.post(address, follow=True).text
    assert question.events.filter(kind=EventKind.FOLLOW_UP_READ).count() == 1
    assert "A doctor has read your follow-up" in private_page(client)
    assert "no doctor has read it yet" not in private_page(client)


def test_who_is_not_to_read_it_cannot_say_so(client, other_doctor, question):
    add_message(question, "It itches.")
    client.force_login(other_doctor.user)
    assert "The patient wrote again" not in client.get(at("question", question.pk)).text
    text = client.post(at("read", question.pk, question.follow_ups.get().pk), follow=True).text
    assert "it waits for other doctors" in text
    assert FollowUp.objects.unread().exists()


def test_what_came_after_the_page_was_opened_does_not_count_as_read(desk, doctor, question):
    add_message(question, "It itches.")
    first = question.follow_ups.get()
    add_message(question, "It burns.")
    assert "written once more" in desk.post(at("read", question.pk, first.pk), follow=True).text
    reaffirm = at("reaffirm", question.pk, question.replies.get().pk)
    assert "has just added something" in desk.post(reaffirm, {"last": first.pk}, follow=True).text
    draft = answering.begin(question, doctor)
    answer = desk.post(at("question", question.pk), sent(draft, publish="1", last=first.pk), follow=True)
    assert "has just added something. Please read that first. Your text is kept." in answer.text
    assert "It burns." in answer.text
    assert BODY in answer.text
    assert FollowUp.objects.unread().count() == 2
    with pytest.raises(InvalidTransition):
        answering.publish(draft, content(), read=0)
    shown = f'name="last" value="{question.follow_ups.last().pk}"'
    assert shown in answer.text
    desk.post(at("question", question.pk), sent(draft, publish="1", last=question.follow_ups.last().pk))
    assert not FollowUp.objects.unread().exists()


def test_danger_in_what_was_added_is_said_beside_the_question(desk, question):
    add_message(question, DANGER)
    found = desk.get(at("question", question.pk)).context["found"]
    assert "emergency" in {finding.kind for _words, finding in found}


def test_the_desk_costs_the_same_however_many_wrote_again(desk, doctor):
    def cost():
        with CaptureQueriesContext(connection) as queries:
            assert SECTION in desk.get(at("queue")).text
        return len(queries)

    def fill(number):
        for _number in range(number):
            add_message(make_answered_question(doctor), "It itches.")

    fill(2)
    few = cost()
    fill(8)
    assert cost() == few <= 18


# E-mail


def test_the_doctor_who_replied_last_is_told_without_a_word_of_it(client, doctor, other_doctor, question):
    make_reply(question, other_doctor, ReplyStatus.PUBLISHED, published_at=timezone.now())
    add_message(question, "Purple spots.")
    assert (send_waiting(), send_waiting()) == (1, 0)
    [message] = mail.outbox
    assert message.to == [other_doctor.user.email]
    assert message.subject.startswith("A patient wrote again")
    link = reverse("admin:answer_question", args=[question.pk])
    assert portal.SITE_URL + link in message.body.splitlines()
    said = message.subject + message.body + message.alternatives[0].content
    assert not [word for word in ("Purple", "spots", question.title, KEY) if word in said]
    client.force_login(other_doctor.user)
    assert "Purple spots." in client.get(link).text


@pytest.mark.parametrize("status", [QuestionStatus.PENDING, QuestionStatus.OPEN])
def test_nobody_gets_an_e_mail_while_the_question_stands_in_a_queue_or_its_doctor_may_not_publish(status, question):
    add_message(make_question(status), "It itches.")
    Doctor.objects.update(licence_expires_on=timezone.localdate() - datetime.timedelta(days=1))
    add_message(question, "It itches.")
    assert send_waiting() == 0
    assert not QuestionEvent.objects.to_notify().exists()


@pytest.mark.parametrize(
    "undo", [lambda question: question.follow_ups.settle(), lambda question: question.withdraw()], ids=["read", "taken"]
)
def test_nobody_gets_an_e_mail_of_what_is_read_or_taken_back_before_it_is_sent(question, undo):
    add_message(question, "It itches.")
    undo(Question.objects.get())
    assert send_waiting() == 0
    assert not QuestionEvent.objects.to_notify().filter(kind=EventKind.FOLLOWED_UP).exists()


# Danger


@pytest.mark.parametrize(
    "status", [QuestionStatus.PENDING, QuestionStatus.OPEN, QuestionStatus.NEEDS_INFO, QuestionStatus.ANSWERED]
)
def test_danger_in_a_follow_up_alarms_all_moderators_until_one_has_looked(client, moderator, status):
    question, other = make_question(status, title="Spots that stay"), make_question()
    make_reply(question, status=ReplyStatus.PUBLISHED)
    add_message(question, DANGER)
    client.force_login(moderator)
    queue = client.get(reverse("admin:qa_question_queue")).text
    assert queue.index("Raised with all moderators") < queue.index("Spots that stay")
    assert "1 raised with all moderators" in client.get(reverse("admin:index")).text
    assert "Spots that stay" in client.get(page_of(other)).text
    assert DANGER in client.get(page_of(question)).text
    question.refresh_from_db()
    decide(client, question, "calm", note="I have read it: an old letter.")
    assert "Raised with all moderators</h2>" not in client.get(reverse("admin:qa_question_queue")).text
    assert "raised with all moderators" not in client.get(reverse("admin:index")).text


def test_the_alarm_ends_when_a_doctor_has_read_it_and_another_danger_raises_another(question, doctor):
    add_message(question, "It itches.")
    add_message(question, DANGER)
    assert list(Question.objects.escalated()) == [question]
    question.follow_ups.last().read(doctor)
    assert not Question.objects.escalated().exists()
    Question.objects.filter(pk=question.pk).update(is_urgent=True)
    question.follow_ups.create(body="It is better.")
    assert not Question.objects.escalated().exists()
    question.escalate(None, "Danger")
    assert list(Question.objects.escalated()) == [question]


def test_an_answered_question_under_which_nothing_waits_is_not_raised(question, moderator):
    with pytest.raises(InvalidTransition):
        question.escalate(moderator, "Why")


# What the patient reads


def test_the_private_page_says_who_reads_what_is_added(client, doctor, question):
    assert "It waits at the desk of Dr. Ada Example, who replied" in private_page(client)
    assert "After 3 days other doctors of Dermatology see it as well." in private_page(client)
    make_reply(question, make_doctor("Ben Example"), ReplyStatus.PUBLISHED, published_at=timezone.now())
    assert "Dr. Ada Example, Dr. Ben Example, who replied" in private_page(client)
    Doctor.objects.update(licence_expires_on=timezone.localdate() - datetime.timedelta(days=1))
    assert "waits at the desk of the doctors of Dermatology" in private_page(client)
    for status, said in {"pending": "A moderator reads it", "open": "The doctors who can reply", "removed": ""}.items():
        Question.objects.update(status=status)
        assert said in private_page(client)
        assert "at the desk of" not in private_page(client)
