"""Meaning: vectors of texts, and what they add where words alone find related questions."""

import logging

import pytest
from django.conf import settings

from qa import embedding, related
from qa.embedding import service
from qa.embedding.wordpiece import encode
from qa.models import (
    Embedding,
)
from qa.related import find_matches, find_similar
from tests.factories import in_step, make_answered_question, make_question
from tests.resembling import ECZEMA, links_of

pytestmark = pytest.mark.django_db

needs_model = pytest.mark.skipif(not embedding.is_installed(), reason="the extra 'semantic' is not installed")


@pytest.fixture
def broken_model(settings, tmp_path):
    """A folder with weights that are not what was checked."""
    (tmp_path / "model.onnx").write_bytes(b"something else")
    settings.EMBEDDING_MODEL = str(tmp_path)
    embedding.forget_model()
    yield
    embedding.forget_model()


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


@pytest.fixture
def address(settings, tmp_path):
    """A folder in which nobody answers yet."""
    settings.DATA_DIR = tmp_path
    yield tmp_path / "embedding.socket"
    service.end()


@needs_model
def test_what_a_patient_asks_is_compared_by_meaning_while_the_worker_lends_its_model(address):
    wanted = make_answered_question(title="Palpitations in bed", body="A pounding heart keeps me awake for hours.")
    make_answered_question(title="Night races", body="Are races by bicycle at night dangerous without a lamp?")
    in_step()
    text = "My heart races at night\nI lie there and cannot sleep."
    assert find_similar(text)[0] != wanted
    assert service.answer()
    assert find_similar(text)[0] == wanted
    service.end()
    assert find_similar(text)[0] != wanted


@needs_model
def test_of_several_workers_one_answers_and_another_takes_its_place(address, monkeypatch):
    assert service.ask("Red spots") is None
    address.touch()  # left by one that was killed
    assert service.answer()
    assert service.ask("Red spots \ud800") == embedding.embed(["Red spots ?"])[0]
    assert address.stat().st_mode & 0o077 == 0
    with monkeypatch.context() as another:
        another.setattr(service, "_server", None)
        assert not service.answer()
    service.end()
    assert service.answer()


@needs_model
def test_a_text_that_cannot_be_compared_costs_one_line_without_it(address, monkeypatch, caplog):
    assert service.answer()
    monkeypatch.setattr(embedding, "embed", lambda texts: 1 / 0)
    assert service.ask("Red spots") is None
    assert "ZeroDivisionError" in caplog.text
    assert "Red spots" not in caplog.text
    monkeypatch.undo()
    assert service.ask("Red spots")


@pytest.mark.usefixtures("broken_model", "address")
def test_without_the_model_nobody_answers():
    assert not service.answer()
    assert service.ask("Red spots") is None


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
