"""The editors' desk of topics: names as typed, and two for one thing that become one without losing an address."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from qa.errors import InvalidTransition
from qa.models import RelatedOrigin, Topic, TopicRedirect
from tests import editing
from tests.editing import page_of
from tests.factories import make_answered_question, make_article, make_specialty, make_topic

pytestmark = pytest.mark.django_db
as_editor = editing.as_editor


@pytest.fixture
def pair(doctor):
    """Two topics for one thing, in use."""
    skin, feet = make_specialty(), make_specialty("Podiatry")
    old = make_topic("Sweat Blisters, Hand", [skin, feet], slug="old", original_name="汗皰疹", kind="condition")
    new = make_topic("Dyshidrosis", [skin], slug="new", pk=12_345)
    old.synonyms.create(name="Pompholyx")
    old.synonyms.create(name="DYSHIDROSIS")
    both, only_old = make_answered_question(doctor), make_answered_question(doctor)
    for question in (both, only_old):
        question.topics.add(old)
        question.related_topics.create(topic=old, specialty=skin, position=1, origin=RelatedOrigin.ARCHIVE)
    both.topics.add(new)
    both.related_topics.create(topic=new, specialty=skin, position=2, origin=RelatedOrigin.EDITOR)
    make_article("Only old").topics.add(old)
    make_article("Both").topics.add(old, new)
    return old, new


def test_everything_moves_with_a_merged_topic_and_nothing_is_there_twice(pair):
    old, new = pair
    TopicRedirect.objects.create(slug="older", topic=old)
    old.merge_into(new)
    assert list(Topic.objects.all()) == [new]
    assert new.question_items.count() == new.related_from.count() == new.article_items.count() == 2
    assert sorted(name for name in new.synonyms.values_list("name", flat=True)) == ["Pompholyx", "Sweat Blisters, Hand"]
    assert {specialty.name for specialty in new.specialties.all()} == {"Dermatology", "Podiatry"}
    assert (new.original_name, new.kind) == ("汗皰疹", "condition")
    assert {(row.slug, row.topic) for row in TopicRedirect.objects.all()} == {("old", new), ("older", new)}


def test_a_topic_with_many_links_is_merged_by_as_many_queries_as_one_with_few(doctor):
    needed = []
    for number in (10, 20):
        old, new = make_topic(f"Old{number}"), make_topic(f"New{number}")
        for _link in range(number):
            question = make_answered_question(doctor)
            question.topics.add(old)
            question.related_topics.create(
                topic=old, specialty=question.specialty, position=1, origin=RelatedOrigin.COMPUTED
            )
        with CaptureQueriesContext(connection) as queries:
            old.merge_into(new)
        assert new.related_from.count() == new.question_items.count() == number
        needed.append(len(queries))
    assert needed[0] == needed[1]


def test_the_old_addresses_of_a_merged_topic_lead_to_the_new_one(client, pair):
    old, new = pair
    old.merge_into(new)
    for before, after in [
        ("/topics/old/", "/topics/new/"),
        ("/specialties/dermatology/old/", "/specialties/dermatology/new/"),
        ("/specialties/podiatry/old/", "/specialties/podiatry/new/"),
    ]:
        response = client.get(before)
        assert (response.status_code, response["Location"]) == (301, after)
        assert client.get(after).status_code == 200
    assert client.get("/topics/none/").status_code == 404


def test_a_topic_cannot_be_merged_into_itself_or_twice(pair):
    old, new = pair
    with pytest.raises(InvalidTransition):
        new.merge_into(new)
    same = Topic.objects.get(pk=old.pk)
    old.merge_into(new)
    with pytest.raises(InvalidTransition):
        same.merge_into(new)
    assert Topic.objects.count() == 1


def test_an_editor_sees_what_moves_before_two_topics_become_one(as_editor, pair):
    old, new = pair
    address = page_of(old, "merge")
    assert address in as_editor.get(page_of(old)).text
    assert "Choose the topic that stays." in as_editor.post(address, {"confirmed": "1"}).text
    shown = as_editor.post(address, {"other": new.pk})
    assert f'name="other" value="{new.pk}"' in shown.text
    assert "This cannot be undone" in shown.text
    assert [number for _name, number in shown.context["moving"]] == [2, 2, 2, 3]
    assert Topic.objects.count() == 2
    assert as_editor.post(address, {"other": old.pk, "confirmed": "1"}).status_code == 200
    done = as_editor.post(address, {"other": new.pk, "confirmed": "1"})
    assert done["Location"] == page_of(new)
    assert list(Topic.objects.all()) == [new]


def test_a_topic_name_is_kept_as_typed(as_editor):
    skin = make_specialty()
    inline = {"synonyms-TOTAL_FORMS": 1, "synonyms-INITIAL_FORMS": 0, "synonyms-0-name": "Red dots, small"}
    fields = {"name": "Red Spots, on legs", "slug": "red-spots", "kind": "symptom", "specialties": [skin.pk]}
    assert as_editor.post(reverse("admin:qa_topic_add"), fields | inline).status_code == 302
    topic = Topic.objects.get()
    assert (topic.name, topic.synonyms.get().name) == ("Red Spots, on legs", "Red dots, small")
