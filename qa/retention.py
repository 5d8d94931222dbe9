"""Retention: what is forgotten, and when. Photos' files go with their rows."""

import datetime

from django.conf import settings
from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core.cache import caches
from django.core.cache.backends.db import DatabaseCache
from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from qa.errors import InvalidTransition
from qa.models import (
    Draft,
    Flag,
    Helpful,
    Photo,
    PhotoAudience,
    Question,
    QuestionStatus,
    ReplyVersion,
    photo_storage,
)
from qa.notifications import tell_erased
from qa.photos import erase_photos

READ_BY_OTHERS = {QuestionStatus.PENDING, QuestionStatus.OPEN, QuestionStatus.ANSWERED}  # now, or once it is answered
QUESTIONS_AT_ONCE = 500  # so that the worker's other chores need not wait


def forget_expired_drafts() -> int:
    """Delete the drafts that nobody has touched for a day, with their photos. Returns how many."""
    number = 0
    for draft in Draft.objects.expired():
        with transaction.atomic():
            if Draft.objects.expired().filter(pk=draft.pk).select_for_update():
                erase_photos(draft.photos.all())
                draft.delete()
                number += 1
    return number


def forget_rejected() -> int:
    """Erase questions that were rejected long ago, without a word to the patient. Returns how many."""
    number = 0
    for question in Question.objects.to_forget()[:QUESTIONS_AT_ONCE]:
        with transaction.atomic():
            if Question.objects.to_forget().filter(pk=question.pk).select_for_update():
                erase(question, tell=False)
                number += 1
    return number


def forget_visitors() -> int:
    """Forget who voted a month ago, and who reported what was decided a month ago. Returns of how many."""
    votes = Helpful.objects.to_forget().update(visitor="")
    return votes + Flag.objects.to_forget().order_by().update(reporter="", contact_email="")


def forget_expired_counts() -> int:
    """Delete what has expired in a cache that is kept in the database. Returns how many rows.

    The cache itself leaves such rows until it is full, and the counts of who tries to sign in name the network.
    """
    store = caches["default"]
    if not isinstance(store, DatabaseCache):
        return 0
    table, now = connection.ops.quote_name(settings.CACHES["default"]["LOCATION"]), timezone.now()
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {table} WHERE expires < %s", [connection.ops.adapt_datetimefield_value(now)])
        return cursor.rowcount


def sweep_photos() -> int:
    """Delete the files that no photo leads to any longer, once they are a day old. Returns how many."""
    storage, number = photo_storage(), 0
    old = timezone.now() - datetime.timedelta(days=1)
    for name in storage.listdir("")[1] if storage.exists("") else []:
        if storage.get_modified_time(name) < old and not Photo.objects.filter(file=name).exists():
            storage.delete(name)
            number += 1
    return number


@transaction.atomic
def erase(question: Question, keep_replies: bool = False, tell: bool = True) -> None:
    """Erase what the patient wrote: text, parts, follow-ups, photos, notes and earlier versions.

    Args:
        question: any question asked here, whatever its status.
        keep_replies: leave the doctors' replies to an answered question, under "Withdrawn question".
        tell: send the patient an e-mail that it is done.

    Raises:
        InvalidTransition: where replies are to be kept and the question is not answered.
    """
    question = Question.objects.select_for_update().get(pk=question.pk)
    if keep_replies and not question.is_public:
        raise InvalidTransition(_("Only the replies to an answered question can be kept."))
    erase_photos(question.photos.all())
    if tell:
        tell_erased(question)
    _erase_traces(question)
    if keep_replies:
        for rows in (question.parts, question.follow_ups, question.seen_questions, question.revisions, question.flags):
            rows.all().delete()
        question.replies.drafts().delete()
        for reply in question.replies.all():
            reply.revisions.all().delete()
            reply.flags.all().delete()
        ReplyVersion.objects.filter(reply__question=question).delete()
        question.erase_text()
    else:
        question.delete()


@transaction.atomic
def forget_patient(user: User, keep_texts: bool) -> None:
    """The account is deleted: erase the user's questions, or leave them without any link to the person; and drafts."""
    for draft in user.drafts.order_by("pk").select_for_update():  # what is being sent is a question, then
        erase_photos(draft.photos.all())
        draft.delete()
    for question in Question.objects.asked_by(user):
        if keep_texts and question.status in READ_BY_OTHERS:
            _cut_off(question)
        else:
            erase(question, tell=False)


def _cut_off(question):
    """Nobody can tell who asked; of an answered question that leaves what everybody reads."""
    private = {}
    question.revisions.all().delete()
    if question.is_public:
        erase_photos(question.photos.filter(audience=PhotoAudience.DOCTORS))
        for rows in (question.follow_ups, question.seen_questions):
            rows.all().delete()
        private = {"medicines": "", "allergies": ""}
    nobody = {"patient": None, "contact_email": "", "secret_key": None, "pseudonym": str(_("A patient who left"))}
    Question.objects.filter(pk=question.pk).update(**nobody, **private)


def _erase_traces(question):
    """The admin's own log quotes the questions and replies that it changed."""
    for rows in (Question.objects.filter(pk=question.pk), question.replies.all()):
        keys = [str(key) for key in rows.values_list("pk", flat=True)]
        kind = ContentType.objects.get_for_model(rows.model)
        LogEntry.objects.filter(content_type=kind, object_id__in=keys).delete()
