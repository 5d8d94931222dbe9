"""Import: documents are loaded once, whole or not at all, with what editors add to them."""

import json
from io import StringIO

import pytest
from django.apps import apps
from django.core import serializers
from django.core.management import CommandError, call_command
from django.utils import timezone

from accounts.models import Doctor, DoctorAlias
from qa.errors import DocumentError
from qa.importing.editorial import read_editorial
from qa.importing.loading import load_document, reply_key, source_id_of
from qa.models import (
    UNDATED,
    Article,
    ImportRecord,
    PartCoverage,
    Question,
    QuestionPart,
    RelatedOrigin,
    RelatedQuestion,
    RelatedTopic,
    Reply,
    Topic,
)
from tests.documents import EDITORIAL, FILES, FOLDER, NAMES, TEXTS, parse
from tests.factories import make_doctor


def load(text, name="page.txt"):
    return load_document(parse(text), text.encode(), name)


def run(*args, **options):
    """What the command prints."""
    output = StringIO()
    call_command("import_pages", *args, stdout=output, **options)
    return output.getvalue()


def refusal(*args, **options):
    """What the command prints about the refused documents; it must fail and write nothing."""
    errors, before = StringIO(), everything()
    with pytest.raises(CommandError, match=r"[Nn]othing was imported"):
        call_command("import_pages", *args, stderr=errors, stdout=StringIO(), **options)
    assert everything() == before
    return errors.getvalue()


def everything():
    """All rows of all our tables."""
    models = [*apps.get_app_config("accounts").get_models(), *apps.get_app_config("qa").get_models()]
    return {model.__name__: serializers.serialize("json", model.objects.order_by("pk")) for model in models}


@pytest.fixture
def imported(db):
    run(*FILES, editorial=EDITORIAL)


# Loading


def test_a_page_becomes_an_answered_question_with_the_patients_own_words(imported):
    question = Question.objects.get(source_id="red-spots-on-the-thigh-causes-and-concerns")
    assert question.headline == "Red Spots on the Thigh: Causes and Concerns"
    assert question.title == "Red spots on the thigh?"
    assert (question.pseudonym, question.age_from, question.age_to, question.sex) == ("Shan", 10, 19, "female")
    assert (str(question.asked_on), str(question.answered_on)) == ("2016-06-01", "2016-06-01")
    assert question.changed_at == question.answered_at
    assert question.is_public
    assert not question.is_excerpt
    assert question.body.count("\n") == 2
    assert [topic.name for topic in question.topics.all()] == ["Red Spots"]
    assert question.article.title == question.headline


def test_a_foreign_photo_link_is_replaced_by_words_and_kept_in_the_import_record(imported):
    question = Question.objects.get(source_id="red-spots-on-the-thigh-causes-and-concerns")
    assert "Based on the provided image link: (link to a photo, removed), what could be the cause" in question.body
    tables = {name: rows for name, rows in everything().items() if name != "ImportRecord"}
    assert not [name for name, rows in tables.items() if "imgur" in rows]
    assert b"https://imgur.com/a/H7au7" in bytes(question.import_records.get().document)


def test_a_card_becomes_an_undated_excerpt_in_the_specialty_of_its_reply(imported):
    card = Question.objects.get(headline__startswith="Autologous Fat Grafting")
    assert card.is_excerpt
    assert (card.title, card.pseudonym, card.age_band, card.sex) == (card.headline, "", "", "unstated")
    assert card.asked_at == card.answered_at == UNDATED
    assert card.body.startswith("Hello Doctor, I have localized scleroderma lesions")
    assert card.body.endswith("I would like to know i...")
    assert card.specialty.name == "Plastic Surgery"
    reply = card.replies.get()
    assert (reply.doctor.name, reply.specialty.name) == ("Lu Daokuan", "Plastic Surgery")
    assert reply.replied_on is None
    assert [topic.name for topic in card.topics.all()] == ["Scleroderma"]


def test_links_keep_the_order_of_the_document_and_say_that_they_are_of_the_archive(imported):
    page = parse(TEXTS["000"])
    question = Question.objects.get(source_id=source_id_of(page.headline.text))
    assert [r.related.headline for r in question.related_questions.all()] == [c.headline.text for c in page.cards]
    topics = [(r.topic.name, r.specialty.name) for r in question.related_topics.all()]
    assert topics == [(term.name, term.specialty) for term in page.terms]
    for model in (RelatedQuestion, RelatedTopic):
        assert not model.objects.exclude(origin=RelatedOrigin.ARCHIVE).exists()


