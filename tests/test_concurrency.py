"""Several people at once, on real connections: what only one may do, one does, and the others are told."""

import threading
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager

import pytest
from django.core.files.base import ContentFile
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Doctor, Specialty
from qa import answering, asking
from qa.errors import InvalidTransition
from qa.forms.ask import DraftForms
from qa.importing.record_loading import Loader
from qa.importing.records import Reader
from qa.importing.vocabulary import Unknown, Vocabulary
from qa.models import (
    Draft,
    EventKind,
    Flag,
    FlagDecision,
    FlagReason,
    Photo,
    Question,
    QuestionStatus,
    RejectReason,
    Reply,
    ReplyStatus,
    Topic,
)
from qa.retention import erase, forget_patient
from tests.asking import ABOUT, SEND, post, write
from tests.factories import make_doctor, make_question, make_reply, make_user
from tests.records import REPLY, record

pytestmark = pytest.mark.django_db(transaction=True)

PEOPLE = 6


def all_at_once(*actions):
    """Runs each action in a thread of its own; returns the refusals, None for none. Raises what else was raised."""
    barrier, outcomes, broken = threading.Barrier(len(actions)), [None] * len(actions), []

    def run(number, action):
        try:
            barrier.wait(10)
            action()
        except InvalidTransition as error:
            outcomes[number] = error
        except Exception as error:  # noqa: BLE001 - raised below, where the test sees it
            broken.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(actions)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    if broken:
        raise broken[0]
    return outcomes


@contextmanager
def erasing_while_it_waits(action):
    """The question, locked, while `action` waits for it in another thread; what that raises is raised at the end."""
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            question = Question.objects.select_for_update().get()
            other = pool.submit(all_at_once, action)
            wait([other], 0.5)
            yield question
        other.result(30)


def test_of_many_moderators_one_decides():
    question, moderator = make_question(), make_user()
    copies = [Question.objects.get(pk=question.pk) for _ in range(PEOPLE)]
    accepting = [lambda q=q: q.accept(moderator) for q in copies[::2]]
    rejecting = [lambda q=q: q.reject(moderator, RejectReason.SPAM) for q in copies[1::2]]
    outcomes = all_at_once(*accepting, *rejecting)
    assert outcomes.count(None) == 1
    assert question.events.count() == 1
    question.refresh_from_db()
    assert question.status in (QuestionStatus.OPEN, QuestionStatus.REJECTED)


def test_a_reply_published_many_times_at_once_is_published_once():
    reply = make_reply()
    copies = [Reply.objects.get(pk=reply.pk) for _ in range(PEOPLE)]
    outcomes = all_at_once(*[lambda r=r: r.publish(r.doctor.user) for r in copies])
    assert outcomes.count(None) == 1
    assert [event.kind for event in reply.question.events.all()] == [EventKind.REPLIED]


def test_different_replies_published_at_once_are_all_published():
    question = make_question(QuestionStatus.OPEN)
    replies = [make_reply(question, make_doctor()) for _ in range(PEOPLE)]
    outcomes = all_at_once(*[lambda r=r: r.publish(r.doctor.user) for r in replies])
    assert outcomes == [None] * PEOPLE
    question.refresh_from_db()
    assert question.status == QuestionStatus.ANSWERED
    assert question.replies.published().count() == PEOPLE


def test_when_all_replies_are_withdrawn_at_once_the_question_is_open_again():
    question = make_question(QuestionStatus.ANSWERED)
    replies = [make_reply(question, make_doctor(), ReplyStatus.PUBLISHED) for _ in range(PEOPLE)]
    outcomes = all_at_once(*[lambda r=r: r.withdraw(r.doctor.user) for r in replies])
    assert outcomes == [None] * PEOPLE
    question.refresh_from_db()
    assert question.status == QuestionStatus.OPEN


def test_of_many_doctors_one_claims():
    question = make_question(QuestionStatus.OPEN)
    doctors = [make_doctor() for _ in range(PEOPLE)]
    outcomes = all_at_once(*[lambda d=d: Question.objects.get(pk=question.pk).claim(d) for d in doctors])
    assert outcomes.count(None) == 1
    assert question.events.count() == 1


def test_a_question_restored_while_its_reply_is_withdrawn_is_never_public_without_one():
    question = make_question(QuestionStatus.REMOVED)
    reply = make_reply(question, status=ReplyStatus.PUBLISHED)
    all_at_once(lambda: question.restore(None), lambda: reply.withdraw(reply.doctor.user))
    question = Question.objects.get()
    assert question.status != QuestionStatus.ANSWERED or question.replies.published().exists()


def test_twenty_identical_sends_at_once_make_one_question_and_all_lead_to_the_receipt(client):
    write(client)
    answers = []

    def send():
        browser = Client()
        browser.cookies = client.cookies.copy()
        answers.append(browser.post(reverse("ask_send"), SEND))

    assert all_at_once(*[send] * 20) == [None] * 20
    assert [(answer.status_code, answer.url) for answer in answers] == [(302, reverse("ask_sent"))] * 20
    assert [event.kind for event in Question.objects.get().events.all()] == [EventKind.ASKED]
    assert not Draft.objects.exists()


