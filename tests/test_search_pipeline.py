"""The text pipeline of search: which terms a text has, for index and query alike."""

import itertools
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from snowballstemmer import stemmer

from qa.search.pipeline import index_terms, terms


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Itching ALLERGIES", "itch allergy"),
        ("Crohn’s disease", "crohn's DISEASE"),
        ("Sjögren café", "sjogren cafe"),
        ("ｆｕｌｌ ｗｉｄｔｈ ﬁt", "full width fit"),
        ("癲癇發作", "癫痫发作"),
        ("Hello doctor, what is eczema? Thank you!", "eczema"),
        ("请问医生，头痛", "頭痛"),
        ("feet teeth children women men mice lice calves", "foot tooth child woman man mouse louse calf"),
        ("women's feet", "a woman’s foot"),
        ("mens womens childrens", "man woman child"),
        ("fungi, diagnoses, metastases", "fungus diagnosis metastasis"),
        ("alot of pain", "a lot of pain"),
    ],
)
def test_what_means_the_same_becomes_the_same_terms(one, other):
    assert terms(one) == terms(other) != []


@pytest.mark.parametrize(
    ("one", "other"),
    [("conjunctivitis", "conjunction"), ("thyroiditis", "thyroid"), ("hepatitis", "hepatic"), ("immunized", "immune")],
)
def test_an_illness_is_not_taken_for_what_merely_begins_like_it(one, other):
    assert terms(one) != terms(other)


def test_all_who_are_immunized_had_an_immunization():
    assert len({tuple(terms(word)) for word in ("immunization", "immunizations", "immunise", "immunized")}) == 1


def test_terms_keep_their_order_and_chinese_becomes_pairs():
    assert terms("Red spots 紫斑症 on both shins") == ["red", "spot", "紫斑", "斑症", "shin"]


@pytest.mark.parametrize("text", ["", "\x00", "\ud800", "the and of", "？！…", '"', "_", "a" * 10_000])
def test_a_text_that_says_nothing_has_no_terms(text):
    assert terms(text) == []


def test_the_last_character_of_a_chinese_word_is_kept_by_itself_in_the_index():
    assert index_terms("乳癌", set()) == ["乳癌", "癌"]


def test_texts_of_two_threads_at_once_are_not_mixed_up():
    beginnings = ["".join(letters) for letters in itertools.product("bcdfglmnprst", "aeiou", "bdlmnrst")]
    texts = [" ".join(start + ending for start in beginnings) for ending in ("ations", "fulness", "ically", "iveness")]
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(4) as pool:
            found = list(pool.map(terms, texts))
    finally:
        sys.setswitchinterval(usual)
    assert found == [[stemmer("english").stemWord(word) for word in text.split()] for text in texts]