def test_a_question_is_filed_under_the_terms_that_its_heading_names(imported):
    filed = {q.headline.split(":")[0]: {t.name for t in q.topics.all()} for q in Question.objects.all()}
    assert filed["Microvascular Vasculitis"] == {"Skin"}
    assert filed["Understanding and Treating Skin Microvascular Rupture"] == {"Skin"}
    assert filed["Understanding Red Spots on Inner Thigh and Shin"] == {"Red Spots"}
    assert filed["Understanding Red Dots on Legs"] == set()
    assert filed["Understanding Vasculitis"] == set()


def test_doctors_are_one_person_each_under_all_their_spellings(imported):
    assert Doctor.objects.count() == 11
    assert set(DoctorAlias.objects.values_list("doctor__name", "name")) == {
        ("Liao Wenyu", "Liao Wenyun"),
        ("Jin Lianchun", "Jin Lian-Chun"),
    }
    assert all(doctor.is_from_archive and not doctor.is_verified for doctor in Doctor.objects.all())
    assert Doctor.objects.get(name="Wu Yuxin").replies.count() == 4
    load(renamed("002", "Other Spots").replace("Dr. Xiao Yongxun reply", "Dr. Jin Lian-chun reply"))
    assert Doctor.objects.count() == 11


def renamed(name, headline):
    """The document with another headline; that of its first card goes too, so that the card is new."""
    text = TEXTS[name]
    page = parse(text)
    return text.replace(page.headline.text, headline).replace(page.cards[0].headline.text, f"Card of {headline}")


def test_red_spots_are_one_topic_in_two_specialties(imported):
    assert {s.name for s in Topic.objects.get(name="Red Spots").specialties.all()} == {"Dermatology", "Urology"}


def test_an_article_of_its_own_has_no_question_and_no_date(imported):
    article = Article.objects.get(question=None)
    assert (article.title, article.slug, article.published_at) == ("Milia Syndrome", "milia-syndrome", UNDATED)
    assert article.is_public


def test_the_import_record_keeps_the_document_byte_by_byte(imported):
    for name in NAMES:
        record = ImportRecord.objects.get(name=f"{name}.txt")
        assert bytes(record.document) == (FOLDER / record.name).read_bytes()
        assert record.question or record.article
        assert record.parsed["kind"] == ("question" if record.question else "article")
        assert all(set(anomaly) == {"code", "line", "message", "text"} for anomaly in record.anomalies)


def test_a_second_import_changes_no_row(imported):
    before = everything()
    assert "questions: 0 created, 0 updated, 3 unchanged" in run(*FILES, editorial=EDITORIAL)
    assert everything() == before


def test_importing_again_keeps_what_moderators_and_editors_have_changed(imported):
    question = Question.objects.get(source_id="red-spots-on-the-thigh-causes-and-concerns")
    question.remove(by=None, note="The patient asked for it.")
    Question.objects.filter(pk=question.pk).update(body="Redacted.")
    Article.objects.filter(title="Milia Syndrome").update(body="Corrected.")
    before = everything()
    run(*FILES)
    assert everything() == before


@pytest.mark.django_db
def test_a_revised_document_of_the_same_name_replaces_its_texts():
    load(TEXTS["002"])
    before = {name: rows for name, rows in everything().items() if name in ("Doctor", "RelatedQuestion", "Topic")}
    outcome = load(TEXTS["002"].replace("smooth, and not raised", "smooth and flat"))
    assert outcome.tally["questions", "updated"] == outcome.tally["replies", "unchanged"] - 4 == 1
    assert "smooth and flat" in outcome.record.question.body
    assert before.items() <= everything().items()


@pytest.mark.django_db
def test_a_revised_document_loses_the_links_it_no_longer_has():
    load(TEXTS["002"])
    record = load(TEXTS["002"].replace("Lipoma", "Warts")).record
    assert [r.topic.name for r in record.question.related_topics.all()][6:8] == ["Warts", "Boils"]
    assert record.question.related_topics.count() == 10


@pytest.mark.django_db
def test_a_link_that_was_computed_before_the_archive_set_it_is_the_archives():
    question = load(TEXTS["002"]).record.question
    before = everything()["RelatedQuestion"]
    question.related_questions.filter(position__gt=2).update(position=100, origin="computed", score=0.5)
    load(TEXTS["002"].replace("smooth, and not raised", "smooth and flat"))
    assert everything()["RelatedQuestion"] == before


