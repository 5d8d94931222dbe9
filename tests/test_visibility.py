"""What the public sees, on every public surface and for every status. A new surface is added to SURFACES."""

import re
from html import unescape

import pytest
from django.contrib.auth.models import AnonymousUser
from django.urls import reverse
from django.utils import timezone

from accounts.models import Doctor, Specialty
from qa import tallies, urls
from qa.models import (
    Article,
    ArticleStatus,
    EntryKind,
    Photo,
    PhotoAudience,
    Question,
    QuestionStatus,
    RelatedOrigin,
    Reply,
    ReplyStatus,
    SearchEntry,
    Topic,
)
from qa.related import find_similar
from qa.related.finding import find_matches_of
from qa.retention import erase
from qa.search import Finder, candidates, search, suggest
from qa.statistics import coverage_of, doctors_with_counts, specialties_with_counts, topics_with_counts
from tests.factories import (
    in_step,
    make_answered_question,
    make_article,
    make_doctor,
    make_question,
    make_reply,
    make_specialty,
    make_topic,
    make_user,
)

pytestmark = pytest.mark.django_db

HIDDEN_FROM_ALL = [
    "hidden@example.org",
    "the-secret-key-of-it",
    "Hidden medicine",
    "Hidden allergy",
    "Hidden note",
    "Hidden Rash Essay",
    "hidden-rash-essay",
    "Hidden Rash Doctor",
    "hidden-rash-doctor",
]


def read(client, *names, **query):
    """Everything a visitor gets at these addresses: texts, headers and redirects."""
    texts = []
    for name, *args in names:
        response = client.get(reverse(name, args=args), query)
        texts.append(f"{response.headers} {response.text}")
    return "\n".join(texts)


def read_if_there(client, name, **query):
    """As `read`, for a page whose address with the words "not found" holds what the visitor has typed."""
    response = client.get(reverse(name[0], args=name[1:]), query)
    return "" if response.status_code == 404 else response.text


def read_sections(client):
    """As `read`, of each part of the sitemap that its index names."""
    addresses = re.findall(r"<loc>http://testserver(.*?)</loc>", client.get(reverse("sitemap_index")).text)
    responses = [client.get(unescape(address)) for address in addresses]
    return "\n".join(f"{response.headers} {response.text}" for response in responses)


def find(client, name, **query):
    """As `read`, once the worker has been there."""
    in_step()
    return read(client, [name], **query)


def ask_the_same(client, name, then=None):
    """What somebody is shown who is about to ask what resembles the question."""
    about = {"title": "A rash on my body", "body": "My whole body is covered by a rash. What is it?"}
    in_step()
    response = client.post(reverse(name), about)
    return f"{response.headers} {response.text} {read(client, [then]) if then else ''}"


