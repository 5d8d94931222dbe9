"""Own data: everything held about a question, for the patient to take along."""

import io
import json
import zipfile
from contextlib import suppress

from django.template.loader import render_to_string

from accounts.models import User
from qa.models import Question
from qa.notifications import HAPPENED

FIELDS = """headline title body language pseudonym age_from age_to sex on_behalf_of medicines allergies contact_email
    status reject_reason is_urgent wants_news asked_at answered_at changed_at terms_version""".split()  # noqa: SIM905


def as_dict(question: Question) -> dict:
    """The question with all that hangs on it, as plain values; dates in ISO 8601."""
    return {name: getattr(question, name) for name in FIELDS} | {
        "specialty": question.specialty and question.specialty.name,
        "topics": [topic.name for topic in question.topics.all()],
        "parts": list(question.parts.values("position", "text")),
        "follow_ups": list(question.follow_ups.values("sent_at", "is_requested", "body")),
        "photos": [
            {"file": name_in_archive(photo), "audience": photo.audience, "consented_at": photo.consented_at}
            for photo in question.photos.all()
        ],
        "replies": [_reply(reply) for reply in question.replies.sent().reverse().select_related("doctor", "specialty")],
        "seen_before_asking": list(question.seen_questions.values("seen", "choice", "note")),
        "events": list(question.events.filter(kind__in=HAPPENED).values("created_at", "kind", "note", "notified_at")),
        "before_moderators_changed_it": list(question.revisions.values("field", "text")),
    }


def _reply(reply):
    """Of a withdrawn one, as on the private page, that it was there and why it no longer is."""
    signed = {
        "doctor": str(reply.doctor),
        "specialty": reply.specialty.name,
        "credential": reply.credential,
        "published_at": reply.published_at,
    }
    if reply.is_withdrawn:
        return signed | {"withdrawn_at": reply.withdrawn_at, "withdrawn_because": reply.withdrawn_because}
    return signed | {
        "body": reply.body,
        "next_step": reply.get_next_step_display(),
        "see_specialty": reply.see_specialty and reply.see_specialty.name,
        "covers": [
            {"part": covered.part.text, "how_far": covered.get_coverage_display()}
            for covered in reply.coverages.select_related("part").order_by("part__position")
        ],
        "cannot_assess": reply.get_cannot_assess_display(),
        "may_be_about": reply.may_be_about,
        "urgent_if": reply.urgent_if,
        "whom_to_see": reply.whom_to_see,
        "reviews": [
            {
                "doctor": str(review.doctor),
                "verdict": review.get_verdict_display(),
                "note": review.note,
                "signed_at": review.signed_at,
            }
            for review in reply.reviews.select_related("doctor")
        ],
    }


def of_user(user: User) -> list[dict]:
    """All questions of this user."""
    return [as_dict(question) for question in Question.objects.asked_by(user).order_by("pk")]


def name_in_archive(photo) -> str:
    """The photo's name in the archive."""
    return f"photo-{photo.position}.webp"


def as_zip(question: Question) -> bytes:
    """A ZIP archive: the question as JSON and as a page to read, and its photos."""
    content = io.BytesIO()
    data = as_dict(question)
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("question.json", json.dumps(data, default=_plain, ensure_ascii=False, indent=2))
        archive.writestr("question.html", render_to_string("qa/own_data.html", {"question": question, "data": data}))
        for photo in question.photos.all():
            with suppress(FileNotFoundError), photo.file.open("rb") as file:
                archive.writestr(name_in_archive(photo), file.read())
    return content.getvalue()


def _plain(value):
    return value.isoformat() if hasattr(value, "isoformat") else str(value)
