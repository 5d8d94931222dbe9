"""The doctors' desk: the queue, and the page on which a reply is written. What a reply may be is in qa.answering."""

from dataclasses import replace
from functools import wraps
from uuid import UUID

from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Exists, OuterRef
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from qa import answering, identifying, screening
from qa.admin.base import key_of
from qa.errors import InvalidTransition, QuestionClaimed, ReplyNotReady
from qa.forms.answer import AskPatientForm, ReplyForm, ReportForm, ReviewForm, TransferForm, WithdrawForm
from qa.forms.fields import typed_reasons, typed_texts
from qa.models import EventKind, Question, QuestionStatus, Reply, ReplyTemplate, random_key
from qa.related import find_similar
from qa.texts import harmless

ROWS = 50  # of a list at the desk
TO_KNOW = ["emergency", "self_harm", "privacy", "medicine"]  # what a doctor is told of the patient's words

# Of what happened, this is told to doctors with its note. Why a moderator has changed words is for moderators alone.
TOLD = [
    EventKind.INFO_REQUESTED,
    EventKind.TRANSFERRED,
    EventKind.ESCALATED,
    EventKind.CALMED,
    EventKind.REPLY_WITHDRAWN,
    EventKind.REOPENED,
    EventKind.REMOVED,
    EventKind.RESTORED,
]


def for_doctors(view):
    """The desk is for verified doctors: others of the group are told, everybody else is refused."""

    @wraps(view)
    def wrapped(request, *args, **kwargs):
        if not request.user.has_perm("qa.add_reply"):
            raise PermissionDenied
        doctor = getattr(request.user, "doctor", None)
        if doctor is None or not doctor.may_publish():
            return show(request, "not_verified", {"title": _("Doctors' desk"), "doctor": doctor}, status=403)
        try:
            return view(request, doctor, *args, **kwargs)
        except Http404:
            if not (texts := typed_texts(request.POST)):
                raise
            return show(request, "gone", {"title": _("No longer on your desk"), "texts": texts}, status=404)

    return wrapped


def show(request, name, context, status=200):
    """A page of the desk; `trail` are the pages above it."""
    trail = [(_("Doctors' desk"), reverse("admin:answer_queue"))] if "question" in context else []
    common = admin.site.each_context(request) | {"trail": trail}
    return render(request, f"admin/answer/{name}.html", common | context, status=status)


def question_at_desk(doctor, pk):
    questions = Question.objects.at_desk_of(doctor).select_related("specialty", "claimed_by")
    return get_object_or_404(questions, pk=pk)


def own_reply(doctor, pk, key):
    """The doctor's own reply that the form was opened for, whatever became of its question; None where it is gone."""
    try:
        key = UUID(key)
    except ValueError:
        raise Http404 from None
    own = Reply.objects.filter(doctor=doctor, question=pk, key=key)
    return own.select_related("question__specialty", "question__claimed_by", "doctor__user", "supersedes").first()


@for_doctors
@require_safe
def answer_queue(request, doctor):
    waiting = Question.objects.for_doctor(doctor)
    chosen = doctor.specialties.filter(slug=harmless(request.GET.get("specialty", ""))).first()
    if chosen:
        waiting = waiting.filter(specialty=chosen)
    last = waiting.filter(pk=key_of(request.GET.get("after", ""))).first()  # gone meanwhile: from the beginning
    rows = list((waiting.behind(last, "changed_at") if last else waiting).for_queue(doctor)[: ROWS + 1])
    answered = Question.objects.answered_lately().filter(specialty__in=doctor.specialties.all(), erased_at__isnull=True)
    mine = Question.objects.claimed_by(doctor).for_queue(doctor)[:ROWS]
    drafts = Reply.objects.drafts().filter(doctor=doctor).exclude(question__in=[question.pk for question in mine])
    at_desk = Exists(Question.objects.at_desk_of(doctor).filter(pk=OuterRef("question")))
    kept = list(drafts.annotate(is_at_desk=at_desk).select_related("question")[: 2 * ROWS])
    context = {
        "title": _("Doctors' desk"),
        "doctor": doctor,
        "specialties": doctor.specialties.all(),
        "chosen": chosen and chosen.slug,
        "number": waiting.count(),
        "rows": rows[:ROWS],
        "is_beginning": last is None,
        "after": rows[ROWS - 1].pk if len(rows) > ROWS else "",
        "mine": mine,
        "drafts": [draft for draft in kept if draft.is_at_desk],
        "left": [draft for draft in kept if not draft.is_at_desk],
        "again": Question.objects.written_again_to(doctor).for_follow_ups()[:ROWS],
        "answered": answered.exclude(replies__doctor=doctor)[:10],
        "reviewed": Question.objects.reviewed_by(doctor)[:10],
        "replies": Reply.objects.sent().filter(at_desk, doctor=doctor).select_related("question")[:10],
    }
    return show(request, "queue", context)