# What a visitor reads at each surface, where `q` is a question under specialty, topic and doctor of the world below.
SURFACES = {
    "home": lambda client, q: read(client, ["home"]),
    "question_report": lambda client, q: read_if_there(client, ["question_report", q.pk], reply=q.replies.get().pk),
    "question_helpful": lambda client, q: read_if_there(client, ["question_helpful", q.pk], reply=q.replies.get().pk),
    "article_report": lambda client, q: read_if_there(client, ["article_report", "xylo-article"]),
    "question_list": lambda client, q: read(client, ["question_list"]),
    "question_detail": lambda client, q: read(client, ["question_detail", q.pk, q.slug]),
    "question_short": lambda client, q: read(client, ["question_short", q.pk]),
    "specialty_list": lambda client, q: read(client, ["specialty_list"]),
    "specialty_detail": lambda client, q: read(client, ["specialty_detail", q.specialty.slug]),
    "specialty_topic": lambda client, q: read(client, ["specialty_topic", q.specialty.slug, "red-spots"]),
    "specialty_topic, linking": lambda client, q: read(client, ["specialty_topic", q.specialty.slug, "purpura"]),
    "topic_list": lambda client, q: read(client, ["topic_list"]),
    "topic_detail": lambda client, q: read(client, ["topic_detail", "red-spots"]),
    "topic_detail, linking": lambda client, q: read(client, ["topic_detail", "purpura"]),
    "doctor_list": lambda client, q: read(client, ["doctor_list"]),
    "doctor_detail": lambda client, q: read(client, ["doctor_detail", "world-doctor"]),
    "article_list": lambda client, q: read(client, ["article_list"]),
    "article_detail": lambda client, q: read(client, ["article_detail", "xylo-article"]),
    "search": lambda client, q: find(client, "search", q="rash"),
    "search, narrowed": lambda client, q: find(client, "search", specialty=q.specialty.slug, kind="question"),
    "search_suggestions": lambda client, q: find(client, "search_suggestions", q="xyl"),
    "ask_autosave": lambda client, q: ask_the_same(client, "ask_autosave"),
    "ask_similar": lambda client, q: ask_the_same(client, "ask_about", then="ask_similar"),
    "ask_parts": lambda client, q: ask_the_same(client, "ask_about", then="ask_parts"),
    "page": lambda client, q: read(client, *[["page", slug] for slug in urls.STANDING_PAGES.split("|")]),
    "feed_latest": lambda client, q: read(client, ["feed_latest"]),
    "feed_specialty": lambda client, q: read(client, ["feed_specialty", q.specialty.slug]),
    "sitemap_index": lambda client, q: read(client, ["sitemap_index"]),
    "sitemap_section": lambda client, q: read_sections(client),
    "robots": lambda client, q: read(client, ["robots"]),
    "favicon": lambda client, q: read(client, ["favicon"]),
    "healthz": lambda client, q: read(client, ["healthz"]),
    "similar": lambda client, q: (
        read(client, *[["question_short", pk] for pk in neighbours(q)], ["home"])
        + "".join(
            read(client, ["question_detail", n.pk, n.slug]) for n in Question.objects.filter(pk__in=neighbours(q))
        )
    ),
}
# Pages that show what belongs to one person, and photos: who sees these is tested in test_ask* and test_own_question.
ONLY_ONES_OWN = {
    "ask_about",
    "ask_answered",
    "ask_discard",
    "ask_photo",
    "ask_send",
    "ask_sent",
    "ask_urgent",
    "ask_you",
    "my_photo",
    "my_question",
    "my_question_download",
    "my_question_erase",
    "my_question_erased",
    "my_question_stop",
    "my_question_withdraw",
    "my_questions",
    "photo",
}
SHOW_AN_ANSWERED_ONE = {
    "home",
    "question_list",
    "question_detail",
    "question_short",
    "specialty_detail",
    "specialty_topic",
    "specialty_topic, linking",
    "topic_detail",
    "topic_detail, linking",
    "doctor_detail",
    "article_list",
    "article_detail",
    "article_report",
    "question_report",
    "question_helpful",
    "search",
    "search, narrowed",
    "search_suggestions",
    "ask_autosave",
    "ask_similar",
    "feed_latest",
    "feed_specialty",
    "sitemap_section",
    "similar",
}


def neighbours(question):
    return [
        *question.related_from.values_list("question", flat=True),
        *question.related_questions.values_list("related", flat=True),
    ]