@pytest.mark.django_db
def test_another_document_with_the_same_headline_is_refused():
    load(TEXTS["002"])
    before = everything()
    with pytest.raises(DocumentError, match=r"line 1: Another document, “page\.txt”"):
        load(TEXTS["002"].replace("Shan,", "Lin,"), name="other.txt")
    assert everything() == before
    assert load(TEXTS["002"], name="copy.txt").tally["questions", "unchanged"] == 1


def page_of_first_card():
    """A whole page, of which document 000 shows an excerpt in its first card."""
    card, page = parse(TEXTS["000"]).cards[0], parse(TEXTS["002"])
    return TEXTS["002"].replace(page.headline.text, card.headline.text), source_id_of(card.headline.text)


@pytest.mark.django_db
def test_a_whole_page_completes_the_excerpt_of_its_card():
    load(TEXTS["000"], name="000.txt")
    text, source_id = page_of_first_card()
    excerpt = Question.objects.get(source_id=source_id)
    outcome = load(text)
    question = Question.objects.get(source_id=source_id)
    assert outcome.tally["questions", "updated"] == 1
    assert (question.pk, question.is_excerpt, question.pseudonym) == (excerpt.pk, False, "Shan")
    assert question.changed_at == question.answered_at == question.replies.get().published_at != UNDATED
    assert question.replies.get().doctor.name == "Wu Yuxin"
    assert question.related_from.count() == 1


@pytest.mark.django_db
def test_a_card_never_overwrites_a_whole_question():
    text, source_id = page_of_first_card()
    load(text)
    before = Question.objects.values().get(source_id=source_id)
    load(TEXTS["000"], name="000.txt")
    assert Question.objects.values().get(source_id=source_id) == before
    assert Reply.objects.get(key=reply_key(source_id)).doctor.name == "Wu Yuxin"


@pytest.mark.django_db
def test_two_cards_with_one_headline_and_other_texts_keep_the_first_and_report_the_second():
    load(TEXTS["002"])
    changed = (
        TEXTS["002"].replace("Red Spots on the Thigh: Causes", "New: Causes").replace("When the weather is", "It is")
    )
    outcome = load(changed, name="other.txt")
    assert [a["line"] for a in outcome.anomalies if a["code"] == "headline-taken"] == [52]
    assert Question.objects.filter(body__startswith="When the weather is cold").count() == 1


@pytest.mark.django_db
def test_a_card_of_the_page_itself_and_a_repeated_term_make_no_link():
    page = parse(TEXTS["002"])
    text = TEXTS["002"].replace(page.cards[3].headline.text, page.headline.text).replace("Lipoma", "Boils")
    question = load(text).record.question
    assert question.related_questions.count() == 3
    assert question.related_topics.count() == 9


@pytest.mark.django_db
@pytest.mark.parametrize("zone", ["Asia/Taipei", "America/Los_Angeles", "Pacific/Honolulu", "Australia/Sydney"])
def test_dates_are_those_of_the_document_wherever_the_portal_stands(zone):
    question = load(TEXTS["000"]).record.question
    with timezone.override(zone):
        assert str(question.asked_on) == "2004-03-09"


@pytest.mark.django_db
def test_a_verified_doctor_of_the_same_name_gets_no_reply_of_the_archive():
    verified = make_doctor("Zhong Yitun")
    reply = load(TEXTS["000"]).record.question.replies.get()
    assert reply.doctor != verified
    assert reply.doctor.is_from_archive
    assert not reply.doctor.is_verified


@pytest.mark.django_db
def test_names_in_other_scripts_are_imported():
    text = TEXTS["002"].replace("Dr. Wu Yuxin", "Dr. 吳玉欣").replace("Cellulitis", "蜂窩性組織炎")
    load(text.replace("Red Spots on the Thigh: Causes and Concerns", "大腿紅點"))
    assert Doctor.objects.get(name="吳玉欣").slug == "doctor"
    assert Topic.objects.get(name="蜂窩性組織炎").slug == "topic"
    assert Question.objects.get(source_id="大腿紅點").article.slug == "article"


# The command


@pytest.mark.django_db
def test_the_command_says_what_it_did_and_writes_a_report(tmp_path):
    report = tmp_path / "report.json"
    said = run(*FILES, report=str(report))
    for line in ("questions: 3 created", "excerpts: 12 created", "replies: 15 created", "articles: 4 created"):
        assert line in said
    assert "anomalies: 44 (cut-mid-word 13, excerpt-cut 13, other-specialty 4" in said
    content = json.loads(report.read_text(encoding="utf-8"))
    assert content["tally"]["excerpts"] == {"created": 12}
    assert sum(len(document["anomalies"]) for document in content["documents"]) == 44
    assert sum(content["anomalies_by_code"].values()) == 44


