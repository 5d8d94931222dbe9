"""The page of a question: one address, cards in their order, how far each part is answered, links that stay alive."""

import pytest
from django.urls import reverse

from qa.models import Question, RelatedOrigin
from tests.factories import make_answered_question, make_question, make_reply, make_topic
from tests.pages import PageReader

pytestmark = pytest.mark.django_db


def test_a_question_is_found_under_any_slug_but_has_one_address(client):
    question = make_answered_question(title="Red spots")
    for address in (reverse("question_short", args=[question.pk]), f"/questions/{question.pk}-old-words/"):
        response = client.get(address)
        assert response.status_code == 301
        assert response["Location"] == question.get_absolute_url() == f"/questions/{question.pk}-red-spots/"


@pytest.mark.parametrize("title", ["皮膚上的紅點", "?!", "😀"])
def test_a_question_whose_title_has_no_latin_letters_has_an_address(client, title):
    question = make_answered_question(title=title)
    assert title in client.get(question.get_absolute_url()).text


def test_related_questions_keep_their_order(client):
    question = make_answered_question()
    others = [make_answered_question(title=f"Similar {n}") for n in range(4)]
    for position, other in zip((3, 1, 4, 2), others, strict=True):
        question.related_questions.create(related=other, position=position, origin=RelatedOrigin.ARCHIVE)
    shown = client.get(question.get_absolute_url()).context["similar"]
    assert [q.heading for q in shown] == ["Similar 1", "Similar 3", "Similar 0", "Similar 2"]


def test_what_is_not_public_is_not_shown_as_similar(client, doctor):
    question, shown, removed = (make_answered_question(doctor, title=title) for title in ("Asked", "Kept", "Removed"))
    for position, other in enumerate([shown, removed, make_question(title="Open", status="open")], 1):
        question.related_questions.create(related=other, position=position, origin=RelatedOrigin.ARCHIVE)
    removed.remove(None, "Asked for.")
    (card,) = client.get(question.get_absolute_url()).context["similar"]
    assert (card.heading, card.answered_on) == ("Kept", shown.answered_on)
    assert card.first_reply["doctor"] == doctor.name


def test_a_card_cuts_a_long_reply_at_a_word_and_says_so(client):
    question = make_answered_question()
    long = make_answered_question(reply_body="antihistamine " * 40)
    question.related_questions.create(related=long, position=1, origin=RelatedOrigin.EDITOR)
    assert "antihistamine antihistamine…</p>" in client.get(question.get_absolute_url()).text


def test_a_part_shows_the_fullest_coverage_of_any_published_reply(client, doctor, other_doctor):
    question = make_answered_question(doctor)
    parts = [question.parts.create(position=n, text=f"Part {n}") for n in (1, 2)]
    question.replies.get().coverages.create(part=parts[0], coverage="partly")
    draft = make_reply(question, other_doctor)
    draft.coverages.create(part=parts[0], coverage="answered")
    shown = client.get(question.get_absolute_url()).context["parts"]
    assert [part["coverage_label"] for part in shown] == ["partly answered", "not answered yet"]


def test_the_patients_title_stands_once_where_editors_have_written_no_other(client):
    question = make_answered_question(title="Purple spots on both hands", body="What is it?")
    assert client.get(question.get_absolute_url()).text.count(f"“{question.title}”") == 0
    Question.objects.update(headline="Spots that turn purple")
    page = client.get(Question.objects.get().get_absolute_url()).text
    assert f"“{question.title}”" in page


def test_links_stay_alive_when_staff_change_what_they_lead_to(client, doctor):
    question, topic = make_answered_question(doctor), make_topic()
    question.related_topics.create(topic=topic, specialty=question.specialty, position=1, origin=RelatedOrigin.EDITOR)
    topic.specialties.clear()
    doctor.verified_at = None
    doctor.save()
    links = PageReader(client.get(question.get_absolute_url()).text).links
    assert doctor.get_absolute_url() in links
    assert not [link for link in links if link.startswith("/") and client.get(link).status_code == 404]