@pytest.fixture
def world(db):
    """Makes a question in a status, with all that could give it away, linked from everywhere."""

    def make(status, reply_status=ReplyStatus.PUBLISHED, article_status=ArticleStatus.PUBLISHED):
        doctor, red_spots, purpura = make_doctor("World Doctor"), make_topic("Red Spots"), make_topic("Purpura")
        make_doctor("Hidden Rash Doctor", verified_at=None)
        essay = make_article("Hidden Rash Essay", ArticleStatus.DRAFT, slug="hidden-rash-essay")
        essay.topics.add(red_spots, purpura)
        question = make_question(
            status,
            title="Xylo rash",
            body="Xylo body",
            pseudonym="Xylo Heron",
            contact_email=HIDDEN_FROM_ALL[0],
            secret_key=HIDDEN_FROM_ALL[1],
            medicines=HIDDEN_FROM_ALL[2],
            allergies=HIDDEN_FROM_ALL[3],
        )
        question.events.create(kind="claimed", note=HIDDEN_FROM_ALL[4])
        question.revisions.create(field="body", text=HIDDEN_FROM_ALL[4], reason="A name.")
        question.parts.create(position=1, text="Xylo part")
        reply = make_reply(question, doctor, reply_status, body="Xylo reply")
        reply.flags.create(reason="wrong", contact_email=HIDDEN_FROM_ALL[0], note=HIDDEN_FROM_ALL[4])
        article_fields = {"slug": "xylo-article", "body": "Xylo text", "question": question}
        make_article("Xylo rash article", article_status, **article_fields).topics.add(red_spots)
        question.topics.add(red_spots)
        question.related_topics.create(
            topic=purpura, specialty=question.specialty, position=1, origin=RelatedOrigin.EDITOR
        )
        other = make_answered_question(doctor, title="A well-known rash")
        excerpt = make_answered_question(doctor, title="An excerpt", is_excerpt=True)
        other.related_questions.create(related=question, position=1, origin=RelatedOrigin.EDITOR)
        question.related_questions.create(related=excerpt, position=1, origin=RelatedOrigin.EDITOR)
        return question

    return make


def test_every_public_address_is_a_surface():
    public = {pattern.name for pattern in urls.urlpatterns} - ONLY_ONES_OWN
    assert public <= {name.split(",")[0] for name in SURFACES}


@pytest.mark.parametrize("surface", SURFACES)
@pytest.mark.parametrize("status", [s for s in QuestionStatus if s != QuestionStatus.ANSWERED])
def test_only_answered_questions_exist_for_the_public(client, world, surface, status):
    assert "xylo" not in SURFACES[surface](client, world(status)).lower()


@pytest.mark.parametrize("surface", SURFACES)
def test_an_answered_question_is_shown_without_what_is_private(client, world, surface):
    text = SURFACES[surface](client, world(QuestionStatus.ANSWERED))
    assert ("xylo" in text.lower()) == (surface in SHOW_AN_ANSWERED_ONE)
    assert not [hidden for hidden in HIDDEN_FROM_ALL if hidden in text]


@pytest.mark.parametrize("surface", SURFACES)
@pytest.mark.parametrize("status", [ReplyStatus.DRAFT, ReplyStatus.WITHDRAWN])
def test_only_published_replies_exist_for_the_public(client, world, surface, status):
    question = world(QuestionStatus.ANSWERED, reply_status=status)
    assert "Xylo reply" not in SURFACES[surface](client, question)


@pytest.mark.parametrize("surface", SURFACES)
def test_only_published_articles_exist_for_the_public(client, world, surface):
    question = world(QuestionStatus.ANSWERED, article_status=ArticleStatus.DRAFT)
    text = SURFACES[surface](client, question)
    assert "Xylo rash article" not in text
    assert "Xylo text" not in text


@pytest.mark.parametrize("status", QuestionStatus)
def test_a_question_that_may_not_be_seen_is_not_found(client, world, status):
    question = world(status)
    response = client.get(question.get_absolute_url())
    assert response.status_code == (200 if status == QuestionStatus.ANSWERED else 404)


@pytest.mark.parametrize("status", QuestionStatus)
def test_who_may_read_a_question(status, patient, other_patient, doctor, moderator, editor):
    other_specialty = make_doctor(specialties=[make_specialty("Urology")])
    question = make_question(status, patient=patient)
    people = {
        "visitor": AnonymousUser(),
        "patient": patient.user,
        "other patient": other_patient.user,
        "doctor": doctor.user,
        "doctor of another specialty": other_specialty.user,
        "moderator": moderator,
        "editor": editor,
    }
    readers = {name for name, user in people.items() if question in Question.objects.visible_to(user)}
    expected = {"patient", "moderator"}
    if status == QuestionStatus.OPEN:
        expected |= {"doctor"}
    assert readers == (set(people) if status == QuestionStatus.ANSWERED else expected)


