"""Related: what resembles a text, and the computed links under each question."""

import datetime

import pytest
from django.db import connection
from django.utils import timezone

from qa import related, retention
from qa.models import (
    Embedding,
    Question,
    QuestionStatus,
    RelatedChange,
    RelatedOrigin,
    RelatedQuestion,
    RelatedTopic,
    ReplyReview,
    TopicSynonym,
)
from qa.related import find_matches, find_similar, suggest_specialties
from qa.related.finding import Match, find_matches_of
from qa.related.links import choose
from qa.search import Finder, catch_up
from tests.factories import in_step, make_answered_question, make_doctor, make_question, make_specialty, make_topic
from tests.resembling import ECZEMA, FRACTURE, links_of

pytestmark = pytest.mark.django_db


def raw(sql, *parameters):
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)


# Finding


def test_the_closest_question_comes_first_and_what_differs_is_not_there(eczema):
    fracture = make_answered_question(title=FRACTURE[0], body=FRACTURE[1])
    in_step()
    assert find_similar("My wrist is broken.\nI fell and broke the wrist, now it is in plaster.") == [fracture]
    assert fracture not in find_similar("Cracked, itching hands.\nIs it eczema when the skin of my hands itches?")


def test_a_typing_error_hides_nothing(eczema):
    in_step()
    assert find_similar("Ezcema on my hannds", limit=1)


def test_a_long_word_may_have_two_errors(eczema, monkeypatch):
    in_step()
    assert find_similar("My finngres") == [eczema[2]]
    monkeypatch.setattr("qa.search.alike.SMALL", len(eczema) - 1)
    assert find_similar("My finngres") == []


def test_nothing_but_public_whole_questions_is_found():
    for fields in ({"status": QuestionStatus.OPEN}, {"status": QuestionStatus.PENDING}):
        make_question(title=FRACTURE[0], body=FRACTURE[1], **fields)
    make_answered_question(title=FRACTURE[0], body=FRACTURE[1], is_excerpt=True)
    in_step()
    assert find_similar("\n".join(FRACTURE)) == []


@pytest.mark.parametrize("text", ["", "\x00", "?", "the and of", "\ud800", '"', "皮", "a" * 50_000, "x y z " * 5_000])
def test_any_text_may_be_compared(eczema, text):
    in_step()
    assert find_similar(text) == []


def test_specialties_are_those_of_what_resembles_the_text():
    bones = make_specialty("Orthopedics")
    make_answered_question(title=FRACTURE[0], body=FRACTURE[1], specialty=bones)
    make_answered_question(title=ECZEMA[0][0], body=ECZEMA[0][1])
    in_step()
    assert suggest_specialties("I broke my wrist, how long does it stay in plaster?") == [bones]


def test_of_two_that_are_equally_close_the_one_reviewed_by_a_colleague_comes_first():
    asked, answered = timezone.now() - datetime.timedelta(days=9), timezone.now() - datetime.timedelta(days=8)
    fields = {"title": FRACTURE[0], "body": FRACTURE[1], "asked_at": asked, "answered_at": answered}
    reviewed, _newer = [make_answered_question(**fields) for _ in range(2)]
    ReplyReview.objects.create(reply=reviewed.replies.get(), doctor=make_doctor(), verdict="agrees")
    in_step()
    assert find_similar("\n".join(FRACTURE), limit=1) == [reviewed]


def test_a_long_reply_makes_no_question_similar():
    """It holds some of the words of any question."""
    reply = "Shade your head, also in bed; look all round, once awake, and ask your boss for shade. " * 3
    make_answered_question(title="What is skin cancer?", body="-", reply_body=reply)
    in_step()
    assert find_similar("Awake\nI lie in bed each night, my head goes round and round about my job and my boss.") == []


def test_what_is_much_further_off_than_the_closest_is_not_shown_to_whoever_asks(eczema):
    far = make_answered_question(title="Gloves that fit", body="Which gloves fit hands that are wide?")
    in_step()
    shown = find_similar("\n".join(ECZEMA[5]), limit=9)
    assert eczema[5] in shown
    assert far not in shown
    assert far.pk in {match.question_id for match in find_matches("\n".join(ECZEMA[5]), 9) if match.is_alike}


