"""The private page of a question: for who has its secret link, and nobody else."""

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.models import Doctor
from qa.asking import add_message, urgent_findings
from qa.errors import InvalidTransition
from qa.forms.mine import EraseForm, MessageForm
from qa.models import FOLLOW_UP_WAITS, EventKind, Question, QuestionStatus
from qa.notifications import HAPPENED
from qa.own_data import as_zip
from qa.paging import get_page
from qa.retention import erase
from qa.views.limited import limited_guesses
from qa.views.private import by_secret_link, photo_response, private

STATES = {
    QuestionStatus.PENDING: _("Your question has reached us. A moderator reads it before doctors see it."),
    QuestionStatus.OPEN: _("Your question is with the doctors and waits for a reply."),
    QuestionStatus.NEEDS_INFO: _("We need to know more from you before your question can be answered."),
    QuestionStatus.ANSWERED: _("A doctor has replied. Anyone can read your question and the reply."),
    QuestionStatus.REJECTED: _("A moderator has decided not to pass your question on to doctors. It is not public."),
    QuestionStatus.REMOVED: _("A moderator has taken your question off the portal. It is not public any longer."),
    QuestionStatus.WITHDRAWN: _("Your question is withdrawn: it is no longer on the portal."),
}

# Who reads what the patient adds.
READERS = {
    QuestionStatus.PENDING: _("A moderator reads it together with your question, and then the doctors do."),
    QuestionStatus.OPEN: _("The doctors who can reply to your question read it together with it."),
    QuestionStatus.NEEDS_INFO: _("It goes back, with your question, to those who have asked you."),
}
READ_BY_DOCTORS = _("It waits at the desk of %(doctors)s, who replied, until it is read. One of them gets an e-mail.")
READ_BY_DOCTOR = _("It waits at the desk of %(doctors)s, who replied, until it is read. The doctor gets an e-mail.")
THEN_BY_OTHERS = _("After %(days)d days other doctors of %(specialty)s see it as well.")
READ_BY_SPECIALTY = _(
    "Nobody who replied to you replies here any longer. So it waits at the desk of the doctors of %(specialty)s."
)


def readers(question):
    """A sentence on who reads what the patient adds now; "" where nothing can be added."""
    if not question.is_public:
        return READERS.get(question.status, "")
    replies = question.replies.published().filter(doctor__in=Doctor.objects.publishing()).select_related("doctor")
    names = list(dict.fromkeys(str(reply.doctor) for reply in replies))
    by_them = READ_BY_DOCTOR if len(names) == 1 else READ_BY_DOCTORS
    sentences = [by_them, THEN_BY_OTHERS] if names else [READ_BY_SPECIALTY]
    said = {"doctors": ", ".join(names), "specialty": question.specialty, "days": FOLLOW_UP_WAITS.days}
    return " ".join(sentence % said for sentence in sentences)


def decisions(question):
    """What happened to the question, with its reason, oldest first."""
    for event in question.events.filter(kind__in=HAPPENED):
        reject_reason = question.get_reject_reason_display() if event.kind == EventKind.REJECTED else ""
        yield {"at": event.created_at, "what": HAPPENED[event.kind], "reason": reject_reason, "note": event.note}


def own_question(key):
    """The question of this secret key; 404 for any other key."""
    return get_object_or_404(Question.objects.asked_here().select_related("specialty"), secret_key=key)


def last_request(question):
    """What the patient was asked last."""
    request = question.events.filter(kind=EventKind.INFO_REQUESTED).last()
    return request.note if request else ""


def replies_of(question):
    """What doctors have replied, and in the place of a withdrawn reply that it was: by its doctor or a moderator."""
    replies = list(question.replies.once_published().for_page())
    if withdrawn := [reply for reply in replies if reply.is_withdrawn]:
        removed = set(question.events.filter(kind=EventKind.REPLY_REMOVED).values_list("reply", flat=True))
        for reply in withdrawn:
            reply.decided_by = "moderator" if reply.pk in removed else "doctor"
    return replies


