"""Answering: a doctor's draft and its versions, what the checks say of it, and how it is published, once."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Doctor, Specialty
from qa import identifying, reporting, screening
from qa.advice import Advice, advice_from, demand, let_stand, words_of
from qa.advice import mended as mended_texts
from qa.errors import InvalidTransition, QuestionClaimed, ReplyNotReady
from qa.models import MAX_VERSIONS, EventKind, Flag, Question, QuestionStatus, Reply, ReplyVersion
from qa.screening.readability import find_hard_reading, grade_level
from qa.screening.refusal import is_bare_refusal, says_something

ADVICE_KINDS = ["privacy", "medicine", "tone", "links"]
TEXTS = {
    "body": gettext_lazy("your reply"),
    "may_be_about": gettext_lazy("what it can generally be about"),
    "urgent_if": gettext_lazy("what would make it urgent"),
    "whom_to_see": gettext_lazy("whom to see and what to bring"),
}
LINES = ("may_be_about", "urgent_if", "whom_to_see")
GAP = re.compile(r"\[[^\[\]\n]{1,80}\]")  # what a template leaves to be filled in
FIELDS = ("body", "next_step", "see_specialty_id", "cannot_assess", *LINES)


@dataclass
class Saved:
    """What became of a save: the text is kept in any case, and `notices` say what else the doctor should know."""

    reply: Reply
    notices: list[str] = field(default_factory=list)


# Drafts


@transaction.atomic
def begin(question: Question, doctor: Doctor, take_over: bool = False) -> Reply:
    """Hold an open question for the doctor, and give back the doctor's draft, which is made where there is none.

    Raises:
        QuestionClaimed: while another doctor holds it, unless `take_over`.
        InvalidTransition: where the question takes no reply, or the doctor may not publish.
    """
    question = Question.objects.select_for_update(of=("self",)).get(pk=question.pk)
    if not doctor.may_publish():
        raise InvalidTransition(_("Only a doctor with a verified licence in force can reply."))
    if question.status == QuestionStatus.OPEN:
        question.claim(doctor, take_over)
    elif question.status != QuestionStatus.ANSWERED:
        raise InvalidTransition(
            _("A question that is %(status)s takes no reply.") % {"status": question.get_status_display()}
        )
    return question.replies.drafts().get_or_create(
        question=question, doctor=doctor, defaults={"specialty": question.specialty}
    )[0]


@transaction.atomic
def save(reply: Reply, content: Mapping, window: str = "", sent: int = 0) -> Saved:
    """Keep what the form holds. It is kept whoever holds the question now; `notices` say what has changed meanwhile.

    Args:
        reply: the doctor's own, as it was when the form was opened.
        content: the fields of FIELDS, and `coverage` from the primary key of a part to what is said of it.
        window: names the browser window, so that two of them keep a version each.
        sent: when the window sent it, in milliseconds by its own clock: what arrives late replaces nothing newer.
    """
    question = Question.objects.select_for_update(of=("self",)).get(pk=reply.question_id)
    reply = Reply.objects.select_for_update(of=("self",)).select_related("doctor").get(pk=reply.pk)
    saved = Saved(reply)
    latest, of_window = reply.versions.first(), reply.versions.filter(window=window).first()
    if of_window and of_window.is_later_than(window, sent):
        return saved
    if latest is None or latest.content != content:
        if latest and latest.window and window and latest.window != window:
            saved.notices.append(_("You have also written in another window. Both texts are kept under “Versions”."))
        _keep_version(reply, latest, content, window, sent)
    if reply.is_draft:
        _apply(reply, content)
        saved.notices += _renew_claim(question, reply.doctor)
    else:
        saved.notices.append(_("This reply is published already. What you wrote since is kept under “Versions”."))
    reply.question = question
    return saved


def _renew_claim(question, doctor):
    """Hold an open question for ten more minutes; sentences about what stands against it."""
    if question.status == QuestionStatus.ANSWERED:
        return []
    try:
        question.claim(doctor)
    except QuestionClaimed:
        sentence = _("%(doctor)s has taken over this question. Your text is kept.")
        return [sentence % {"doctor": question.claimed_by}]
    except InvalidTransition:
        sentence = _("This question is now %(status)s and takes no reply. Your text is kept.")
        return [sentence % {"status": question.get_status_display()}]
    return []


def _keep_version(reply, latest, content, window, sent):
    if latest and latest.takes_up(content, window):
        ReplyVersion.objects.filter(pk=latest.pk).update(content=content, sent=sent, saved_at=timezone.now())
        return
    reply.versions.create(content=content, window=window, sent=sent)
    old = reply.versions.values_list("pk", flat=True)[MAX_VERSIONS:]
    reply.versions.filter(pk__in=list(old)).delete()


def _apply(reply, content):
    for name in FIELDS:
        setattr(reply, name, content.get(name, None if name.endswith("_id") else ""))
    reply.save(update_fields=FIELDS)
    wanted = {int(pk): coverage for pk, coverage in content.get("coverage", {}).items() if coverage}
    reply.coverages.exclude(part__in=wanted).delete()
    for part in reply.question.parts.filter(pk__in=wanted):
        reply.coverages.update_or_create(part=part, defaults={"coverage": wanted[part.pk]})


def content_of(reply: Reply) -> dict:
    """What the form holds when the reply is opened, in the shape that `save` takes."""
    coverage = {str(covered.part_id): covered.coverage for covered in reply.coverages.all()}
    return {name: getattr(reply, name) for name in FIELDS} | {"coverage": coverage}


@transaction.atomic
def leave(question: Question, doctor: Doctor) -> None:
    """Give the question back. A draft with text is kept, an empty one is not."""
    question = Question.objects.select_for_update(of=("self",)).get(pk=question.pk)  # a save at the same time waits
    question.release(doctor)
    question.replies.drafts().filter(doctor=doctor, body="", may_be_about="", versions=None).delete()


@transaction.atomic
def ask_patient(question: Question, doctor: Doctor, note: str) -> None:
    """The doctor needs to know more. The draft is kept until the patient has answered.

    Raises:
        InvalidTransition: where the question is not open, or another doctor holds it.
    """
    question.claim(doctor)
    question.ask_patient(doctor.user, note)


@transaction.atomic
def transfer(question: Question, doctor: Doctor, specialty: Specialty, note: str) -> None:
    """The question belongs to another specialty, whose doctors have their own time for it.

    Raises:
        InvalidTransition: where the question is not open, is there already, or another doctor holds it.
    """
    question.claim(doctor)
    question.transfer(doctor.user, specialty, note)


def report(question: Question, doctor: Doctor, reason: str, note: str) -> Flag:
    """Tell the moderators what is wrong with a question; the same doctor with the same reason adds to the same report.

    Args:
        reason: a `FlagReason`.
    """
    return reporting.report(question, f"doctor {doctor.pk}", reason, f"{doctor}: {note}")


# Checks


def advice_on(content: Mapping) -> list[Advice]:
    """What the doctor should look at before publishing, each thing once for each text."""
    return advice_from({name: content.get(name, "") for name in TEXTS}, TEXTS, _findings)


def _findings(text):
    found = screening.screen(text, ADVICE_KINDS) + find_hard_reading(text)
    return [finding for finding in found if not text[finding.start :].startswith(settings.SITE_URL + "/")]


def mended(content: Mapping, place: str) -> dict:
    """The content with what one rule has found in one text replaced by what it proposes; `place` is the advice's."""
    return dict(content) | mended_texts({name: content[name] for name in TEXTS}, place, _findings)