def test_of_two_about_one_illness_the_one_that_asks_for_the_same_comes_first():
    treatment = make_answered_question(title="Which treatments help against hemiplegic migraine?", body="-")
    definition = make_answered_question(title="What is a hemiplegic migraine?", body="-")
    in_step()
    assert find_similar("Can a hemiplegic migraine be cured?") == [treatment, definition]
    assert find_similar("What is hemiplegic migraine?") == [definition, treatment]


def test_what_shares_only_everyday_words_is_not_shown_as_similar():
    """A small portal holds nothing about most things: then nothing is offered, not the least unlike."""
    make_answered_question(title="Heartburn after dinner", body="For four months, every day after a late dinner.")
    make_answered_question(
        title="A mole that has changed", body="It has grown darker since last month. I take no pills."
    )
    in_step()
    text = "Hair falling out\nFor four months I lose hair every day. Will it grow back? Should I take something?"
    assert find_similar(text) == []
    assert [question.title for question in find_similar("A dark mole on my back")] == ["A mole that has changed"]


def test_what_is_found_for_many_at_once_is_what_is_found_for_each(eczema):
    in_step()
    texts = {question.pk: "\n".join(text) for question, text in zip(eczema, ECZEMA, strict=True)}
    together = find_matches_of(texts, {}, Finder(), 9)
    alone = [find_matches(text, 9, besides=key) for key, text in texts.items()]
    assert [[match.question_id for match in each] for each in together] == [
        [match.question_id for match in each] for each in alone
    ]


def test_nothing_but_public_whole_questions_is_found_for_many_at_once():
    excerpt = make_answered_question(title=FRACTURE[0], body=FRACTURE[1], is_excerpt=True)
    removed = make_answered_question(title=FRACTURE[0], body=FRACTURE[1])
    while catch_up():
        pass
    finder, texts = Finder(), {0: "\n".join(FRACTURE)}
    assert [match.question_id for match in find_matches_of(texts, {}, finder, 9)[0]] == [removed.pk]
    Question.objects.filter(pk=removed.pk).update(status=QuestionStatus.REMOVED)
    assert find_matches_of(texts, {}, finder, 9) == [[]]
    Question.objects.filter(pk=excerpt.pk).update(is_excerpt=False)
    assert catch_up()
    assert [match.question_id for match in find_matches_of(texts, {}, finder, 9)[0]] == [excerpt.pk]


def test_many_at_once_are_found_by_common_words_too(eczema, monkeypatch):
    in_step()
    monkeypatch.setattr("qa.search.alike.FEW", 1)
    monkeypatch.setattr("qa.search.alike.COMMON", 0)
    texts = {eczema[0].pk: "Itching hands"}
    assert find_matches_of(texts, {}, Finder(), 9)[0]


# Links


def test_a_text_that_was_asked_several_times_takes_one_place(eczema):
    title, body = ECZEMA[1]
    doubles = [make_answered_question(title=title, body=body) for _ in range(4)]
    in_step()
    found = [match.question_id for match in find_matches(" ".join(ECZEMA[0]), limit=20)]
    assert len({eczema[1].pk, *(double.pk for double in doubles)} & set(found)) == 1
    assert {question.pk for question in (eczema[0], *eczema[2:])} <= set(found)


def test_a_question_leads_to_four_others_once_its_reply_is_published(eczema):
    in_step()
    for question in eczema:
        links = links_of(question)
        assert len(links) == 4
        assert {origin for _key, origin in links} == {RelatedOrigin.COMPUTED}
        assert question.pk not in {key for key, _origin in links}
    assert not RelatedChange.objects.exists()


def test_an_older_question_leads_to_a_newer_one_that_resembles_it():
    older = make_answered_question(title=FRACTURE[0], body=FRACTURE[1])
    in_step()
    assert links_of(older) == []
    newer = make_answered_question(title="Wrist in plaster", body="I broke the wrist on ice. When is the plaster off?")
    in_step()
    assert links_of(older) == [(newer.pk, RelatedOrigin.COMPUTED)]