@for_doctors
@require_POST
def answer_open(request, doctor, pk):
    question = question_at_desk(doctor, pk)
    try:
        answering.begin(question, doctor, take_over="take_over" in request.POST)
    except QuestionClaimed as refusal:
        messages.warning(request, _("%(reason)s You can take it over.") % {"reason": refusal})
    except InvalidTransition as refusal:
        messages.warning(request, refusal)
    return redirect("admin:answer_question", pk)


@for_doctors
@require_http_methods(["GET", "HEAD", "POST"])
def answer_question(request, doctor, pk):
    """The question with all that helps to answer it, and the form of the reply once it was opened."""
    if request.method == "POST":
        return write(request, doctor, pk)
    return as_kept(request, doctor, pk)


def as_kept(request, doctor, pk, **more):
    """The page with the doctor's draft as it is kept; `more` is what else was sent and refused."""
    question = question_at_desk(doctor, pk)
    takes_reply = question.status in (QuestionStatus.OPEN, QuestionStatus.ANSWERED)
    drafts = question.replies.drafts().filter(doctor=doctor).select_related("supersedes")
    draft = drafts.first() if takes_reply else None
    if draft is None:
        return page(request, doctor, question, **more)
    content = answering.content_of(draft)
    form = ReplyForm(initial=ReplyForm.initial_of(content), parts=question.parts.all())
    return page(request, doctor, question, draft, form, content, **more)


def page(request, doctor, question, draft=None, form=None, content=None, reply_forms=(), **more):
    """Shows the question; with the reply's form where there is a draft, and what the checks say of it."""
    reply_forms = dict(reply_forms)
    holder = question.holder
    replies = question.replies.sent().for_page()
    context = {
        "title": question.heading,
        "question": question,
        "doctor": doctor,
        "draft": draft,
        "form": form,
        "holder": holder if holder != doctor else None,
        "takes_reply": question.status in (QuestionStatus.OPEN, QuestionStatus.ANSWERED),
        "parts": question.parts.with_coverage(),
        "photos": question.photos.visible_to(request.user),
        "seen": question.seen_questions.filter(seen__in=Question.objects.public()).select_related("seen"),
        "follow_ups": list(question.follow_ups.all()),
        "written_again": Question.objects.written_again_to(doctor).filter(pk=question.pk).first(),
        "happened": question.events.filter(kind__in=TOLD).exclude(note="").select_related("actor"),
        "marks": screening.screen(question.body, TO_KNOW),
        "found": findings_of(question),
        "similar": citations(question),
        "replies": [
            (reply, reply.doctor_id == doctor.pk, reply_forms.get(reply.pk) or form_about(reply, doctor))
            for reply in replies
        ],
        "is_only_reply": sum(reply.is_published for reply in replies) == 1,
        "templates": ReplyTemplate.objects.usable_by(doctor) if draft else [],
        "ask_form": AskPatientForm(auto_id="ask_%s"),
        "transfer_form": TransferForm(auto_id="transfer_%s"),
        "report_form": ReportForm(auto_id="report_%s"),
        "is_reported": question.flags.undecided().exists(),
        "window": request.POST.get("window") or random_key(),
    }
    if draft:
        context |= checks(request, content)
        asked = identifying.left_in(question) if question.status == QuestionStatus.OPEN else []
        context["asked"] = [(replace(item, mend=None), context["reasons"].get(item.place, "")) for item in asked]
    return show(request, "question", context | more)


