"""Related: what resembles a text, and the computed links under each question."""

import datetime
import logging

import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone

from qa import embedding, related, retention
from qa.embedding.wordpiece import encode
from qa.models import (
    Embedding,
    Question,
    QuestionStatus,
    RelatedChange,
    RelatedOrigin,
    RelatedQuestion,
    RelatedReason,
    RelatedTopic,
    ReplyReview,
    SearchEntry,
)
from qa.related import find_matches, find_similar, links, suggest_specialties
from qa.related.finding import Match, find_matches_of
from qa.related.links import choose
from qa.search import Finder, catch_up
from qa.search import rebuild as rebuild_search
from tests.factories import in_step, make_answered_question, make_doctor, make_question, make_specialty, make_topic
from tests.processes import manage

pytestmark = pytest.mark.django_db

needs_model = pytest.mark.skipif(not embedding.is_installed(), reason="the extra 'semantic' is not installed")

ECZEMA = [
    ("Eczema on both hands", "My hands itch and the skin cracks since I began to wash dishes. Is it eczema?"),
    ("Hand eczema in winter", "Each winter the skin of my hands cracks and itches. Which cream helps eczema?"),
    ("Itching cracks on fingers", "The skin of my fingers itches and cracks, a doctor said hand eczema."),
    ("Cream for cracked skin", "Which cream helps against cracked, itching skin on the hands?"),
    ("Eczema after washing", "After washing dishes the skin of my hands is red and itches, is it eczema?"),
    ("Itching hands at work", "At work I wear gloves; my hands itch and the skin cracks, perhaps eczema."),
]
FRACTURE = ("Broken wrist", "I fell on the ice and broke the wrist. How long does the plaster stay?")


@pytest.fixture
def eczema(db):
    return [make_answered_question(title=title, body=body) for title, body in ECZEMA]


@pytest.fixture
def broken_model(settings, tmp_path):
    """A folder with weights that are not what was checked."""
    (tmp_path / "model.onnx").write_bytes(b"something else")
    settings.EMBEDDING_MODEL = str(tmp_path)
    embedding.forget_model()
    yield
    embedding.forget_model()


def links_of(question):
    return list(question.related_questions.order_by("position").values_list("related", "origin"))


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


# Once, and never lost


def test_a_text_that_changes_while_its_links_are_computed_is_computed_again(eczema, monkeypatch):
    while catch_up():
        pass
    found = []

    def change_meanwhile(*arguments, **options):
        if not found:
            Question.objects.filter(pk=eczema[0].pk).update(title="Broken wrist", body=FRACTURE[1])
            catch_up()
        found.append(find_matches(*arguments, **options))
        return found[-1]

    monkeypatch.setattr("qa.related.links.find_matches", change_meanwhile)
    related.catch_up()
    assert links_of(eczema[0]) == []
    assert RelatedChange.objects.filter(question_id=eczema[0].pk).exists()
    in_step()
    assert not RelatedChange.objects.exists()


@pytest.fixture
def bad_question(eczema, monkeypatch):
    """One whose links cannot be computed, among others that wait."""
    while catch_up():
        pass
    monkeypatch.setattr(links, "_failed", {})
    choose = links.choose

    def fail_for_one(matches, specialty):
        if eczema[0].pk not in {match.question_id for match in matches}:
            raise ValueError("Purple rash")
        return choose(matches, specialty)

    monkeypatch.setattr(links, "choose", fail_for_one)
    return eczema[0]


def test_a_question_whose_links_cannot_be_computed_is_skipped(eczema, bad_question, caplog):
    in_step()
    assert all(len(links_of(question)) == 4 for question in eczema[1:])
    assert [change.question_id for change in RelatedChange.objects.all()] == [bad_question.pk]
    said = [record.getMessage() for record in caplog.records if record.name == links.__name__]
    assert len(said) == 1
    assert said[0].startswith(f"Could not compute the links of question {bad_question.pk}: ValueError at qa/related/")
    assert "Purple" not in caplog.text


