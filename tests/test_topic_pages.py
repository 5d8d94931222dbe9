"""Topics: on the front page, by their letters, and each with its questions once, as soon as they are answered."""

import datetime
import re

import pytest
from django.core.cache import caches
from django.urls import reverse

from qa import tallies
from qa.models import UNDATED, Question, QuestionStatus, RelatedOrigin
from tests.factories import in_step, make_answered_question, make_question, make_reply, make_specialty, make_topic

pytestmark = pytest.mark.django_db


def test_letters_lead_to_their_topics(client):
    for n in range(205):
        make_topic(f"Acne {n:03}")
    make_topic("Rash")
    letters = {entry["letter"]: entry["url"] for entry in client.get(reverse("topic_list")).context["letters"]}
    assert letters["A"] == "#letter-A"
    page = client.get(reverse("topic_list") + letters["R"]).context["page"]
    assert [topic.name for topic in page.rows] == ["Rash"]


def test_the_front_page_shows_the_topics_with_the_most_answers(client, monkeypatch):
    monkeypatch.setattr("qa.views.browse.TOPICS_ON_HOME", 2)
    _lipoma, warts, acne, rash = (make_topic(name) for name in ("Lipoma", "Viral Warts", "Acne", "rash"))

    def shown():
        tallies.recount()
        caches["rendered"].clear()
        return [topic.name for topic in client.get(reverse("home")).context["topics"]]

    assert shown() == ["Acne", "Lipoma"]
    make_answered_question().topics.add(warts)
    assert shown() == ["Viral Warts"]
    for topics in ([rash, acne], [rash], [warts]):
        make_answered_question().topics.add(*topics)
    assert shown() == ["rash", "Viral Warts"]


def test_a_topic_lists_each_question_once(client):
    topic = make_topic()
    about, naming = make_answered_question(title="About it"), make_answered_question(title="Naming it")
    about.topics.add(topic)
    for question in (about, naming):
        question.related_topics.create(
            topic=topic, specialty=question.specialty, position=1, origin=RelatedOrigin.ARCHIVE
        )
    for address in (topic.get_absolute_url(), reverse("specialty_topic", args=["dermatology", topic.slug])):
        context = client.get(address).context
        assert (context["page"].rows, list(context["linking"])) == ([about], [naming])


def test_a_topic_lists_what_is_answered_as_soon_as_it_is(client, moderator):
    topic, question = make_topic(), make_question(QuestionStatus.OPEN, title="Itching spots")
    question.topics.add(topic)
    early, late = (make_answered_question(title=title) for title in ("Early", "Late"))
    Question.objects.filter(pk=early.pk).update(answered_at=UNDATED)
    for other in (early, late):
        other.topics.add(topic)

    def listed():
        return [row.heading for row in client.get(topic.get_absolute_url()).context["page"].rows]

    assert listed() == ["Late", "Early"]
    make_reply(question).publish(None)
    assert listed() == ["Itching spots", "Late", "Early"]
    question.refresh_from_db()
    question.remove(moderator, "Asked for.")
    assert listed() == ["Late", "Early"]
    question.restore(moderator)
    assert listed() == ["Itching spots", "Late", "Early"]
    Question.objects.filter(pk=question.pk).update(answered_at=UNDATED + datetime.timedelta(days=1))
    assert listed() == ["Late", "Itching spots", "Early"]


def test_a_topic_in_a_specialty_lists_what_is_answered_there(client, moderator):
    topic, skin, eyes = make_topic(), make_specialty("Dermatology"), make_specialty("Ophthalmology")
    topic.specialties.set([skin, eyes])
    question = make_question(QuestionStatus.OPEN, title="Itching spots", specialty=skin)
    question.topics.add(topic)
    make_answered_question(title="Red eyes", specialty=eyes).topics.add(topic)

    def listed():
        addresses = [reverse("specialty_topic", args=[specialty.slug, topic.slug]) for specialty in (skin, eyes)]
        pages = [client.get(address).context["page"] for address in addresses]
        return [[row.heading for row in page.rows] for page in pages]

    assert listed() == [[], ["Red eyes"]]
    make_reply(question).publish(None)
    assert listed() == [["Itching spots"], ["Red eyes"]]
    Question.objects.filter(pk=question.pk).update(specialty=eyes)
    assert listed() == [[], ["Itching spots", "Red eyes"]]
    question.refresh_from_db()
    question.remove(moderator, "Asked for.")
    assert listed() == [[], ["Red eyes"]]


def test_the_topics_of_a_question_that_is_moved_lead_to_pages_that_are_there(client, moderator):
    topic, urology = make_topic("Red Spots"), make_specialty("Urology")
    question = make_answered_question(title="Itching spots")
    question.topics.add(topic)
    in_step()
    question.transfer(moderator, urology, "It is about the bladder.")

    def lists_it(address):
        return "Itching spots" in client.get(address).text

    for _before_and_after_the_worker in range(2):
        page = client.get(question.get_absolute_url()).text
        addresses = set(re.findall(r'href="(/(?:topics|specialties)/[^"#?]*)"', page))
        assert reverse("specialty_topic", args=["dermatology", "red-spots"]) in addresses
        assert urology.get_absolute_url() in addresses
        assert {client.get(address).status_code for address in addresses} == {200}
        assert lists_it(topic.get_absolute_url())
        assert not lists_it(reverse("specialty_topic", args=["dermatology", "red-spots"]))
        in_step()
    assert client.get(reverse("specialty_topic", args=["urology", "red-spots"])).status_code == 404
    topic.specialties.add(urology)
    assert lists_it(reverse("specialty_topic", args=["urology", "red-spots"]))
    found = client.get(reverse("search"), {"q": "itching spots", "specialty": "urology"}).text
    assert question.get_absolute_url() in found


def test_computed_links_do_not_fill_the_page_of_a_topic(client):
    topic, question = make_topic(), make_answered_question()
    link = question.related_topics.create(
        topic=topic, specialty=question.specialty, position=1, origin=RelatedOrigin.COMPUTED
    )
    address = topic.get_absolute_url()
    assert not client.get(address).context["linking"]
    link.origin = RelatedOrigin.EDITOR
    link.save()
    assert list(client.get(address).context["linking"]) == [question]


def test_topics_of_one_letter_stand_in_one_group_whatever_their_case(client):
    for name in ("Acne", "Zoster", "abscess"):
        make_topic(name)
    groups = dict(client.get(reverse("topic_list")).context["groups"])
    assert {letter: len(topics) for letter, topics in groups.items()} == {"A": 2, "Z": 1}
