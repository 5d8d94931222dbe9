"""Browse: the pages any visitor reads. Every one shows public rows only, in at most six queries."""

from operator import attrgetter, itemgetter
from urllib.parse import urlencode

from django.conf import settings
from django.db.models import BigIntegerField, Exists, OuterRef, Q
from django.db.models.functions import Left, Upper
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_safe

from accounts.models import Doctor, DoctorAlias, Specialty
from qa import structured_data
from qa.models import (
    Article,
    Question,
    Reply,
    ReplyReview,
    Topic,
    as_models,
    coverage_label,
    prepared,
    together,
    unfolded,
    version_of_question,
)
from qa.paging import get_page
from qa.statistics import (
    coverage_of,
    doctors_with_counts,
    in_words,
    most_answered_topics,
    specialties_of_topic,
    specialties_with_counts,
    topics_with_counts,
    typical_reply_time,
)
from qa.templatetags.text import contents
from qa.views.public import public

TOPICS_ON_HOME = 24
TOPICS_ON_PAGE = 200
DOCTORS_ON_PAGE = 50
LINKING_SHOWN = 20
MAX_KEY = BigIntegerField.MAX_BIGINT
SIMILAR_SHOWN = 8
RELATED_SHOWN = 20


def canonical(request, row=None):
    """The address search engines should know this page by: the portal's own, whatever name it was asked under."""
    place = {key: value for key, value in request.GET.items() if key in ("after", "before")} if row is None else {}
    path = row.get_absolute_url() if row else request.path
    return settings.SITE_URL + path + ("?" + urlencode(place) if place else "")


@public
@require_safe
def home(request):
    context = {
        "canonical": canonical(request),
        "latest": Question.objects.public().whole().for_cards().order_by("-answered_at", "-pk")[:10],
        "specialties": specialties_with_counts(Specialty.objects.all()),
        "topics": most_answered_topics(TOPICS_ON_HOME),
        "articles": Article.objects.public().of_their_own().for_rows().order_by("-published_at", "-pk")[:5],
    }
    return render(request, "qa/home.html", context)


@public
@require_safe
def question_list(request):
    page = get_page(Question.objects.public().for_cards(), request.GET, "answered_at")
    return render(request, "qa/question_list.html", {"page": page, "canonical": canonical(request)})


# What is read most.
_question = prepared(
    lambda pk: Question.objects.public().for_page().annotate(version=version_of_question()).filter(pk=pk)
)


@public(tells_version=True)
@require_safe
def question_detail(request, pk, slug=None):
    found = _question(pk) if pk <= MAX_KEY else []
    if not found:
        raise Http404
    question = found[0]
    if slug != question.slug:
        return redirect(question, permanent=True)
    once_published = shown_replies(question)
    replies = [reply for reply in once_published if not reply.is_withdrawn]
    address = canonical(request, question)
    context = {
        "question": question,
        "parts": [] if question.is_excerpt else _parts(question),
        "replies": once_published if replies else [],  # in the place of a withdrawn one stands that it was
        "article": _article(pk) if question.has_article else None,
        "similar": _similar(question),
        "quoting": _quoting(question),
        "related_topics": _in_order(question.topic_links, "position")[:RELATED_SHOWN],
        "canonical": address,
        "robots": "noindex" if question.is_excerpt or question.erased_at else "",
        "share_url": address,
        "share_mail": "mailto:?"
        + urlencode({"subject": question.heading, "body": address}, safe=":/").replace("+", "%20"),
        "structured_data": None if question.erased_at else structured_data.question_page(question, replies, address),
    }
    response = render(request, "qa/question_detail.html", context)
    response.version = question.version
    return response


def _in_order(rows, by):
    return sorted(rows or [], key=itemgetter(by))


def _parts(question):
    parts = _in_order(question.part_list, "position")
    return [part | {"coverage_label": coverage_label(part["coverage"])} for part in parts]


def _article(pk):
    return Article.objects.public().for_rows().filter(question=pk).first()


def _similar(question):
    """As partials/full_card.html shows them."""
    similar = as_models(Question, _in_order(question.similar_list, "position")[:SIMILAR_SHOWN])
    for card in similar:
        card.first_reply = unfolded(card.first_reply)
    return similar


def _quoting(question):
    return as_models(Question, _in_order(question.quoting_list, "id")[:LINKING_SHOWN])


def shown_replies(question):
    """The replies that could ever be read, as partials/reply.html shows them."""
    replies = as_models(Reply, question.reply_list)
    for reply in replies:
        reviews = as_models(ReplyReview, reply.review_list)
        reply.signed_reviews = sorted(reviews, key=attrgetter("signed_at", "pk"))
    return sorted(replies, key=attrgetter("published_at", "pk"))


@public
@require_safe
def specialty_list(request):
    specialties = specialties_with_counts(Specialty.objects.all())
    return render(request, "qa/specialty_list.html", {"specialties": specialties, "canonical": canonical(request)})


