"""Search by meaning: other words for the same, what people say, and Chinese find it, too."""

import pytest

from qa.search import catch_up, search, synonyms
from qa.search.pipeline import terms
from tests.factories import make_answered_question, make_topic
from tests.searching import found

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("fresh_counters")]

# Synonyms


def test_there_are_400_pairs_and_no_phrase_stands_in_two_lines():
    tables = synonyms.read()
    assert sum(len(others) for others in tables["same"].values()) >= 400
    lines = [[tuple(terms(name)) for name in (first, *others)] for first, others in tables["same"].items()]
    phrases = [phrase for line in lines for phrase in line]
    assert all(phrases)
    assert len(phrases) == len(set(phrases))


def test_every_pair_finds_in_both_directions():
    _version, known = synonyms.known()
    tables = synonyms.read()
    assert tables["same"]
    assert tables["narrower"]
    for first, others in tables["same"].items():
        for other in others:
            one, another = tuple(terms(first)), tuple(terms(other))
            assert another in known[one], (first, other)
            assert one in known[another], (first, other)
    for first, others in tables["narrower"].items():
        assert {tuple(terms(other)) for other in others} <= set(known[tuple(terms(first))]), first


@pytest.mark.parametrize(
    ("typed", "written"),
    [
        ("heart attack", "myocardial infarction"),
        ("Myocardial Infarction", "HEART attack"),
        ("dyshidrosis", "sweat blisters"),
        ("pompholyx on hands", "Sweat blisters on both hands"),
        ("癲癇", "epilepsy"),
        ("epilepsy", "我有癫痫"),
        ("painkiller", "ibuprofen"),
        ("attack of the heart", "a heart attack"),
        ("紅斑", "red spots on my legs"),
        ("紅斑", "nodular erythema"),
        ("紅疹", "a red rash"),
        ("疹", "a rash"),
        ("疹", "shingles"),
        ("疹", "我有濕疹很久了"),
        ("斑", "vitiligo"),
        ("皮膚", "my skin"),
        ("硬皮症", "scleroderma"),
        ("laser surgery", "雷射手術"),
        ("Protopic", "tacrolimus ointment"),
        ("rosuvastatin", "Is Crestor safe?"),
        ("普特皮", "tacrolimus"),
        ("tailbone", "A bruised coccyx"),
        ("postnatal depression", "Postpartum depression is common"),
        ("baby blues", "Postpartum depression is common"),
        ("hemroids", "haemorrhoids"),
        ("bppv", "Benign paroxysmal positional vertigo"),
        ("ed", "Erectile dysfunction is common"),
        ("睡不着", "失眠"),
        ("胃酸逆流", "胃食道逆流"),
        ("lump in my breast", "a breast mass"),
    ],
)
def test_other_words_for_the_same_are_found(typed, written):
    question = make_answered_question(title="Help", body=written, reply_body="Wait.")
    assert found(typed) == [question.pk]


@pytest.mark.parametrize(
    "forms",
    [
        *[
            "hair loss|hair falling out|losing my hair|losing hair",
            "itchy|itch|itching|itches",
            "watery eyes|eyes water",
        ],
        *["runny nose|running nose|my nose runs", "swollen|swelling|puffy", "dizzy|dizziness", "bloody|blood"],
        *["sleepy|drowsy|sleepiness", "nauseous|nausea|nauseated", "sore|soreness", "feverish|fever", "bumpy|bumps"],
        *["scaly|scales", "flaky|flakes|flaking", "wheezy|wheezing", "constipated|constipation", "bloated|bloating"],
        *["numb|numbness", "tired|tiredness|fatigue", "anxious|anxiety", "depressed|depression", "pregnant|pregnancy"],
        *["infected|infection", "inflamed|inflammation", "allergic|allergy", "bloody stool|blood in stool"],
    ],
)
def test_what_somebody_is_and_what_somebody_has_find_the_same(forms):
    forms = forms.split("|")
    questions = {make_answered_question(title=form, body="Here.", reply_body="Wait.").pk for form in forms}
    for form in forms:
        assert set(found(form)) == questions, form


