"""The draft behind the ask steps: found by the visitor's session, and kept as it is typed."""

from qa import asking
from qa.errors import WrittenElsewhere
from qa.forms.ask import AboutForm
from qa.limits import count
from qa.models import Draft
from qa.texts import harmless

MAX_KEPT = 20_000  # characters of one field; more was never meant as a question


def current_draft(request):
    """The draft that this visitor is writing; None where there is none or it is too old."""
    key = request.session.get("draft")
    return Draft.objects.kept().filter(key=key).first() if key else None


def begin_draft(request):
    """A new draft for this visitor. Raises TooMany where the network has begun too many."""
    count("draft", request)
    draft = Draft.objects.create(user=request.user if request.user.is_authenticated else None)
    request.session["draft"] = draft.key
    request.session["drafts"] = request.session.get("drafts", 0) + 1
    request.session.pop("sent", None)
    return draft


def number_of(request, draft):
    """Which of this visitor's drafts it is, or the next one will be: what a window holds of another belongs to none."""
    begun = request.session.get("drafts", 0)
    return str(begun if draft else begun + 1)


def typed(request, form):
    """What was typed into the form's fields, to be shown again as it was."""
    return {name: harmless(request.POST.get(name, ""))[:MAX_KEPT] for name in form.fields if name != "photos"}


def typed_at(request):
    """When the browser sent it, by its own clock; 0 without JavaScript."""
    value = request.POST.get("typed_at", "")
    return int(value) if value.isdecimal() and len(value) < 16 else 0


def kept_at(request, draft, name):
    """Of each step the moment, by the browser's clock, up to which the page has what was typed."""
    moments = {step: draft.data.get(step, {}).get("typed_at", 0) if draft else 0 for step in asking.MENDED}
    moments |= {step: typed_at(request) for step in moments if request.method == "POST" and name == f"ask_{step}"}
    return {step: str(moment) for step, moment in moments.items()}


def window_of(request):
    """The browser window that sent it; None where the form does not say."""
    name, opened = (harmless(request.POST.get(key, ""))[:22] for key in ("window", "opened"))
    return asking.Window(name, opened) if name else None


def keep_typed(request, draft, name, form, **beside):
    """Keeps what was typed at a step. Where another window has kept something else since, that stays and the form says
    so; returned are then the labels and texts in which that differs."""
    texts = typed(request, form)
    try:
        if name == "about":
            # What somebody sends is newer than what was saved meanwhile, also where the clock was set back.
            sent_at = typed_at(request) and max(typed_at(request), draft.data.get("about", {}).get("typed_at", 0))
            asking.keep_about(draft, texts, sent_at, window_of(request))
        else:
            asking.keep(draft, name, texts | beside | {"typed_at": typed_at(request)}, window_of(request))
    except WrittenElsewhere as refusal:
        form.add_error(None, str(refusal))
        kept = {field: text for field, text in draft.texts(name).items() if texts.get(field) != text}
        return [
            (form.fields[field].label, _in_words(form.fields[field], kept[field])) for field in texts if field in kept
        ]
    return []


def _in_words(field, text):
    """What was chosen or written, as the page says it."""
    return {str(value): label for value, label in getattr(field, "choices", ())}.get(text, text)


def written(draft):
    """Title and body as kept, cleaned; None while they are not fit to go on."""
    form = AboutForm(draft.data.get("about", {}))
    return form.cleaned_data if form.is_valid() else None