@public
@require_safe
def specialty_detail(request, slug):
    specialty = get_object_or_404(Specialty, slug=slug)
    questions = Question.objects.public().filter(specialty=specialty).for_cards()
    context = {
        "specialty": specialty,
        "page": get_page(questions, request.GET, "answered_at"),
        "doctors": doctors_with_counts(specialty.doctors.public())[:DOCTORS_ON_PAGE],
        "topics": specialty.topics.all()[:TOPICS_ON_PAGE],
        "typical_reply": in_words(typical_reply_time(specialty)),
        "canonical": canonical(request),
    }
    return render(request, "qa/specialty_detail.html", context)


@public
@require_safe
def specialty_topic(request, specialty, topic):
    pairs = Topic.specialties.through.objects.filter(specialty__slug=specialty).select_related("specialty", "topic")
    pair = pairs.filter(topic__slug=topic).first()
    if pair is None:
        taken_in = get_object_or_404(pairs, topic__redirects__slug=topic)
        return redirect("specialty_topic", specialty, taken_in.topic.slug, permanent=True)
    specialty, topic = pair.specialty, pair.topic
    questions = Question.objects.listed_under(topic, specialty)
    linking = Question.objects.public().linking(topic, specialty)
    context = {
        "specialty": specialty,
        "topic": topic,
        "page": get_page(questions.for_cards(), request.GET, "listed_at"),
        "linking": linking.for_cards()[:LINKING_SHOWN],
        "siblings": topic.specialties.exclude(pk=specialty.pk),
        "articles": Article.objects.public().about(topic)[:LINKING_SHOWN],
        "canonical": canonical(request),
    }
    return render(request, "qa/specialty_topic.html", context)


@public
@require_safe
def topic_list(request):
    topics = topics_with_counts(Topic.objects.prefetch_related("specialties"))
    page = get_page(topics, request.GET, "name", descending=False, size=TOPICS_ON_PAGE)
    shown = {}
    for topic in page.rows:
        shown.setdefault(topic.name[:1].upper(), []).append(topic)
    initials = Topic.objects.order_by().values_list(Upper(Left("name", 1)), flat=True).distinct()
    letters = [
        {"letter": letter, "url": f"#letter-{letter}" if letter in shown else "?" + urlencode({"after": f"0~{letter}"})}
        for letter in sorted(initials)
    ]
    context = {"page": page, "groups": list(shown.items()), "letters": letters, "canonical": canonical(request)}
    return render(request, "qa/topic_list.html", context)


@public
@require_safe
def topic_detail(request, slug):
    topic = Topic.objects.with_synonyms().filter(slug=slug).first()
    if topic is None:
        return redirect(get_object_or_404(Topic, redirects__slug=slug), permanent=True)
    questions = Question.objects.public().about(topic)
    linking = Question.objects.public().linking(topic)
    context = {
        "topic": topic,
        "specialties": specialties_of_topic(topic),
        "page": get_page(questions.for_cards(), request.GET, "listed_at"),
        "linking": linking.for_cards()[:LINKING_SHOWN],
        "articles": Article.objects.public().about(topic)[:LINKING_SHOWN],
        "canonical": canonical(request),
    }
    return render(request, "qa/topic_detail.html", context)


@public
@require_safe
def doctor_list(request):
    doctors = doctors_with_counts(Doctor.objects.public().prefetch_related("specialties"))
    page = get_page(doctors, request.GET, "name", descending=False, size=DOCTORS_ON_PAGE)
    return render(request, "qa/doctor_list.html", {"page": page, "canonical": canonical(request)})


@public
@require_safe
def doctor_detail(request, slug):
    linked = Q(pk__in=Doctor.objects.public()) | Exists(Reply.objects.public().order_by().filter(doctor=OuterRef("pk")))
    aliases = together(DoctorAlias.objects.filter(doctor=OuterRef("pk")), "doctor", name="name")
    doctor = get_object_or_404(Doctor.objects.filter(linked).annotate(alias_list=aliases), slug=slug)
    replies = Reply.objects.public().filter(doctor=doctor).select_related("question__specialty", "specialty")
    context = {
        "doctor": doctor,
        "specialties": doctor.specialties.all(),
        "credentials": doctor.credentials.all(),
        "aliases": _in_order(doctor.alias_list, "name"),
        "page": get_page(replies, request.GET, "published_at"),
        "coverage": coverage_of(doctor),
        "canonical": canonical(request),
    }
    return render(request, "qa/doctor_detail.html", context)


@public
@require_safe
def article_list(request):
    page = get_page(Article.objects.public().for_rows(), request.GET, "published_at")
    return render(request, "qa/article_list.html", {"page": page, "canonical": canonical(request)})


@public
@require_safe
def article_detail(request, slug):
    article = get_object_or_404(Article.objects.public().for_rows(), slug=slug)
    context = {
        "article": article,
        "contents": contents(article.body),
        "topics": article.topics.all(),
        # "More info" of a question is read there: its own page would be the same text twice.
        "canonical": canonical(request, article.question or article),
    }
    return render(request, "qa/article_detail.html", context)


@public
@require_safe
def page(request, slug):
    """A standing text: about, how it works, privacy, terms, emergency."""
    return render(request, f"pages/{slug}.html", {"canonical": canonical(request)})