@pytest.mark.parametrize(
    "forget",
    [
        lambda client, draft, photo: post(client, "ask_discard", {}),
        lambda client, draft, photo: post(client, "ask_about", ABOUT | {"remove_photo": photo.pk}),
        lambda client, draft, photo: forget_patient(draft.user, keep_texts=True),
    ],
    ids=["discard", "remove_photo", "forget_patient"],
)
def test_a_photo_that_is_sent_keeps_its_file_whatever_becomes_of_the_draft_at_that_moment(client, forget):
    client.force_login(make_user())
    draft = write(client)
    photo = draft.photos.create(position=1, file=ContentFile(b"a photo", name="photo.webp"))

    def run():
        try:
            forget(client, draft, photo)
        finally:
            connection.close()

    other, forms = threading.Thread(target=run), DraftForms(draft)
    assert not forms.incomplete()
    with transaction.atomic():
        asking.send(draft.key, forms.content(), draft.user)
        other.start()
        other.join(0.5)  # it waits for what is being sent
    other.join(30)
    assert Photo.objects.get().question == Question.objects.get()
    assert photo.file.storage.exists(photo.file.name)


def test_the_same_message_sent_many_times_at_once_is_kept_once():
    question = make_question(QuestionStatus.OPEN)
    address = reverse("my_question", args=[question.secret_key])
    answers = []

    def send():
        answers.append(Client().post(address, {"body": "It itches now."}).status_code)

    assert all_at_once(*[send] * PEOPLE) == [None] * PEOPLE
    assert answers == [302] * PEOPLE
    assert question.follow_ups.count() == 1


def importing(source, names, doctor):
    """Loads a batch for each of the specialties and topics, of which nobody has heard yet."""
    vocabulary = Vocabulary(Unknown.CREATE, Unknown.CREATE)
    reader, loader = Reader(vocabulary), Loader(vocabulary)
    replies = [REPLY | {"doctor": doctor}]
    given = [record(name, source=source, specialty=name, topics=[name], replies=replies) for name in names]
    read = [reader.read(1, one)[0] for one in given]
    return lambda: [loader.load([one]) for one in read]


def test_imports_at_once_that_need_the_same_new_names_make_each_once():
    one = importing("one", ["Skin", "Bones"], "Lu Daokuan")
    other = importing("other", ["BONES", "SKIN"], "lu daokuan")
    third = importing("third", ["Skin", "Eyes"], "Lu Daokuan")
    assert all_at_once(one, other, third) == [None] * 3
    assert Question.objects.public().count() == 6
    assert [model.objects.count() for model in (Specialty, Topic, Doctor)] == [3, 3, 1]


TEXT = "Small flat spots that fade under a glass are mostly harmless. Keep the skin dry."


def test_a_reply_sent_from_many_windows_at_once_is_published_once_and_every_text_is_kept():
    question, doctor = make_question(QuestionStatus.OPEN), make_doctor()
    draft = answering.begin(question, doctor)
    made = []

    def publish(number):
        content = {"body": f"{TEXT} Window {number}.", "next_step": "routine"}
        made.append(answering.publish(Reply.objects.get(pk=draft.pk), content, str(number))[1])

    assert all_at_once(*[lambda n=n: publish(n) for n in range(PEOPLE)]) == [None] * PEOPLE
    assert sorted(made) == [False] * (PEOPLE - 1) + [True]
    reply = Reply.objects.get()
    texts = {version.body for version in reply.versions.all()}
    assert texts == {f"{TEXT} Window {number}." for number in range(PEOPLE)}
    assert reply.body in texts
    assert question.events.filter(kind=EventKind.REPLIED).count() == 1


def test_twenty_identical_posts_of_a_reply_make_one_reply_and_one_version(client):
    question, doctor = make_question(QuestionStatus.OPEN), make_doctor()
    draft = answering.begin(question, doctor)
    client.force_login(doctor.user)
    data = {"reply": str(draft.key), "window": "one", "body": TEXT, "next_step": "routine", "publish": "1"}
    answers = []

    def send():
        browser = Client()
        browser.cookies = client.cookies.copy()
        answers.append(browser.post(reverse("admin:answer_question", args=[question.pk]), data).status_code)

    assert all_at_once(*[send] * 20) == [None] * 20
    assert answers == [302] * 20
    assert Reply.objects.get().versions.count() == 1
    assert question.events.filter(kind=EventKind.REPLIED).count() == 1


def test_a_doctor_who_opens_a_question_in_many_windows_has_one_draft():
    question, doctor = make_question(QuestionStatus.OPEN), make_doctor()
    assert all_at_once(*[lambda: answering.begin(question, doctor)] * PEOPLE) == [None] * PEOPLE
    assert Reply.objects.count() == 1


def test_a_photo_that_is_shown_while_its_question_is_erased_ends_neither_by_a_deadlock(moderator):
    question = make_question(age_from=30, age_to=39)
    picture = ContentFile(b"a photo", name="photo.webp")
    photo = question.photos.create(position=1, file=picture, consented_at=timezone.now())
    with erasing_while_it_waits(lambda: photo.show(moderator)) as locked:
        erase(locked)
    assert not Photo.objects.exists()


@pytest.mark.parametrize("target", ["question", "reply"])
def test_a_report_that_is_decided_while_its_question_is_erased_ends_neither_by_a_deadlock(moderator, target):
    reply = make_reply(make_question(QuestionStatus.ANSWERED), status=ReplyStatus.PUBLISHED)
    flag = Flag.objects.create(**{target: reply.question if target == "question" else reply}, reason=FlagReason.OTHER)
    with erasing_while_it_waits(lambda: flag.decide(moderator, FlagDecision.REMOVED, "Why")) as locked:
        erase(locked)
    assert not Flag.objects.exists()


def test_two_clicks_at_once_on_the_first_save_of_a_profile_make_one():
    user, answers = make_user(), []

    def save():
        browser = Client()
        browser.force_login(user)
        answers.append(browser.post(reverse("profile"), {"pseudonym": "Blue Heron", "sex": "unstated"}).status_code)

    all_at_once(save, save, save)
    assert answers == [302, 302, 302]
