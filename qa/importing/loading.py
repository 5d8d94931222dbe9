"""Writes parsed documents into the database: all or nothing for each document, and nothing twice."""

import datetime
import re
import uuid
from collections import Counter
from dataclasses import asdict, dataclass

from django.db import transaction
from django.utils.text import slugify

from accounts.models import Doctor, DoctorAlias, Specialty
from qa.errors import DocumentError
from qa.importing.anomalies import Anomaly, find_anomalies, spelling_variants
from qa.importing.documents import ArticlePage, Byline, Card, Line, QuestionPage, as_json
from qa.importing.markdown import to_markdown
from qa.models import (
    UNDATED,
    Article,
    ArticleOrigin,
    ArticleStatus,
    ImportRecord,
    Question,
    QuestionStatus,
    QuestionTopic,
    RelatedOrigin,
    RelatedQuestion,
    RelatedTopic,
    Reply,
    ReplyStatus,
    Topic,
)
from qa.screening import mend, screen

SOURCE = "archive"
KEYS = uuid.UUID("5d1b6c0e-6f3a-5c44-9b1e-0d6a3f0c7a52")  # the namespace of the archive's reply keys
NOON = datetime.time(12, tzinfo=datetime.UTC)  # of a date without a time: the same day nearly everywhere
PART_OF_PAGE = ("questions", "excerpts", "replies", "articles")


@dataclass(frozen=True)
class Outcome:
    """What became of one document: how many rows of what were created, updated or unchanged, and its anomalies."""

    record: ImportRecord
    tally: Counter  # (one of PART_OF_PAGE, "created" | "updated" | "unchanged"): number
    anomalies: list[dict]


def source_id_of(headline: str) -> str:
    """The id in the archive of the question with this headline: pages and cards of one headline are one question."""
    return slugify(headline, allow_unicode=True)[:200]


def reply_key(source_id: str) -> uuid.UUID:
    """The key of the archive's reply to the question with this id."""
    return uuid.uuid5(KEYS, f"{SOURCE}/{source_id}")


@transaction.atomic
def load_document(page: QuestionPage | ArticlePage, data: bytes, name: str) -> Outcome:
    """Write one document. One that is in the database already, byte by byte, changes nothing there.

    So what moderators and editors have changed since stays changed. A document of the same name and headline with
    other bytes is a revision: its texts replace those imported before, statuses stay. Under another headline it is
    another document.

    Args:
        page: what was parsed.
        data: the bytes it was parsed from, kept in the import record.
        name: the file's name, at most 200 characters of it are kept.

    Raises:
        DocumentError: where the headline or title belongs to another document already; nothing is written.
    """
    name = name[-200:]
    source_id = _record_id(page)
    record = ImportRecord.objects.filter(source=SOURCE, source_id=source_id).first()
    if record and bytes(record.document) == data:
        return Outcome(record, _unchanged(page), record.anomalies)
    if record and record.name != name:
        raise DocumentError(1, f"Another document, “{record.name}”, holds the text under this headline already.")
    load = _load_question_page if isinstance(page, QuestionPage) else _load_article_page
    tally = Counter()
    target, more = load(page, record, tally)
    anomalies = [asdict(anomaly) for anomaly in [*find_anomalies(page), *more]]
    fields = {"name": name, "document": data, "parsed": as_json(page), "anomalies": anomalies, **target}
    record, _ = _put(ImportRecord, {"source": SOURCE, "source_id": source_id}, fields)
    return Outcome(record, tally, anomalies)


def _record_id(page):
    if isinstance(page, ArticlePage):
        return f"article/{source_id_of(page.title)}"[:200]
    for line in (page.headline, *(card.headline for card in page.cards)):
        if not source_id_of(line.text):
            raise DocumentError(line.number, "Expected a headline with at least one letter or digit.")
    return source_id_of(page.headline.text)


def _unchanged(page):
    cards = len(page.cards) if isinstance(page, QuestionPage) else 0
    numbers = (1, cards, 1 + cards, 1) if isinstance(page, QuestionPage) else (0, 0, 0, 1)
    return Counter({(what, "unchanged"): number for what, number in zip(PART_OF_PAGE, numbers, strict=True) if number})