@pytest.mark.parametrize("status", QuestionStatus)
def test_replies_articles_and_photos_are_public_only_with_their_question(status):
    question = make_question(status)
    reply = make_reply(question, status=ReplyStatus.PUBLISHED)
    article = make_article(question=question)
    photo = question.photos.create(
        position=1, audience=PhotoAudience.PUBLIC, consented_at=timezone.now(), accepted_at=timezone.now()
    )
    private_photo = question.photos.create(position=2)
    seen = [*Reply.objects.public(), *Article.objects.public(), *Photo.objects.public()]
    assert seen == ([reply, article, photo] if status == QuestionStatus.ANSWERED else [])
    assert private_photo not in Photo.objects.public()


GONE = {
    "removed": lambda question: question.remove(None, "Asked for."),
    "pending": lambda question: Question.objects.filter(pk=question.pk).update(
        status=QuestionStatus.PENDING, answered_at=None
    ),
    "erased": erase,
    "erased but its replies": lambda question: erase(question, keep_replies=True),
}


@pytest.mark.parametrize("gone", GONE)
def test_an_entry_that_search_should_not_have_shows_suggests_and_relates_nothing(gone):
    texts = ("Xylo rash", "Since May the xylo has spread over both of my shins.")
    question = make_answered_question(title=texts[0], body=texts[1])
    in_step()
    entry = SearchEntry.objects.get(kind=EntryKind.QUESTION, object_id=question.pk)
    assert [hit.question for hit in search("xylo").hits] == [question]
    assert [suggestion.url for suggestion in suggest("xyl")] == [question.get_absolute_url()]
    GONE[gone](question)
    SearchEntry.objects.filter(kind=EntryKind.QUESTION, object_id=entry.object_id).delete()
    entry.save(force_insert=True)  # by hand, or because a trigger was forgotten
    shown = [f"{hit.heading} {hit.text}" for hit in search("xylo").hits] + [row.text for row in suggest("xyl")]
    assert "xylo" not in " ".join(shown).lower()
    assert candidates("\n".join(texts)) == find_similar("\n".join(texts)) == []
    assert find_matches_of({0: "\n".join(texts)}, {}, Finder(), 9) == [[]]


def test_a_doctor_who_is_not_verified_and_a_draft_have_no_page(client, world):
    world(QuestionStatus.ANSWERED)
    assert client.get("/doctors/hidden-rash-doctor/").status_code == 404
    assert client.get("/articles/hidden-rash-essay/").status_code == 404


@pytest.mark.parametrize("status", QuestionStatus)
def test_numbers_count_only_what_the_public_sees(doctor, status):
    make_doctor("Not verified yet", verified_at=None)
    question, topic = make_question(status), make_topic()
    question.topics.add(topic)
    reply = make_reply(question, doctor, ReplyStatus.PUBLISHED)
    reply.coverages.create(part=question.parts.create(position=1, text="Part"), coverage="answered")
    make_reply(question, doctor)
    seen = 1 if status == QuestionStatus.ANSWERED else 0
    tallies.recount()
    specialty = specialties_with_counts(Specialty.objects.all()).get()
    assert (specialty.question_count, specialty.doctor_count) == (seen, 1)
    assert topics_with_counts(Topic.objects.all()).get().question_count == seen
    assert doctors_with_counts(Doctor.objects.public()).get().reply_count == seen
    assert len(coverage_of(doctor)) == seen


def test_an_author_without_a_name_is_not_shown_by_e_mail_address(client):
    article = make_article(author=make_user("hidden@example.org"), question=make_answered_question())
    for address in ("/", "/articles/", article.get_absolute_url(), article.question.get_absolute_url()):
        assert "hidden@example.org" not in client.get(address).text


def test_queues_hold_what_their_names_say(doctor):
    by_status = {status: make_question(status) for status in QuestionStatus}
    urgent = make_question(QuestionStatus.OPEN, is_urgent=True, asked_at=timezone.now())
    elsewhere = make_question(QuestionStatus.OPEN, specialty=make_specialty("Urology"))
    assert list(Question.objects.pending()) == [by_status["pending"]]
    assert list(Question.objects.needs_info()) == [by_status["needs_info"]]
    assert list(Question.objects.for_doctor(doctor)) == [urgent, by_status["open"]]
    assert set(Question.objects.awaiting_reply()) == {urgent, by_status["open"], elsewhere}
