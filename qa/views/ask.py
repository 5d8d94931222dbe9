"""Ask: from a worry to a question, in four steps. What is typed is kept in a draft, whatever happens between."""

import datetime
import time
from contextlib import suppress
from functools import wraps

from csp.decorators import csp_update
from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from qa import asking, screening
from qa.errors import PhotoRefused, TooMany, WrittenElsewhere
from qa.forms.ask import AboutForm, DraftForms, PartsForm, SeenForm, SendForm, YouForm
from qa.limits import check, count, count_reading
from qa.models import AGE_BANDS, MAX_PHOTOS, Draft, Photo, Question, random_key
from qa.parts import split_into_parts
from qa.photos import add_photo, erase_photos
from qa.related import find_similar, suggest_specialties
from qa.statistics import in_words, typical_reply_time
from qa.texts import MAX_BODY, harmless
from qa.views.draft import (
    begin_draft,
    current_draft,
    keep_typed,
    kept_at,
    number_of,
    typed,
    typed_at,
    window_of,
    written,
)
from qa.views.limited import limited
from qa.views.private import photo_response, private

QUICKEST = datetime.timedelta(seconds=3)  # from the first page to sending: faster are only programs
RECEIPT_SHOWN = 3600  # seconds; others may use this computer after that
STEPS = [
    ("ask_about", gettext_lazy("What it is about")),
    ("ask_parts", gettext_lazy("Parts and specialty")),
    ("ask_you", gettext_lazy("About you")),
    ("ask_send", gettext_lazy("Read and send")),
]


def form_page(view):
    """A step: never cached, read and posted; where the draft was sent or thrown away meanwhile, asking begins anew."""

    @private
    @require_http_methods(["GET", "HEAD", "POST"])
    @limited()
    @wraps(view)
    def wrapped(request):
        try:
            return view(request)
        except Draft.DoesNotExist:
            return _sent_or_begin(request)

    return wrapped


def step(request, name, template, draft, **context):
    number = [url_name for url_name, _label in STEPS].index(name) + 1
    context |= {"draft": draft, "steps": STEPS, "step_number": number, "step_name": name, "robots": "noindex"}
    context["window"] = harmless(request.POST.get("window", ""))[:22] or random_key()
    context["opened"] = draft.fingerprint(name.removeprefix("ask_")) if draft else ""
    context |= {"draft_number": number_of(request, draft), "kept_at": kept_at(request, draft, name)}
    return render(request, template, context)


@csp_update({"img-src": ["blob:"]})  # photos are shown before they are sent
@form_page
def ask_about(request):
    draft = current_draft(request)
    form, elsewhere = AboutForm(initial=draft.data.get("about") if draft else None), []
    if request.method == "POST":
        draft = draft or begin_draft(request)
        form = AboutForm(request.POST, request.FILES)
        elsewhere = keep_typed(request, draft, "about", form)
        has_hints = _take_photos(request, draft, form)
        goes_on = not {"stay", "remove_photo"} & request.POST.keys()
        if goes_on and not form.errors and not has_hints:
            return redirect(_after_about(request, draft))
        if not elsewhere and not form.errors.get("photos") and (has_hints or not goes_on):
            return redirect(reverse("ask_about") + ("" if has_hints else "#photos"))
    context = {"form": form, "elsewhere": elsewhere, "photos": draft.photos.all() if draft else []}
    return step(request, "ask_about", "qa/ask_about.html", draft, **context)


def _take_photos(request, draft, form):
    """Add and remove photos as asked; refusals become errors of the form.

    Whether any might be taken again, which the next page says at its top.
    """
    removed = [photo.pk for photo in draft.photos.all() if str(photo.pk) == request.POST.get("remove_photo")]
    erase_photos(draft.photos.filter(pk__in=removed))
    known = set(draft.photos.values_list("pk", flat=True))
    files = request.FILES.getlist("photos")
    for file in files[: 2 * MAX_PHOTOS]:  # decoding is work, and nobody means to send more
        count("photo", request)
        try:
            add_photo(draft, file)
        except PhotoRefused as refusal:
            form.add_error("photos", str(refusal))
    hinted = [photo for photo in draft.photos.all() if photo.hints and photo.pk not in known]
    said = [f"{_('Photo %(number)d') % {'number': photo.position}}: {' '.join(photo.hints)}" for photo in hinted]
    if said:
        messages.warning(request, " ".join([*said, _("You may also continue with what you have.")]))
    return bool(said)


def _similar(request, text):
    """What resembles the text. Raises TooMany where the network has asked for that too often; what is typed is kept."""
    count_reading("similar", request)
    return find_similar(text)