def _put(model, keys, fields, at_first=None):
    """The row with these keys, holding these fields; `at_first` is set when it is created only.

    Nothing is written where the row holds them already. Returns the row and what was done.
    """
    row = model.objects.filter(**keys).first()
    if row is None:
        return model.objects.create(**keys, **fields, **(at_first or {})), "created"
    changed = [name for name, value in fields.items() if getattr(row, name) != value]
    for name in changed:
        setattr(row, name, fields[name])
    if changed:
        row.save(update_fields=changed)
    return row, "updated" if changed else "unchanged"


def _free_slug(model, text, fallback):
    """A slug of `text` that no row of `model` has yet."""
    limit = model._meta.get_field("slug").max_length
    base = slugify(text)[: limit - 6].strip("-") or fallback
    slug, number = base, 1
    while model.objects.filter(slug=slug).exists():
        number += 1
        slug = f"{base}-{number}"
    return slug


def _named(model, name):
    """The specialty or topic of this name, whatever its case."""
    row = model.objects.filter(name__iexact=name).first()
    return row or model.objects.create(name=name, slug=_free_slug(model, name, model._meta.model_name))


def _noon(day):
    return datetime.datetime.combine(day, NOON)


def _without_photo_links(text):
    """`text` with the links to photos on other sites replaced by words that say so."""
    return mend(text, [finding for finding in screen(text, ["links"]) if finding.rule == "photo-link"])


def _sentences(lines: tuple[Line, ...]):
    return "\n".join(_without_photo_links(line.text) for line in lines)


# Question pages


def _load_question_page(page, record, tally):
    specialty = _named(Specialty, page.specialty)
    asked_at, answered_at = _noon(page.asker.asked_on), _noon(page.replied_on)
    fields = {
        "specialty": specialty,
        "headline": page.headline.text,
        "title": _without_photo_links(page.title.text),
        "body": _sentences(page.body),
        "pseudonym": page.asker.pseudonym,
        "age_from": page.asker.age_from,
        "age_to": page.asker.age_to,
        "sex": page.asker.sex,
        "asked_at": asked_at,
        "answered_at": answered_at,
        "is_excerpt": False,
    }
    at_first = {"status": QuestionStatus.ANSWERED, "changed_at": answered_at}
    keys = {"source": SOURCE, "source_id": source_id_of(page.headline.text)}
    question, done = _put(Question, keys, fields, at_first)
    if question.changed_at == UNDATED:  # it was an excerpt until now
        _put(Question, keys, {"changed_at": answered_at})
    tally["questions", done] += 1
    _load_reply(question, page.byline, _sentences(page.reply), answered_at, tally)
    _load_more_info(question, page, answered_at, tally)
    topics = _load_terms(question, page)
    _set_topics(question, topics)
    more = _load_cards(question, page, topics, tally)
    return {"question": question}, more


def _load_reply(question, byline: Byline, body, published_at, tally):
    doctor = _doctor(byline, body)
    fields = {
        "question": question,
        "doctor": doctor,
        "specialty": _named(Specialty, byline.specialty),
        "body": body,
        "published_at": published_at,
        "created_at": published_at,
    }
    _, done = _put(Reply, {"key": reply_key(question.source_id)}, fields, {"status": ReplyStatus.PUBLISHED})
    tally["replies", done] += 1


def _doctor(byline, reply):
    """The doctor of this name or alias, with the specialty of the reply and the spellings found in it."""
    namesakes = Doctor.objects.filter(is_from_archive=True)  # a verified doctor of the same name may be somebody else
    doctor = namesakes.known_as(byline.doctor).order_by("pk").first()
    if doctor is None:
        slug = _free_slug(Doctor, byline.doctor, "doctor")
        doctor = Doctor.objects.create(name=byline.doctor, slug=slug, is_from_archive=True)
    doctor.specialties.add(_named(Specialty, byline.specialty))
    for variant in spelling_variants(byline.doctor, reply):
        is_taken = namesakes.known_as(variant).exists() or DoctorAlias.objects.filter(name=variant).exists()
        if not is_taken:  # a name is one person's only
            DoctorAlias.objects.create(doctor=doctor, name=variant)
    return doctor


def _load_more_info(question, page, published_at, tally):
    lines = [Line(line.number, _without_photo_links(line.text)) for line in page.more_info]
    fields = {"title": page.headline.text, "body": to_markdown(lines)}
    at_first = {
        "slug": _free_slug(Article, page.headline.text, "article"),
        "origin": ArticleOrigin.IMPORTED,
        "status": ArticleStatus.PUBLISHED,
        "published_at": published_at,
    }
    _, done = _put(Article, {"question": question}, fields, at_first)
    tally["articles", done] += 1