def test_what_failed_is_tried_again_later(eczema, bad_question, monkeypatch):
    in_step()
    monkeypatch.setattr(links, "choose", choose)
    in_step()
    assert links_of(bad_question) == []
    monkeypatch.setattr(links, "TRY_AGAIN", 0)
    in_step()
    assert len(links_of(bad_question)) == 4
    assert not RelatedChange.objects.exists()


def test_a_rebuild_ends_though_the_links_of_one_question_cannot_be_computed(eczema, bad_question):
    RelatedChange.objects.all().delete()
    assert related.start_rebuild() == (6, False)
    while related.rebuild_some(Finder()):
        pass
    assert all(len(links_of(question)) == 4 for question in eczema[1:])
    assert list(RelatedChange.objects.for_worker().values_list("question_id", flat=True)) == [bad_question.pk]
    assert related.start_rebuild() == (6, False)


def test_where_everything_fails_it_is_said_and_nothing_is_lost(eczema, bad_question, monkeypatch):
    waiting = RelatedChange.objects.count()
    monkeypatch.setattr(links, "choose", lambda *arguments: 1 / 0)
    monkeypatch.setattr(links, "MOST_FAILED", 0)
    with pytest.raises(ZeroDivisionError):
        related.catch_up()
    assert RelatedChange.objects.count() == waiting


def test_a_question_that_is_deleted_meanwhile_is_forgotten(eczema):
    while catch_up():
        pass
    retention.erase(eczema[0])
    RelatedChange.objects.note([eczema[0].pk], RelatedReason.CHANGED)
    in_step()
    assert not RelatedChange.objects.exists()


def test_what_a_rebuild_of_search_writes_gets_its_links_too(eczema):
    in_step()
    SearchEntry.objects.filter(object_id=eczema[1].pk).update(version=0)  # of an older pipeline: nothing has changed
    question = make_answered_question(title="Hands in winter", body="My hands itch, and each winter the skin cracks.")
    rebuild_search()
    assert [change.question_id for change in RelatedChange.objects.all()] == [question.pk]
    in_step()
    assert len(links_of(question)) == 4


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


def test_a_rebuild_goes_on_where_it_ended(eczema):
    in_step()
    RelatedQuestion.objects.all().delete()
    assert related.start_rebuild() == (6, False)
    assert related.rebuild_some(Finder(), limit=2) == 2
    assert related.start_rebuild() == (4, True)
    assert [related.rebuild_some(Finder(), part, 2) + related.rebuild_some(Finder(), part, 2) for part in (0, 1)] == [
        2,
        2,
    ]
    assert related.rebuild_some(Finder()) == 0
    assert all(len(links_of(question)) == 4 for question in eczema)
    assert not RelatedChange.objects.exists()


def test_an_abandoned_rebuild_loses_nothing_that_waited_for_the_worker(eczema):
    in_step()
    RelatedQuestion.objects.all().delete()
    RelatedChange.objects.note([eczema[0].pk], RelatedReason.CHANGED)
    RelatedChange.objects.note([eczema[1].pk], RelatedReason.NEIGHBOUR)
    assert related.start_rebuild() == (6, False)
    in_step()
    assert [len(links_of(question)) for question in eczema[:2]] == [4, 4]


def test_a_rebuild_does_what_waits_for_the_worker_too(eczema):
    while catch_up():
        pass
    assert related.start_rebuild() == (6, False)  # as after a large import
    assert RelatedChange.objects.for_rebuild(0, 1).count() == 0
    while any(related.rebuild_some(Finder(), part, 2) for part in (0, 1)):
        pass
    assert all(len(links_of(question)) == 4 for question in eczema)


def test_a_rebuild_computes_the_links_of_each_question_once(eczema):
    """Else after a large import each would be computed again for each new one that resembles it."""
    while catch_up():
        pass
    related.start_rebuild()
    assert [related.rebuild_some(Finder(), limit=2) for _time in range(4)] == [2, 2, 2, 0]