def findings_of(question):
    """What the checks find in the patient's words, for the doctor to know: each once, with the words it is about."""
    found = {}
    added = question.follow_ups.values_list("body", flat=True)
    for text in (*identifying.texts_of(question).values(), question.medicines, question.allergies, *added):
        for finding in screening.screen(text, TO_KNOW):
            quotes, _finding = found.setdefault((finding.rule, finding.message), ([], finding))
            if (quote := text[finding.start : finding.end]) and quote not in quotes:
                quotes.append(quote)
    return list(found.values())


def citations(question):
    """Similar answered questions, each with the words that cite it."""
    found = find_similar(f"{question.title}\n{question.body}") if question.title else []
    return [(other, citation(other)) for other in found if other != question]


def citation(question):
    """Without the heading, which is the patient's own title: it would stay when the patient erases the question."""
    return _("See also: %(address)s") % {"address": settings.SITE_URL + reverse("question_short", args=[question.pk])}


def form_about(reply, doctor):
    """The form for withdrawing the own reply, or for reviewing a colleague's, with what the doctor said before."""
    if reply.doctor_id == doctor.pk:
        return WithdrawForm(auto_id=f"withdraw_{reply.pk}_%s")
    said = next((review for review in reply.signed_reviews if review.doctor_id == doctor.pk), None)
    initial = {"verdict": said.verdict, "note": said.note} if said else None
    return ReviewForm(initial=initial, auto_id=f"review_{reply.pk}_%s")


def checks(request, content):
    """What the findings beside the text need; reasons that were typed stay."""
    advice = answering.advice_on(content)
    reasons = typed_reasons(request.POST)
    return {
        "advice": [(item, reasons.get(item.place, "")) for item in advice],
        "reasons": reasons,
        "grade": answering.grade_of(content),
    }


# Writing


def write(request, doctor, pk):
    """One of the form's buttons was pressed. Whatever it was, the text is kept first."""
    reply = own_reply(doctor, pk, request.POST.get("reply", ""))
    if reply is None:  # thrown away in another window
        question = question_at_desk(doctor, pk)
        try:
            reply = answering.begin(question, doctor)
        except InvalidTransition as refusal:
            raise Http404(str(refusal)) from None
    form = ReplyForm(request.POST, parts=reply.question.parts.all())
    is_valid = form.is_valid()
    content = changed_by_button(request, doctor, form.content())
    window = harmless(request.POST.get("window", ""))[:22]
    if is_valid and "publish" in request.POST:
        return publish(request, doctor, reply, form, content, window)
    saved = answering.save(reply, content, window, sent_at(request))
    for notice in saved.notices:
        messages.warning(request, notice)
    if not is_valid:
        return page(request, doctor, reply.question, reply, form, content)
    if not saved.notices:
        messages.success(request, _("Saved. Nobody but you sees it yet."))
    if not Question.objects.at_desk_of(doctor).filter(pk=pk).exists():
        return show(
            request, "gone", {"title": _("No longer on your desk"), "texts": typed_texts(request.POST), "is_kept": True}
        )
    if any(typed_reasons(request.POST).values()):  # they are on the page alone until the reply is published
        return as_kept(request, doctor, pk)
    return redirect(reverse("admin:answer_question", args=[pk]) + "#reply-form")


def sent_at(request):
    """When the window sent the form, by its own clock; 0 where it has no JavaScript to say so."""
    said = request.POST.get("sent", "")
    return int(said) if said.isascii() and said.isdigit() and len(said) < 16 else 0


def shown_until(request):
    """The key of the latest follow-up on the page that was sent; None where it does not say."""
    return key_of(request.POST["last"]) if "last" in request.POST else None