def grade_of(content: Mapping) -> float | None:
    """The school grade that the whole reply reads like; None while it is short."""
    return grade_level("\n".join(content.get(name, "") for name in TEXTS))


def missing_in(question: Question, content: Mapping) -> dict[str, str]:
    """What a patient still needs of the reply: a sentence for each field of the form."""
    missing = {}
    lines = tuple(content.get(name, "") for name in LINES)
    if not content.get("body", "").strip():
        missing["body"] = _("Write a reply before you publish it.")
    elif gap := GAP.search(content["body"]):
        missing["body"] = _("Fill in %(gap)s, or take it out.") % {"gap": gap.group()}
    elif is_bare_refusal(content["body"], lines if content.get("cannot_assess") else ()):
        missing["body"] = _(
            "This only says that you cannot tell, or sends the patient away. Say what it can be about, what to watch "
            "for and what to do meanwhile; or choose below why it cannot be assessed, and fill in the three lines."
        )
    if not content.get("next_step"):
        missing["next_step"] = _("Say what the patient should do next.")
    if content.get("cannot_assess"):
        for name, line in zip(LINES, lines, strict=True):
            if not says_something(line):
                missing[name] = _("Write a sentence that helps the patient: %(what)s.") % {"what": TEXTS[name]}
    said = content.get("coverage", {})
    for part in question.parts.all():
        if not said.get(str(part.pk)):
            missing[f"part_{part.pk}"] = _("Say how far you answer this.")
    return missing