def _after_about(request, draft):
    """The next page: what is urgent first, then what may answer already, then the parts."""
    texts = written(draft)
    passed = draft.data.get("warned", [])
    findings = asking.urgent_findings([texts["title"], texts["body"]])
    if any(finding.rule not in passed for finding in findings):
        return "ask_urgent"
    seen, similar = draft.data.get("seen", {}), []
    with suppress(TooMany):  # then the patient goes on without
        similar = _similar(request, f"{texts['title']}\n{texts['body']}")
    return "ask_similar" if any(str(question.pk) not in seen for question in similar) else "ask_parts"


@form_page
def ask_urgent(request):
    draft = current_draft(request)
    texts = draft and written(draft)
    if not texts:
        return redirect("ask_about")
    findings = asking.urgent_findings(texts[name] for name in ("title", "body"))
    if request.method == "POST" or not findings:
        if findings:
            asking.keep(draft, "warned", [finding.rule for finding in findings])
        return redirect(_after_about(request, draft))
    found = [(finding, _quote(texts, finding)) for finding in findings]
    return step(request, "ask_about", "qa/ask_urgent.html", draft, found=found)


def _quote(texts, finding):
    """The words that the finding is about, from whichever text holds them."""
    for text in (texts["title"], texts["body"]):
        if any(other == finding for other in screening.screen(text, [finding.kind])):
            return text[finding.start : finding.end]
    return ""


@form_page
def ask_similar(request):
    draft = current_draft(request)
    texts = draft and written(draft)
    if not texts:
        return redirect("ask_about")
    similar = _similar(request, f"{texts['title']}\n{texts['body']}")
    if not similar:
        return redirect("ask_parts")
    seen = draft.data.get("seen", {})
    data = request.POST if request.method == "POST" else None
    forms = [(q, SeenForm(data, prefix=f"q{q.pk}", initial=seen.get(str(q.pk)))) for q in similar]
    if data is not None and not any(form.errors for _question, form in forms):
        said = {str(question.pk): form.cleaned_data for question, form in forms}
        asking.keep(draft, "seen", seen | said)
        answer = next((question for question in similar if data.get("answers_me") == str(question.pk)), None)
        if answer is None:
            return redirect("ask_parts")
        asking.answered_by(draft, answer)
        return redirect("ask_answered")
    findings = asking.urgent_findings([texts["title"], texts["body"]])  # read before, and true beside any answer
    return step(request, "ask_about", "qa/ask_similar.html", draft, forms=forms, findings=findings)


@private
@require_safe
def ask_answered(request):
    draft = current_draft(request)
    question = draft and Question.objects.public().filter(pk__in=draft.data.get("helped", [])[-1:]).first()
    if question is None:
        return redirect("ask_about")
    return render(request, "qa/ask_answered.html", {"draft": draft, "question": question, "robots": "noindex"})


@form_page
def ask_parts(request):
    draft = current_draft(request)
    texts = draft and written(draft)
    if not texts:
        return redirect("ask_about")
    suggested = []
    with suppress(TooMany):  # then the patient chooses, or a moderator
        count_reading("similar", request)
        suggested = suggest_specialties(f"{texts['title']}\n{texts['body']}")
    guess = _first_guess(texts, suggested)
    form, elsewhere = PartsForm(initial=draft.data.get("parts") or guess, suggested=suggested), []
    if request.method == "POST":
        form = PartsForm(request.POST, suggested=suggested)
        parts = {name: text for name, text in typed(request, form).items() if text}
        is_guess = parts == {name: text for name, text in guess.items() if text}
        elsewhere = keep_typed(request, draft, "parts", form, is_guess=is_guess)
        if "back" in request.POST and not elsewhere:
            return redirect("ask_about")
        if form.is_valid():
            return redirect("ask_you")
    return step(request, "ask_parts", "qa/ask_parts.html", draft, form=form, elsewhere=elsewhere)


def _first_guess(texts, suggested):
    parts = split_into_parts(texts["title"], texts["body"])
    guess = {f"part_{number}": text for number, text in enumerate(parts, 1)}
    return guess | {"specialty": suggested[0].slug if suggested else ""}


@form_page
def ask_you(request):
    draft = current_draft(request)
    if draft is None or not written(draft):
        return redirect("ask_about")
    form, elsewhere = YouForm(initial=draft.data.get("you") or _from_profile(request.user)), []
    if request.method == "POST":
        form = YouForm(request.POST)
        elsewhere = keep_typed(request, draft, "you", form)
        if "back" in request.POST and not elsewhere:
            return redirect("ask_parts")
        if form.is_valid():
            return redirect("ask_send")
    return step(request, "ask_you", "qa/ask_you.html", draft, form=form, elsewhere=elsewhere)


def _from_profile(user):
    """What a signed-in patient has told before."""
    if not user.is_authenticated:
        return {}
    patient = getattr(user, "patient", None)
    known = {"contact_email": user.email}
    if patient:
        known |= {"pseudonym": patient.pseudonym, "sex": patient.sex}
        if patient.birth_year:
            age = timezone.localdate().year - patient.birth_year - 1  # sure to have been reached
            known["age_band"] = next((f"{a}-{b}" for a, b in AGE_BANDS if a <= age <= b and age + 1 <= b), "")
    return known


