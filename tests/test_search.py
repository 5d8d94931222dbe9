"""Search: the entries kept in step by triggers, and both engines behind one interface."""

import time
from concurrent.futures import ThreadPoolExecutor
from unittest.mock import ANY

import pytest
from django.core.cache import cache
from django.db import connection, transaction
from django.utils import timezone

from accounts.models import Doctor, DoctorAlias
from qa.models import (
    Article,
    EntryKind,
    Question,
    QuestionStatus,
    Reply,
    ReplyStatus,
    SearchChange,
    SearchEntry,
    SearchSpelling,
    SearchWord,
)
from qa.search import candidates
from qa.search.engine import Group, Query, engine
from qa.search.entries import catch_up, label
from qa.search.pipeline import terms
from qa.search.words import ALL, RECOUNTS, TOPICS, numbers_of, recount, recount_regularly
from tests.factories import (
    make_answered_question,
    make_article,
    make_doctor,
    make_question,
    make_reply,
    make_specialty,
    make_topic,
)

pytestmark = pytest.mark.django_db


def find(*phrases, **fields):
    """What the engine finds in which each of these phrases stands, as (kind, key)."""
    groups = tuple(Group((tuple(terms(phrase)),)) for phrase in phrases)
    return [(entry.kind, entry.object_id) for entry in engine().newest((Query(groups, **fields), 50))[0]]


# Entries are in step with what the public may read


def test_an_answered_question_is_found_by_what_it_and_its_reply_say():
    question = make_answered_question(headline="Purpura", title="Red dots", body="On shins.", reply_body="Vasculitis.")
    question.parts.create(position=1, text="Is it leukemia?")
    assert find("purpura") == []  # not written yet
    catch_up()
    for word in ("purpura", "dots", "shin", "vasculitis", "leukemia"):
        assert find(word) == [("question", question.pk)]
    assert find("purpura", "leukemia") == [("question", question.pk)]
    assert find("purpura", "nothing") == []
    assert not SearchChange.objects.exists()