@pytest.mark.django_db
def test_one_refused_document_keeps_all_from_being_written(tmp_path):
    first, second = tmp_path / "first.txt", tmp_path / "second.txt"
    first.write_text(TEXTS["000"].replace("2004/03/09", "2004/03/32"), encoding="utf-8")
    second.write_bytes(b"")
    said = refusal(*FILES, str(first), str(second))
    assert f"{first}: line 12: Expected a date of the calendar, but found “2004/03/32”." in said
    assert f"{second}: line 1: The document is empty" in said


@pytest.mark.django_db
def test_two_documents_with_one_headline_in_one_run_are_refused(tmp_path):
    other = tmp_path / "other.txt"
    other.write_text(TEXTS["002"].replace("Shan,", "Lin,"), encoding="utf-8")
    assert f"{other}: line 1: Another document, “{NAMES[2]}.txt”" in refusal(*FILES, str(other))


@pytest.mark.django_db
def test_a_folder_and_a_missing_file_are_refused(tmp_path):
    assert f"{tmp_path}: This is a folder" in refusal(str(tmp_path))
    assert "missing.txt: It cannot be read: No such file or directory." in refusal(str(tmp_path / "missing.txt"))


@pytest.mark.django_db
def test_a_report_that_cannot_be_written_stops_the_import(tmp_path):
    assert refusal(*FILES, report=str(tmp_path)) == ""
    assert refusal(*FILES, report=str(tmp_path / "no" / "report.json")) == ""


# Editors' additions


def test_the_three_things_that_document_001_asks_are_its_parts(imported):
    question = Question.objects.get(headline__startswith="Localized Scleroderma")
    parts = question.parts.with_coverage()
    assert [part.coverage for part in parts] == ["partly", None, None]
    assert QuestionPart.objects.count() == 3
    assert PartCoverage.objects.get().reply == question.replies.get()


def test_every_topic_has_a_kind_and_every_specialty_a_description(imported):
    assert not Topic.objects.filter(kind="").exists()
    assert Topic.objects.get(synonyms__name="pompholyx").name == "Sweat Blisters"
    assert all(question.specialty.description for question in Question.objects.select_related("specialty"))


def test_articles_say_how_they_stand_to_the_reply(imported):
    stances = Article.objects.order_by("question__asked_at").values_list("title", "stance")
    assert {title.split(":")[0]: stance for title, stance in stances} == {
        "Microvascular Vasculitis": "disagrees",
        "Red Spots on the Thigh": "extends",
        "Localized Scleroderma": "extends",
        "Milia Syndrome": "",
    }


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("[[topic", "not TOML"),
        ("[[tag]]\nslug = 'rash'", "“tag” is not one of the tables"),
        ("topic = 3", "must be written as [[topic]] tables"),
        ("[[topic]]\nkind = 'symptom'", "[[topic]] 1 has no “slug”"),
        ("[[topic]]\nslug = 'rash'\nkind = 'illness'", "“kind” must be one of condition, symptom"),
        ("[[topic]]\nslug = 'rash'\ncolour = 'red'", "“colour” is not one of the keys"),
        ("[[topic]]\nslug = 'rash'\nsynonyms = 'spots'", "“synonyms” must be a list"),
        ("[[topic]]\nslug = 'rash'\nsynonyms = ['']", "“synonyms” must hold texts"),
        ("[[specialty]]\nslug = 'urology'\nposition = -1", "“position” must be from 0"),
        ("[[question]]\nsource_id = 'a'\nparts = ['1', '2', '3', '4', '5', '6']", "at most 5 parts"),
        ("[[question]]\nsource_id = 'a'\nparts = ['1']\ncoverage = ['wholly']", "“coverage” must hold one of"),
        ("[[question]]\nsource_id = 'a'\ncoverage = ['partly']", "more parts than there are"),
        ("[[question]]\nsource_id = 'a'\nstance = 'likes'", "“stance” must be one of agrees"),
    ],
)
def test_a_wrong_editorial_file_is_refused_with_a_sentence(content, said):
    with pytest.raises(DocumentError) as refused:
        read_editorial(content.encode())
    assert said in refused.value.message


@pytest.mark.django_db
@pytest.mark.parametrize("row", ["[[topic]]\nslug = 'no-such'", "[[question]]\nsource_id = 'no-such'"])
def test_an_editorial_file_about_something_unknown_keeps_all_from_being_written(tmp_path, row):
    path = tmp_path / "editorial.toml"
    path.write_text(row)
    assert "“no-such”; import its document first." in refusal(*FILES, editorial=str(path))