@pytest.mark.parametrize(
    ("typed", "written"),
    [
        ("can't sleep", "Insomnia for a year"),
        ("I CANNOT sleep at night", "Insomnia, every night"),
        ("couldn’t fall asleep", "sleeplessness"),
        ("unable to get it up", "erectile dysfunction"),
        ("i feel so down", "Is it depression?"),
        ("the runs", "diarrhoea"),
        ("passed out", "syncope"),
        ("blood in my pee", "hematuria"),
        ("blood in poop", "rectal bleeding"),
        ("chrons", "Crohn's disease"),
        ("farting", "flatulence"),
    ],
)
def test_what_people_say_finds_what_it_means(typed, written):
    make_answered_question(title="Help", body="A spot on the leg, for a year.", reply_body="Wait.")
    question = make_answered_question(title="Help", body=written, reply_body="Wait.")
    assert found(typed)[:1] == [question.pk]


def test_what_means_a_saying_comes_before_its_words_and_those_are_found_too():
    words = make_answered_question(title="Help", body="How much sleep does he need?", reply_body="Wait.")
    meaning = make_answered_question(title="Help", body="How long does insomnia last?", reply_body="Wait.")
    assert found("can't sleep") == [meaning.pk, words.pk]
    assert found('"can\'t sleep"') == [words.pk]


def test_who_it_is_about_does_not_decide_what_is_found():
    about = [make_answered_question(title="Help", body=f"My dad has {what}.") for what in ("gout", "hives", "eczema")]
    stroke = make_answered_question(title="Help", body="Living on after a stroke.")
    assert found("my dad had a stroke") == [stroke.pk]
    assert set(found("dad")) == {question.pk for question in about}


def test_words_of_one_thing_are_found_apart_by_other_words_too():
    for title in ("Shingles", "Gout", "Hives", "Eczema"):
        make_answered_question(title=title, body="Since May.", reply_body="Wait.")
    question = make_answered_question(title="Burning bladder on urination", body="Since May.", reply_body="Wait.")
    catch_up()
    assert [hit.question.pk for hit in search("burning when I pee").hits] == [question.pk]


def test_what_is_narrower_does_not_find_what_is_wider():
    make_answered_question(title="A painkiller", body="Which one?", reply_body="Wait.")
    assert found("ibuprofen") == []


def test_names_that_editors_give_a_topic_are_synonyms_at_once():
    question = make_answered_question(title="Xylo spots", body="Here.", reply_body="Wait.")
    topic = make_topic("Xylo Spots")
    assert found("quagmire") == []
    topic.synonyms.create(name="Quagmire")
    assert found("quagmire") == [question.pk]
    topic.synonyms.all().delete()
    assert found("quagmire") == []


# Chinese without blanks


@pytest.mark.parametrize(
    "typed", ["手指水泡", "手指起小水泡會傳染嗎", "手癢", "手指起水泡怎麼辦", "小孩的手指水泡很癢", "手指 水泡"]
)
def test_what_is_typed_in_chinese_without_blanks_is_found_by_most_of_it(typed):
    question = make_answered_question(title="手指起水泡很癢", body="每年夏天。", reply_body="保持乾燥。")
    make_answered_question(title="小孩發燒三十九度", body="從昨天開始。", reply_body="多喝水。")
    catch_up()
    assert [hit.question.pk for hit in search(typed).hits] == [question.pk]


def test_what_is_known_in_a_chinese_run_is_found_by_other_words_for_it_after_the_very_words():
    english = make_answered_question(title="Fever, fever", body="A fever.", reply_body="A fever.")
    chinese = make_answered_question(title="三十九度", body="小孩發燒了。", reply_body="多喝水。")
    make_answered_question(title="小孩", body="幾歲可以上學？", reply_body="六歲。")
    make_topic("Typhoid Fever")
    for typed in ("發燒", "寶寶發燒怎麼辦"):
        catch_up()
        hits = [hit.question and hit.question.pk for hit in search(typed).hits]
        assert hits[:2] == [chinese.pk, english.pk], typed


def test_a_chinese_run_is_first_found_as_it_stands_and_nothing_that_holds_little_of_it():
    whole = make_answered_question(title="胃食道逆流", body="吃飽後。", reply_body="少吃油膩。")
    make_answered_question(title="逆時針", body="流水。", reply_body="好。")
    assert found("胃食道逆流吃什麼藥") == [whole.pk]
    assert [hit.question.pk for hit in search("流水席逆行性").hits] == []