# Publishing


def publish(
    reply: Reply, content: Mapping, window: str = "", reasons: Mapping | None = None, read: int | None = None
) -> tuple[Saved, bool]:
    """Keep what the form holds, then publish it. Whoever publishes twice, or in two windows, gets the same reply.

    Args:
        reply: the doctor's own draft, which is the key: one form makes one reply.
        content, window: as for `save`.
        reasons: why a finding is let stand, by the advice's place; one in the question, by that of `qa.identifying`.
        read: the key of the latest follow-up that the doctor was shown, 0 for none; None where that is not known.

    Returns: what was kept, and whether it was published just now.

    Raises:
        ReplyNotReady: where the patient still needs something, or a finding needs a reason; the text is kept.
        InvalidTransition: where doctor, question, holder or what else is to read stand against it; the text is kept.
    """
    saved = save(reply, content, window)
    if not saved.reply.is_draft:
        return saved, False
    with transaction.atomic():
        question = Question.objects.select_for_update(of=("self",)).get(pk=reply.question_id)
        reply = Reply.objects.select_for_update(of=("self",)).select_related("doctor__user").get(pk=reply.pk)
        if not reply.is_draft:  # another window was quicker
            return Saved(reply), False
        if question.status == QuestionStatus.OPEN:
            question.claim(reply.doctor)
        _require_all_read(question, read)
        by = reply.doctor.user
        given, asked = _require_readiness(question, content, reasons or {})
        _apply(reply, content)
        reply.publish(by)
        identifying.keep_reasons(question, by, asked)
        for rule, reason in given.items():
            question.events.create(kind=EventKind.REASON_GIVEN, actor=by, note=f"{rule}: {reason}")
        if reply.supersedes and reply.supersedes.is_published:
            because = _("A newer reply of the same doctor has taken its place.")
            reply.supersedes.withdraw(by, because, because)
    return Saved(reply), True


def _require_all_read(question, read):
    """Refuse what was decided before the patient added something."""
    if read is not None and question.follow_ups.filter(pk__gt=read).exists():
        raise InvalidTransition(_("The patient has just added something. Please read that first."))


@transaction.atomic
def reaffirm(reply: Reply, read: int | None = None) -> None:
    """The doctor has read the own reply again, with what the patient added, and stands by it; `read` as for `publish`.

    Raises:
        InvalidTransition: where there is more to read, the reply is not published, or the doctor may not publish.
    """
    question = Question.objects.select_for_update().get(pk=reply.question_id)  # a follow-up at the same time waits
    _require_all_read(question, read)
    reply.reaffirm(reply.doctor.user)


def _require_readiness(question, content, reasons):
    """The reasons given for what needs one: in the reply, by rule, and in the question that becomes public with it, by
    place. Raises ReplyNotReady where something is missing."""
    given, lacking = let_stand(advice_on(content), reasons)
    missing = missing_in(question, content) | {f"reason/{item.place}": demand(item) for item in lacking}
    asked = {}
    if question.status == QuestionStatus.OPEN:
        asked, lacking = identifying.let_stand_in(question, reasons)
        if lacking:
            said = _("Everybody would read %(words)s in the question. Report it, or say why it must stand.")
            missing["asked"] = said % {"words": words_of(lacking)}
    if missing:
        raise ReplyNotReady(missing)
    return {place.partition("/")[2]: reason for place, reason in given.items()}, asked


@transaction.atomic
def supersede(reply: Reply) -> Reply:
    """A draft that takes the place of the doctor's own published reply as soon as it is published.

    Raises:
        InvalidTransition: where the reply is not published, or the doctor may not publish.
    """
    if not reply.is_published:
        raise InvalidTransition(_("Only a published reply can be replaced by a newer one."))
    draft = begin(reply.question, reply.doctor)
    draft.supersedes = reply
    draft.save(update_fields=["supersedes"])
    if not draft.body.strip():
        _apply(draft, content_of(reply))
    return draft


@transaction.atomic
def discard(reply: Reply) -> None:
    """Throw a draft away with its versions, and give the question back."""
    reply.question.release(reply.doctor)
    Reply.objects.drafts().filter(pk=reply.pk).delete()