def _load_terms(question, page):
    """Set the archive's related topics of the question, and return them."""
    topics = []
    for term in page.terms:
        topic, specialty = _named(Topic, term.name), _named(Specialty, term.specialty)
        topic.specialties.add(specialty)
        if (topic, specialty) not in topics:
            topics.append((topic, specialty))
    keys = [{"topic": topic, "specialty": specialty} for topic, specialty in topics]
    _set_related(RelatedTopic, question, keys)
    return [topic for topic, _ in topics]


def _set_related(model, question, wanted):
    """Make the question's archive links exactly these, in this order; editors' stay, computed ones become these."""
    kept = []
    for position, keys in enumerate(wanted, 1):
        row = model.objects.filter(question=question, **keys).first()
        if row is None:
            row = model.objects.create(question=question, position=position, origin=RelatedOrigin.ARCHIVE, **keys)
        elif row.origin != RelatedOrigin.EDITOR and (row.origin, row.position) != (RelatedOrigin.ARCHIVE, position):
            row.origin, row.position, row.score = RelatedOrigin.ARCHIVE, position, None
            row.save(update_fields=["origin", "position", "score"])
        kept.append(row.pk)
    model.objects.filter(question=question, origin=RelatedOrigin.ARCHIVE).exclude(pk__in=kept).delete()


def _set_topics(question, topics):
    """File the question under those of the topics that its headline or title names."""
    heading = f"{question.headline}\n{question.title}"
    for topic in topics:
        if _names(heading, topic.name):
            QuestionTopic.objects.get_or_create(content_object=question, tag=topic)


def _names(heading, topic):
    """Whether the words of the topic stand in the heading, in the singular or the plural."""
    singular = topic.removesuffix("s")
    return re.search(rf"(?<!\w){re.escape(singular)}s?(?!\w)", heading, re.IGNORECASE) is not None


# Cards


def _load_cards(question, page, topics, tally):
    """Make a question of each card that is none yet; the page links them all. Returns what was odd."""
    wanted, odd = [], []
    for card in page.cards:
        related, is_same = _load_card(card, topics, tally)
        if not is_same:
            message = "Another text under this headline is in the archive; the card's stays in the import record only."
            odd.append(Anomaly("headline-taken", card.excerpt.number, message, card.headline.text))
        if related != question and {"related": related} not in wanted:
            wanted.append({"related": related})
    _set_related(RelatedQuestion, question, wanted)
    return odd


def _load_card(card: Card, topics, tally):
    """The question of the card, and whether it holds the card's text; a card overwrites nothing."""
    source_id, body = source_id_of(card.headline.text), _without_photo_links(card.excerpt.text)
    question = Question.objects.filter(source=SOURCE, source_id=source_id).first()
    if question:
        tally["excerpts", "unchanged"] += 1
        tally["replies", "unchanged"] += 1
        reply = question.replies.filter(key=reply_key(source_id)).first()
        same_reply = reply is None or reply.body == _without_photo_links(card.reply.text)
        return question, not question.is_excerpt or (question.body == body and same_reply)
    question = Question.objects.create(
        source=SOURCE,
        source_id=source_id,
        specialty=_named(Specialty, card.byline.specialty),
        headline=card.headline.text,
        title=card.headline.text,
        body=body,
        status=QuestionStatus.ANSWERED,
        asked_at=UNDATED,
        answered_at=UNDATED,
        changed_at=UNDATED,
        is_excerpt=True,
    )
    tally["excerpts", "created"] += 1
    _load_reply(question, card.byline, _without_photo_links(card.reply.text), UNDATED, tally)
    _set_topics(question, topics)
    return question, True


# Articles


def _load_article_page(page, record, tally):
    lines = [Line(line.number, _without_photo_links(line.text)) for line in page.paragraphs]
    fields = {"title": page.title, "body": to_markdown(lines)}
    if record and record.article:
        article, done = _put(Article, {"pk": record.article_id}, fields)
    else:
        slug = _free_slug(Article, page.title, "article")
        article = Article.objects.create(
            slug=slug,
            origin=ArticleOrigin.IMPORTED,
            status=ArticleStatus.PUBLISHED,
            published_at=UNDATED,
            **fields,
        )
        done = "created"
    tally["articles", done] += 1
    return {"article": article}, []