def test_what_changes_during_a_rebuild_is_computed_for_those_that_resemble_it_too(eczema):
    in_step()
    related.start_rebuild()
    finder = Finder()
    while related.rebuild_some(finder):
        pass
    newer = make_answered_question(title=ECZEMA[0][0], body=ECZEMA[0][1])
    while catch_up():
        pass
    assert related.rebuild_some(finder) == 1
    assert related.rebuild_some(finder) == 4
    assert newer.pk in dict(links_of(eczema[0]))


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


def test_the_worker_leaves_a_rebuild_to_its_command(eczema):
    in_step()
    related.start_rebuild()
    assert related.catch_up() == 0


def test_the_command_shares_the_work_among_processes(tmp_path):
    for command in (["migrate"], ["loaddata", "archive"], ["worker", "--once"]):
        status, said = manage(tmp_path, *command, DEBUG="1")
        assert status == 0, said
    status, said = manage(tmp_path, "rebuild_related", "--processes", "2", DEBUG="1")
    assert status == 0, said
    assert "15 questions in" in said
    assert said.count("Links:") <= 2  # no terminal: a bar is drawn at its begin and its end, and in between seldom


# Meaning


@needs_model
def test_texts_that_mean_the_same_are_closer_than_texts_that_share_words():
    asked, same, other = embedding.embed(
        ["My heart races at night", "Palpitations in bed", "My daughter races at night on her bicycle"]
    )
    assert len(asked) == 384
    same, other, itself = embedding.likeness(asked, [same, other, asked])
    assert other < same < itself
    assert itself == pytest.approx(1, abs=0.02)


@needs_model
def test_a_text_has_the_same_vector_alone_and_among_others():
    texts = ["Red spots", "word " * 900, "紫斑症", "My hands itch and the skin cracks in winter."]
    together = embedding.embed(texts)
    for text, vector in zip(texts, together, strict=True):
        assert embedding.likeness(vector, embedding.embed([text])) == [pytest.approx(1, abs=0.03)]


@needs_model
def test_the_worker_gives_each_public_question_its_vector(eczema):
    make_question()
    in_step()
    assert Embedding.objects.filter(model=embedding.MODEL).count() == len(eczema)
    assert related.embed_missing() == 0


@needs_model
def test_what_means_the_same_comes_before_what_shares_more_words():
    wanted = make_answered_question(title="Palpitations", body="At night my heart beats fast and I cannot sleep.")
    make_answered_question(title="Night bus", body="At night I cannot find a bus, my fast bicycle has a flat tyre.")
    in_step()
    found = find_matches("At night I feel a fast heart rate and cannot sleep", with_meaning=True)
    assert found[0].question_id == wanted.pk


@pytest.mark.usefixtures("broken_model")
def test_a_broken_model_costs_one_line_in_the_log_and_no_link(caplog, eczema):
    with caplog.at_level(logging.INFO, logger="qa"):
        in_step()
        assert embedding.embed(["text"]) is None
    assert [record.name for record in caplog.records].count("qa.embedding") == 1
    assert not Embedding.objects.exists()
    assert len(links_of(eczema[0])) == 4


def test_pages_do_not_load_the_model(client, eczema):
    in_step()
    embedding.forget_model()
    assert find_similar("\n".join(ECZEMA[0]))
    assert not embedding.is_loaded()


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("", [101, 102]),
        ("Hello, World!", [101, 7592, 1010, 2088, 999, 102]),
        ("Sjögren’s café\x00\n", [101, 1055, 5558, 13565, 1521, 1055, 7668, 102]),
        ("紫斑", [101, 100, 100, 102]),
        ("pimecrolimus 0.1%", [101, 14255, 4168, 26775, 10893, 7606, 1014, 1012, 1015, 1003, 102]),
    ],
)
def test_words_are_cut_into_the_pieces_that_the_model_has_learned(text, pieces):
    assert encode(text, 128) == pieces


def test_of_a_long_text_only_the_beginning_counts():
    assert len(encode("word " * 1000, 128)) == 128
    assert encode("x" * 200, 128) == [101, 100, 102]


def test_the_default_is_the_model_of_the_package():
    assert settings.EMBEDDING_MODEL == ""
