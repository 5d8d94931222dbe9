"""Whatever is typed, search answers with a page of public questions, by its index."""

import os
import re

import pytest
from django.core.cache import caches
from django.db import connection
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from qa.search import catch_up, search, suggest
from qa.search.query import parse
from tests.factories import make_answered_question, make_question
from tests.pages import PageReader

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("fresh_counters")]

# Nothing that is typed breaks it

WORDS = r"""rash red spots " - ( ) * : AND OR NOT NEAR( specialty: topic: year: dermatology 2004 ' \ % _ | & ! <-> :*
{heading} 皮膚 癌 😀 é ﬁ ; -- /*"""
PIECES = st.sampled_from([*WORDS.split(), "\x00", "\ud800", "\ue000", "\u202e", " ", "x" * 10_000])
TYPED = st.one_of(
    st.text(max_size=60), st.lists(PIECES, max_size=12).map(" ".join), st.lists(PIECES, max_size=8).map("".join)
)
THOROUGH = 5_000 if os.environ.get("SKIP_NOTHING") else 400  # strings
FUZZ = {"deadline": None, "suppress_health_check": [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]}


@pytest.fixture
def small_archive(db):
    """Two questions that anyone may read, and hidden ones that hold the same words."""
    public = {make_answered_question(title="Red spots, a rash", body="皮膚癌 é ﬁ").pk for _ in range(2)}
    for status in ("pending", "open", "rejected"):
        make_question(status, title="Red spots, a rash", body="皮膚癌 secret")
    removed = make_answered_question(title="Red spots, a rash", body="皮膚癌 secret")
    while catch_up():
        pass
    removed.remove(None, "Why not")
    return public


@settings(max_examples=5_000, **FUZZ)
@given(TYPED)
def test_any_text_can_be_taken_apart_into_terms_only(text):
    typed = parse(text)
    for phrase in (*typed.words, *typed.phrases, *typed.excluded):
        assert phrase
        assert all(term and not re.search(r"""[\s"'\\&|!():*<>{}_\x00\ud800-\udfff]""", term) for term in phrase)


@settings(max_examples=THOROUGH, **FUZZ)
@given(TYPED)
@example('"')
@example('rash" OR "secret')
@example("rash') OR true --")
@example('a AND b* NOT (c NEAR "d")')
def test_whatever_is_typed_only_public_questions_are_found(small_archive, text):
    results = search(text)
    assert {hit.question.pk for hit in results.hits if hit.question} <= small_archive
    assert not [row for row in suggest(text) if "secret" in row.text]


@settings(max_examples=THOROUGH // 5, **FUZZ)
@given(
    TYPED.filter(lambda text: "\ud800" not in text),
    st.sampled_from(["all", "question", "x"]),
    st.text("ab~-1\x00", max_size=8),
)
def test_whatever_is_typed_gets_a_page(small_archive, client, text, kind, cursor):
    caches["memory"].clear()
    query = {"q": text, "kind": kind, "after": cursor, "year": cursor, "specialty": cursor, "topic": cursor}
    try:
        response = client.get("/search/", query)
    except UnicodeEncodeError:  # no browser could send it either
        return
    assert response.status_code == 200
    assert "secret" not in PageReader(response.text).text.replace(text, "")
    assert client.get("/search/suggestions/", {"q": text}).status_code == 200


def test_a_lone_surrogate_and_broken_bytes_get_a_page(client):
    for address in ("/search/?q=%ED%A0%80", "/search/?q=%FF%FE&kind=%00", "/search/suggestions/?q=%ED%A0%80abc"):
        assert client.get(address).status_code == 200


# How it is found


@pytest.mark.parametrize("text", ["rash", "spots -rash", "year:2019", "皮膚"])
def test_the_index_is_used(small_archive, text, django_assert_max_num_queries):
    with django_assert_max_num_queries(7) as queries:
        search(text)
    wanted = "qa_searchindex MATCH" if connection.vendor == "sqlite" else "vector @@"
    assert [query for query in queries if wanted in query["sql"]]