def changed_by_button(request, doctor, content):
    """The content with what a button adds to it or mends in it."""
    added = ""
    if chosen := key_of(request.POST.get("template", "")):
        added = get_object_or_404(ReplyTemplate.objects.usable_by(doctor), pk=chosen).body
    if cited := key_of(request.POST.get("cite", "")):
        added = citation(get_object_or_404(Question.objects.public(), pk=cited))
    if added:
        content |= {"body": f"{content['body'].rstrip()}\n\n{added}".lstrip()}
    if "mend" in request.POST:
        content = answering.mended(content, request.POST["mend"])
    return content


def publish(request, doctor, reply, form, content, window):
    """Publishes; or shows the page again with what is missing, or with what was not seen before."""
    context = checks(request, content)
    unseen = {item.place for item, _said in context["advice"]} - set(request.POST.getlist("seen"))
    if unseen and reply.is_draft:
        answering.save(reply, content, window)
        said = _("Not published yet: please look at what the checks have found, then publish again.")
        messages.warning(request, said)
        for name, sentence in answering.missing_in(reply.question, content).items():
            form.add_error(name, sentence)
        return page(request, doctor, reply.question, reply, form, content)
    try:
        saved, is_new = answering.publish(reply, content, window, context["reasons"], shown_until(request))
    except ReplyNotReady as refusal:
        for name, sentence in refusal.missing.items():
            form.add_error(name if name in form.fields else None, sentence)
        return page(request, doctor, reply.question, reply, form, content)
    except InvalidTransition as refusal:
        messages.error(request, _("%(reason)s Your text is kept.") % {"reason": refusal})
        if not Question.objects.at_desk_of(doctor).filter(pk=reply.question_id).exists():
            return redirect("admin:answer_queue")
        return redirect("admin:answer_question", reply.question_id)
    for notice in saved.notices:
        messages.warning(request, notice)
    if is_new:
        messages.success(request, _("Published. The patient is told."))
        return redirect("admin:answer_queue")
    messages.success(request, _("This reply is published already, once."))
    return redirect("admin:answer_question", reply.question_id)


@for_doctors
@require_POST
def answer_autosave(request, doctor, pk):
    """Keeps what is being typed; answers with what stands beside it."""
    reply = own_reply(doctor, pk, request.POST.get("reply", ""))
    if reply is None:
        raise Http404
    form = ReplyForm(request.POST, parts=reply.question.parts.all())
    form.is_valid()
    content = form.content()
    saved = answering.save(reply, content, harmless(request.POST.get("window", ""))[:22], sent_at(request))
    context = checks(request, content) | {"notices": saved.notices, "is_saved": True}
    return render(request, "admin/answer/beside.html", context)


@for_doctors
@require_http_methods(["GET", "HEAD", "POST"])
def answer_versions(request, doctor, pk, key):
    """The versions of the doctor's own reply; one of them can be put back into the draft."""
    reply = own_reply(doctor, pk, str(key))
    if reply is None:
        raise Http404
    if request.method == "POST":
        version = get_object_or_404(reply.versions, pk=key_of(request.POST.get("version", "")))
        answering.save(reply, version.content, random_key())
        messages.success(request, _("The version is back in your draft. The text before it is kept, too."))
        return redirect("admin:answer_question", pk)
    context = {"title": _("Versions"), "reply": reply, "versions": reply.versions.all()}
    context["question"] = Question.objects.at_desk_of(doctor).filter(pk=pk).first()  # what has left it is not named
    return show(request, "versions", context)


@for_doctors
@require_POST
def answer_leave(request, doctor, pk):
    question = question_at_desk(doctor, pk)
    answering.leave(question, doctor)
    messages.success(request, _("The question is free for your colleagues again. What you wrote is kept."))
    return redirect("admin:answer_queue")


@for_doctors
@require_POST
def answer_discard(request, doctor, pk, key):
    reply = own_reply(doctor, pk, str(key))
    if reply and reply.is_draft:
        answering.discard(reply)
        messages.success(request, _("Your draft is gone, and the question is free for your colleagues."))
    return redirect("admin:answer_queue")