def test_links_of_the_archive_and_of_editors_come_first_and_stay(eczema):
    question, far = eczema[0], make_answered_question(title=FRACTURE[0], body=FRACTURE[1])
    question.related_questions.create(related=far, position=1, origin=RelatedOrigin.ARCHIVE)
    question.related_questions.create(related=eczema[1], position=2, origin=RelatedOrigin.EDITOR)
    in_step()
    related.rebuild(question)
    links = links_of(question)
    assert links[:2] == [(far.pk, RelatedOrigin.ARCHIVE), (eczema[1].pk, RelatedOrigin.EDITOR)]
    assert [origin for _key, origin in links[2:]] == [RelatedOrigin.COMPUTED] * 2
    assert len({key for key, _origin in links}) == 4


def test_one_from_another_specialty_is_among_them_where_it_is_close():
    matches = [Match(key, 1, 1 - key / 100) for key in range(6)]
    close, far = Match(8, 2, 0.9), Match(9, 2, 0.2)
    assert choose([*matches, close, far], 1) == [*matches[:3], close]
    assert choose([*matches, far], 1) == matches[:4]
    assert choose([close, *matches], 1) == [close, *matches[:3]]


def test_related_topics_are_those_of_questions_that_resemble_it(eczema):
    skin = make_specialty()
    for question in eczema[1:]:
        question.topics.add(*(make_topic(f"Topic {question.pk}-{n}") for n in range(3)))
    nowhere = make_topic("Nowhere", specialties=[])
    eczema[1].topics.add(nowhere)
    in_step()
    topics = eczema[0].related_topics.leading_somewhere()
    assert len(topics) == 10 == eczema[0].related_topics.count()
    assert {row.specialty for row in topics} == {skin}
    assert nowhere not in {row.topic for row in topics}


def test_topics_that_a_text_names_are_related_though_no_question_resembles_it():
    wrist, plaster = make_topic("Wrist Fractures"), make_topic("Cast")
    make_topic("Ice")
    TopicSynonym.objects.create(topic=plaster, name="plaster")
    question = make_answered_question(title="A fracture of the wrist", body="Wrist fracture: how long in plaster?")
    in_step()
    assert {link.topic for link in question.related_topics.all()} == {wrist, plaster}
    TopicSynonym.objects.create(topic=make_topic("Orthopedic Casts"), name="in plaster")
    question.parts.create(position=1, text="When may I bathe?")
    in_step()
    assert len(question.related_topics.all()) == 3


def test_the_page_shows_computed_links(client, eczema, django_assert_max_num_queries):
    eczema[1].topics.add(make_topic("Chapped Hands"))
    in_step()
    with django_assert_max_num_queries(6):
        page = client.get(eczema[0].get_absolute_url()).text
    assert "Similar Q" in page
    assert "Chapped Hands" in page
    assert sum(question.title in page for question in eczema[1:]) == 4


# What is gone is gone at once


@pytest.mark.parametrize("change", ["body = 'Other words'", "title = 'Other words'", "status = 'removed'"])
def test_a_vector_goes_with_the_text_it_was_made_of(change):
    question = make_answered_question()
    Embedding.objects.create(question=question, model="any", vector=bytes(384))
    raw(f"UPDATE qa_question SET {change} WHERE id = %s", question.pk)
    assert not Embedding.objects.exists()


def test_an_erased_text_leaves_no_computed_link_behind(eczema):
    eczema[1].topics.add(make_topic("Chapped Hands"))
    in_step()
    retention.erase(eczema[0], keep_replies=True)
    while catch_up():
        pass
    of_it = RelatedQuestion.objects.filter(question=eczema[0]) | RelatedQuestion.objects.filter(related=eczema[0])
    assert not of_it.exists()
    assert not RelatedTopic.objects.filter(question=eczema[0]).exists()
    in_step()
    assert all(len(links_of(question)) == 4 for question in eczema[1:])


def test_a_removed_question_leaves_the_others_lists_and_they_are_filled_up_again(client, eczema, moderator):
    in_step()
    gone = Question.objects.get(pk=eczema[0].pk)
    linking = [row.question for row in gone.related_from.all()]
    gone.remove(moderator, "A mistake.")
    assert linking
    for question in linking:
        assert gone.title not in client.get(question.get_absolute_url()).text
    in_step()
    assert all(len(links_of(question)) == 4 for question in linking)