def own_page(request, question, form=None):
    """The private page, with what was typed where `form` is refused."""
    follow_ups = list(question.follow_ups.all())
    is_asked = question.status == QuestionStatus.NEEDS_INFO
    left = question.follow_ups_left()
    context = {
        "question": question,
        "state": STATES[question.status],
        "request_note": last_request(question) if is_asked else "",
        "urgent": urgent_findings([follow_ups[-1].body]) if follow_ups else [],
        "form": form or (MessageForm() if is_asked or left > 0 else None),
        "follow_ups_left": left,
        "readers": readers(question),
        "is_withdrawn": question.status == QuestionStatus.WITHDRAWN,
        "decisions": decisions(question),
        "parts": question.parts.with_coverage(),
        "photos": question.photos.all(),
        "follow_ups": follow_ups,
        "replies": replies_of(question),
        "robots": "noindex",
    }
    return render(request, "qa/my_question.html", context)


@private
@login_required
@require_safe
def my_questions(request):
    """What the signed-in patient has asked, latest first."""
    questions = Question.objects.asked_by(request.user).filter(secret_key__isnull=False)
    page = get_page(questions.select_related("specialty"), request.GET, "asked_at")
    for question in page.rows:
        question.state = STATES[question.status]
    return render(request, "qa/my_questions.html", {"page": page, "robots": "noindex"})


@by_secret_link
@limited_guesses("key")
@require_http_methods(["GET", "HEAD", "POST"])
def my_question(request, key):
    question = own_question(key)
    if request.method != "POST":
        return own_page(request, question)
    form = MessageForm(request.POST)
    if form.is_valid():
        try:
            add_message(question, form.cleaned_data["body"])
        except InvalidTransition as refusal:
            form.add_error(None, str(refusal))
        else:
            return redirect(_after_message(question, form.cleaned_data["body"]))
    return own_page(request, question, form)


def _after_message(question, body):
    """Where the patient sees that it has arrived, or the top of the page, where it says whom to call."""
    page = reverse("my_question", args=[question.secret_key])
    return page if urgent_findings([body]) else f"{page}#follow-up-{question.follow_ups.filter(body=body).last().pk}"


@by_secret_link
@limited_guesses("key")
@require_http_methods(["GET", "HEAD", "POST"])
def my_question_withdraw(request, key):
    question = own_question(key)
    if question.status == QuestionStatus.WITHDRAWN:
        return redirect("my_question", key)
    refusal = ""
    if request.method == "POST":
        try:
            question.withdraw(question.patient.user if question.patient else None)
        except InvalidTransition as error:
            refusal = str(error)
        else:
            return redirect("my_question", key)
    context = {"question": question, "refusal": refusal, "robots": "noindex"}
    return render(request, "qa/my_question_withdraw.html", context)


@by_secret_link
@limited_guesses("key")
@require_http_methods(["GET", "HEAD", "POST"])
def my_question_erase(request, key):
    question = own_question(key)
    form = EraseForm(request.POST if request.method == "POST" else None, has_replies=question.is_public)
    if form.is_valid():
        try:
            erase(question, keep_replies=form.keeps_replies())
        except InvalidTransition as refusal:
            form.add_error(None, str(refusal))
        else:
            return redirect("my_question_erased")
    return render(request, "qa/my_question_erase.html", {"question": question, "form": form, "robots": "noindex"})


@private
@require_safe
def my_question_erased(request):
    return render(request, "qa/my_question_erased.html", {"robots": "noindex"})


@by_secret_link
@limited_guesses("key")
@require_safe
def my_question_download(request, key):
    """Everything held about the question, as a ZIP archive."""
    content = as_zip(own_question(key))
    return HttpResponse(
        content,
        headers={"Content-Type": "application/zip", "Content-Disposition": 'attachment; filename="my-question.zip"'},
    )


@by_secret_link
@limited_guesses("key")
@require_safe
def my_photo(request, key, pk):
    return photo_response(get_object_or_404(own_question(key).photos, pk=pk))