@form_page
def ask_send(request):
    draft = current_draft(request)
    if draft is None:
        return _sent_or_begin(request)
    forms = DraftForms(draft)
    if incomplete := forms.incomplete():
        return redirect(incomplete)
    if "mend" in request.POST:
        asking.mend(draft, request.POST["mend"])
        return redirect("ask_send")
    content = forms.content()
    question = Question(**content.fields, asked_at=timezone.now())
    photos = list(draft.photos.all())
    form = SendForm(
        request.POST if request.method == "POST" else None,
        on_behalf_of=question.on_behalf_of,
        offers_photos=bool(photos) and not question.may_be_minor,
    )
    if form.is_valid():
        if timezone.now() - draft.created_at >= QUICKEST:
            return _send(request, draft, forms.content(show_photos=form.cleaned_data.get("show_photos", False)))
        form.add_error(None, _("That was very quick. Please read your question once more, then send it."))
    context = {
        "form": form,
        "state": content.state,
        "question": question,
        "parts": content.parts,
        "photos": photos,
        "advice": asking.advice_on(content),
        "urgent": asking.urgent_findings(content.texts().values()),
        "marks": {name: screening.screen(text, asking.ADVICE_KINDS) for name, text in content.texts().items()},
        "terms_version": datetime.date.fromisoformat(asking.TERMS_VERSION),
    }
    return step(request, "ask_send", "qa/ask_send.html", draft, **context)


def _send(request, draft, content):
    if not Question.objects.asked_here().filter(source_id=draft.key).exists():
        check("ask", request)
    try:
        _question, is_new = asking.send(draft.key, content, request.user, request.POST.get("state", ""))
    except WrittenElsewhere as refusal:
        messages.warning(request, str(refusal))
        return redirect("ask_send")
    except Draft.DoesNotExist:  # thrown away in another tab
        return redirect("ask_about")
    if is_new:
        with suppress(TooMany):  # it is sent; the next one is stopped
            count("ask", request)
    return _sent(request, draft.key)


def _sent(request, key):
    request.session["sent"] = key
    request.session["sent_at"] = time.time()
    request.session.pop("draft", None)
    return redirect("ask_sent")


def _sent_or_begin(request):
    """The draft is gone: it was sent from another tab or by another click, or it is too old."""
    key = request.session.get("draft")
    if key and Question.objects.asked_here().filter(source_id=key).exists():
        return _sent(request, key)
    return redirect("ask_sent" if request.session.get("sent") else "ask_about")


@private
@require_safe
def ask_sent(request):
    is_fresh = time.time() - request.session.get("sent_at", 0) < RECEIPT_SHOWN
    key = request.session.get("sent") if is_fresh else None
    question = key and Question.objects.asked_here().filter(source_id=key, secret_key__isnull=False).first()
    if not question:
        return redirect("ask_about")
    context = {
        "question": question,
        "link": settings.SITE_URL + reverse("my_question", args=[question.secret_key]),
        "typical_reply": in_words(typical_reply_time(question.specialty)) if question.specialty else "",
        "robots": "noindex",
    }
    return render(request, "qa/ask_sent.html", context)


@require_POST
def ask_discard(request):
    if draft := current_draft(request):
        asking.discard(draft)
    request.session.pop("draft", None)
    return redirect("home")


@private
@require_POST
@limited()
def ask_autosave(request):
    """Keeps what is being typed at the first step, and says what is urgent in it and what resembles it."""
    draft = current_draft(request)
    number = number_of(request, draft)
    if request.POST.get("draft", number) != number:  # sent or thrown away meanwhile: it must not come back
        return HttpResponse(status=204)
    draft = draft or begin_draft(request)
    elsewhere = ""
    try:
        asking.keep_about(draft, typed(request, AboutForm()), typed_at(request), window_of(request))
    except Draft.DoesNotExist:
        pass
    except WrittenElsewhere:
        elsewhere = _("You have written something else in another window. What you write here is kept once you go on.")
    texts = [harmless(request.POST.get(name, ""))[:MAX_BODY] for name in ("title", "body")]
    context = {"findings": asking.urgent_findings(texts), "similar": [], "elsewhere": elsewhere, "is_alert": True}
    with suppress(TooMany):  # whom to call is said all the same
        context["similar"] = _similar(request, "\n".join(texts))
    return render(request, "partials/while_typing.html", context)


@private
@require_safe
def ask_photo(request, pk):
    """A photo of the own draft."""
    draft = current_draft(request)
    photo = get_object_or_404(draft.photos if draft else Photo.objects.none(), pk=pk)
    return photo_response(photo)