CHANGES = {
    "removed": lambda q: Question.objects.get(pk=q.pk).remove(None, "Why not"),
    "withdrawn": lambda q: Question.objects.get(pk=q.pk).withdraw(),
    "erased": lambda q: Question.objects.get(pk=q.pk).erase_text(),
    "edited": lambda q: Question.objects.filter(pk=q.pk).update(body="Something else"),
    "raw": lambda q: connection.cursor().execute("UPDATE qa_question SET body = 'x' WHERE id = %s", [q.pk]),
    "deleted": lambda q: Question.objects.filter(pk=q.pk).delete(),
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_is_gone_cannot_be_matched_from_the_moment_of_the_change(change):
    question = make_answered_question(body="An unmistakable word: quagmire")
    catch_up()
    assert find("quagmire")
    CHANGES[change](question)
    assert find("quagmire") == []
    assert not SearchEntry.objects.filter(body__contains="quagmir").exists()
    catch_up()
    assert find("quagmire") == []


def test_a_change_that_is_rolled_back_changes_nothing():
    question = make_answered_question(body="An unmistakable word: quagmire")
    catch_up()
    with transaction.atomic():
        question.remove(None, "Why not")
        assert find("quagmire") == []
        transaction.set_rollback(True)
    assert find("quagmire") == [("question", question.pk)]
    assert not SearchChange.objects.exists()


def test_replies_come_and_go_with_their_status():
    question = make_answered_question(reply_body="Stays")
    draft = make_reply(question, body="Quagmire")
    catch_up()
    assert find("quagmire") == []
    Reply.objects.filter(pk=draft.pk).update(status=ReplyStatus.PUBLISHED, published_at=timezone.now())
    catch_up()
    assert find("quagmire") == [("question", question.pk)]
    Reply.objects.filter(pk=draft.pk).update(status=ReplyStatus.WITHDRAWN)
    assert find("quagmire") == []
    catch_up()
    assert find("quagmire") == []
    assert find("stays") == [("question", question.pk)]


@pytest.mark.parametrize("status", [s for s in QuestionStatus if s != QuestionStatus.ANSWERED])
def test_what_the_public_may_not_read_has_no_entry(status):
    question = make_question(status, body="Quagmire")
    make_reply(question, status=ReplyStatus.PUBLISHED, body="Quagmire")
    make_article(question=question, body="Quagmire")
    catch_up()
    assert find("quagmire") == []


def test_an_article_beside_a_question_goes_with_it():
    question = make_answered_question()
    article = make_article(question=question, body="Quagmire")
    catch_up()
    assert find("quagmire") == [("article", article.pk)]
    question.remove(None, "Why not")
    assert find("quagmire") == []
    question.restore(None)
    catch_up()
    assert find("quagmire") == [("article", article.pk)]
    Article.objects.filter(pk=article.pk).update(body="Other")
    assert find("quagmire") == []


def test_topics_and_doctors_are_found_by_all_their_names():
    topic = make_topic("Sweat Blisters", original_name="汗皰疹")
    topic.synonyms.create(name="Pompholyx")
    doctor = make_doctor("Liao Wenyu")
    DoctorAlias.objects.create(doctor=doctor, name="Liao Wenyun")
    make_doctor("Liao Hidden", verified_at=None)
    catch_up()
    for name in ("sweat blister", "汗疱疹", "pompholyx"):
        assert find(name) == [("topic", topic.pk)]
    assert find("Dr. Liao") == find("wenyun") == [("doctor", doctor.pk)]
    topic.synonyms.all().delete()
    Doctor.objects.filter(pk=doctor.pk).update(is_from_archive=False, name="Somebody Else")
    assert find("pompholyx") == find("liao") == []


def test_phrases_exclusions_and_labels():
    one = make_answered_question(title="Red spots on the left leg", body="One", reply_body="One")
    two = make_answered_question(title="Left leg has spots, red ones", body="Two", reply_body="Two")
    catch_up()
    assert find("red spots") == [("question", one.pk)]
    assert find("spots", excluded=(("left", "leg", "spot"),)) == [("question", one.pk)]
    specialty = (f"_specialty{one.specialty_id}",)
    assert set(find("leg", labels=(specialty,))) == {("question", one.pk), ("question", two.pk)}
    assert find("leg", labels=(specialty, ("_year1999",))) == []


def test_a_single_chinese_character_is_found_anywhere_in_a_word():
    question = make_answered_question(body="媽媽有乳癌")
    catch_up()
    for word in ("癌", "乳", "乳癌"):
        assert find(word) == [("question", question.pk)]


def test_a_phrase_does_not_reach_from_one_field_into_the_next():
    make_answered_question(title="Swollen", body="Knee", reply_body="Gout")
    catch_up()
    assert find("swollen knee") == find("knee gout") == []


def test_words_are_counted_as_they_come_and_recounting_agrees():
    for _ in range(3):
        make_answered_question(title="Gout", body="Knee knee", reply_body="Ice")
    catch_up()
    assert numbers_of(["gout", "knee"]) == {ALL: SearchEntry.objects.count(), TOPICS: 0, "gout": 3, "knee": 3}
    Question.objects.first().remove(None, "Why not")
    recount()
    assert numbers_of(["gout"])["gout"] == 2


def test_what_is_counted_while_all_is_counted_anew_stays_counted(monkeypatch):
    make_answered_question(title="Gout")
    catch_up()

    def write_before():
        monkeypatch.undo()
        make_answered_question(title="Gout and quagmire")
        catch_up()

    monkeypatch.setattr(engine(), "lock_words", write_before)
    for _ in range(2):
        recount()
        expected = {ALL: SearchEntry.objects.count(), TOPICS: ANY, "gout": 2, "quagmir": 1}
        assert numbers_of(["gout", "quagmir"]) == expected


def test_of_two_who_count_all_anew_at_once_one_corrects_the_numbers(monkeypatch):
    make_answered_question(title="Gout")
    catch_up()
    SearchWord.objects.filter(term="gout").update(number=9)

    def recount_before():
        monkeypatch.undo()
        SearchWord.objects.filter(term="gout").update(number=1)
        engine().add_words({RECOUNTS: 1})

    monkeypatch.setattr(engine(), "lock_words", recount_before)
    recount()
    assert numbers_of(["gout"])["gout"] == 1


@pytest.mark.parametrize("most", [0, 10**6])
def test_the_words_of_what_was_erased_are_forgotten_in_time_however_many_entries_there_are(monkeypatch, most):
    monkeypatch.setattr("qa.search.words.COUNTED_DAILY", most)
    cache.delete("search_recounted")
    question = make_answered_question(title="Quagmire", body="Quagmire")
    catch_up()
    assert SearchSpelling.objects.filter(spelling="quagmire").exists()
    question.remove(None, "Why not")
    assert recount_regularly()
    assert not SearchSpelling.objects.filter(spelling="quagmire").exists()
    assert not SearchWord.objects.filter(term="quagmir").exists()
    assert not recount_regularly()


def test_a_count_that_fails_is_made_again_the_next_time(monkeypatch):
    cache.delete("search_recounted")
    with monkeypatch.context() as patch:
        patch.setattr("qa.search.words.recount", lambda: 1 / 0)
        for _time in range(2):
            with pytest.raises(ZeroDivisionError):
                recount_regularly()
    assert recount_regularly()


@pytest.mark.django_db(transaction=True)
def test_who_counts_all_anew_waits_for_who_counts_words_and_not_in_a_circle():
    make_answered_question(title="Gout and zoster")
    catch_up()
    SearchWord.objects.update(number=9)  # all is wrong, all has to be written
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            engine().add_words({"zoster": 1})
            other = pool.submit(in_own_connection, recount)
            time.sleep(0.5)
            engine().add_words({"gout": 1})
        other.result()
    assert numbers_of(["gout", "zoster"]).items() >= {"gout": 2, "zoster": 2}.items()


# Candidates for related questions


def test_candidates_share_the_rarest_words_best_first():
    best = make_answered_question(title="Purple spots on shins", body="Purpura after a cold, with fever")
    some = make_answered_question(title="Fever", body="Three days of fever after a cold")
    make_answered_question(title="Something else", body="My tooth", reply_body="Brush it.")
    excerpt = make_answered_question(title="Purple spots on shins", is_excerpt=True)
    erased = make_answered_question(title="Purple spots on shins")
    erased.erase_text()
    removed = make_answered_question(title="Purple spots on shins")
    catch_up()
    removed.remove(None, "Why not")
    found = [candidate.question_id for candidate in candidates("Hello doctor, purple spots, purpura? I had a fever.")]
    assert found == [best.pk, some.pk]
    assert not {excerpt.pk, erased.pk} & set(found)


@pytest.mark.parametrize("excluded", [(), (("arm",),)])
@pytest.mark.parametrize("is_filtered", [False, True])
@pytest.mark.parametrize("few", [0, 1, 10])
def test_what_comes_closest_is_the_same_where_it_is_known_how_many_hold_a_word(monkeypatch, few, is_filtered, excluded):
    monkeypatch.setattr(engine(), "MOST_ALONE", 4, raising=False)
    monkeypatch.setattr(engine(), "FEW", few, raising=False)
    heart, skin = make_specialty("Cardiology"), make_specialty("Dermatology")
    for specialty, title in [
        (skin, "Itching"),
        (heart, "Moonlight"),
        (skin, "Moonlight itching"),
        (skin, "Itching arm"),
    ]:
        for _question in range(4):
            make_answered_question(title=title, specialty=specialty)
    catch_up()
    weights = {terms("moonlight")[0]: 2.0, terms("itching")[0]: 1.0}
    labels = ((f"{label('specialty')}{skin.pk}",),) if is_filtered else ()
    query = Query((), excluded, labels, of_all=numbers_of([])[ALL])
    for limit in (2, 6, 14):
        found = engine().closest(weights, query, limit, numbers_of(weights))
        assert found == engine().closest(weights, query, limit)
        assert len(found) == min(limit, 8 if is_filtered and excluded else 12 if is_filtered or excluded else 16)
    monkeypatch.setattr(engine(), "ENOUGH", 1, raising=False)  # of a word by itself as many are found as are wanted
    only = dict([*weights.items()][1:])
    for limit in (2, 6, 14):
        assert engine().closest(only, query, limit, numbers_of(only)) == engine().closest(only, query, limit)


def test_candidates_of_a_text_without_known_words_are_none():
    make_answered_question()
    catch_up()
    assert candidates("") == candidates("the of and") == candidates("xyzzy 火星") == []


def test_kinds_of_entries_are_those_of_the_makers():
    from qa.search.entries import MAKERS  # noqa: PLC0415

    assert set(MAKERS) == set(EntryKind)


@pytest.mark.django_db(transaction=True)
def test_a_text_that_is_being_changed_while_entries_are_written_leaves_nothing_of_the_old_one():
    question = make_answered_question(body="Quagmire")
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            Question.objects.filter(pk=question.pk).update(body="Something else")
            other = pool.submit(in_own_connection, catch_up)
            time.sleep(0.3)
        other.result()
    while catch_up():
        pass
    assert find("quagmire") == []
    assert SearchEntry.objects.filter(kind="question", object_id=question.pk).exists()


@pytest.mark.django_db(transaction=True)
def test_all_may_count_at_once():
    make_answered_question(title="Gout")
    catch_up()
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(in_own_connection, [recount] * 6))
    assert numbers_of(["gout"]) == {ALL: SearchEntry.objects.count(), TOPICS: ANY, "gout": 1}


def in_own_connection(work):
    try:
        return work()
    finally:
        connection.close()
