"""Asking: what is kept of a draft, what the checks find in it, and how it becomes a question, once."""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Patient, User
from qa import screening
from qa.advice import Advice, advice_from
from qa.errors import InvalidTransition, WrittenElsewhere
from qa.models import MAX_PARTS, PORTAL, Draft, EventKind, Question, QuestionStatus, SeenChoice, random_key
from qa.photos import erase_photos

TERMS_VERSION = "2026-11-21"  # the day since which templates/pages/terms.html says what it says
ADVICE_KINDS = ["privacy", "medicine", "links"]
URGENT_KINDS = ["emergency", "self_harm"]
TEXT_LABELS = {
    "title": _("your question in one line"),
    "body": _("your question"),
    "parts": _("what you want to know"),
    "pseudonym": _("the name to appear under"),
    "medicines": _("the medicines"),
    "allergies": _("the allergies"),
}
MENDED = {
    "about": {"title", "body"},
    "parts": {f"part_{number}" for number in range(1, MAX_PARTS + 1)},
    "you": {"pseudonym", "medicines", "allergies"},
}


@dataclass(frozen=True)
class Content:
    """All that is sent: the question's own fields, the parts, and what may be shown."""

    fields: dict
    parts: list[str]
    state: str  # of the draft that it was read from, see `state_of`
    known_own_name: str = ""  # a name to appear under that the texts told before they were mended
    show_photos: bool = False

    def findings(self) -> list[screening.Finding]:
        """All that the checks find in it."""
        kinds = [*URGENT_KINDS, *ADVICE_KINDS]
        found = [finding for text in self.texts().values() for finding in screening.screen(text, kinds)]
        return found + self.own_name()

    def own_name(self) -> list[screening.Finding]:
        """That the name to appear under is one that the texts tell, or told before they were mended."""
        texts = self.texts()
        return screening.find_own_name(texts.pop("pseudonym"), texts.values(), self.known_own_name)

    def texts(self) -> dict[str, str]:
        """The texts by name, for the checks; the parts count as one."""
        return {name: self.fields[name] for name in TEXT_LABELS if name != "parts"} | {"parts": "\n".join(self.parts)}


@dataclass(frozen=True)
class Window:
    """A browser window in which a step is written: its name, and the step's fingerprint when it was opened."""

    name: str = ""
    opened: str = ""


@transaction.atomic
def keep(draft: Draft, step: str, values: dict, window: Window | None = None) -> None:
    """Keep what was typed at a step, as it was typed; other steps stay as another tab may have left them.

    Args:
        step: the name under which it is kept.
        values: what was typed, by field.
        window: where it was typed; None where no other window matters.

    Raises:
        WrittenElsewhere: where another window has kept something else since; that one's text stays, and is in `draft`.
    """
    locked = Draft.objects.select_for_update().get(pk=draft.pk)
    draft.data, draft.changed_at = locked.data, locked.changed_at
    if window and _is_written_elsewhere(locked, step, values, window):
        raise WrittenElsewhere(_("You have written something else here in another window. Both texts are below."))
    if window:
        locked.data.setdefault("windows", {})[step] = window.name
    locked.data[step] = values
    locked.changed_at = timezone.now()
    locked.save(update_fields=["data", "changed_at"])
    draft.data, draft.changed_at = locked.data, locked.changed_at


def _is_written_elsewhere(draft, step, values, window):
    is_other = draft.data.get("windows", {}).get(step, "") != window.name
    has_changed = draft.fingerprint(step) not in ("", window.opened)
    return is_other and has_changed and draft.texts(step) != Draft(data={step: values}).texts(step)


@transaction.atomic
def keep_about(draft: Draft, values: dict, typed_at: int = 0, window: Window | None = None) -> None:
    """Keep the text of the first step. Parts that were only guessed from another text are forgotten with it.

    Args:
        values: what was typed.
        typed_at: the browser's clock in milliseconds; what a slow line brings late replaces nothing newer. 0 for now.
        window: as for `keep`, which raises what this raises.
    """
    about = Draft.objects.select_for_update().get(pk=draft.pk).data.get("about", {})
    if typed_at and typed_at < about.get("typed_at", 0):
        return
    has_changed = any(about.get(name) != text for name, text in values.items())
    keep(draft, "about", values | {"typed_at": typed_at}, window)
    if has_changed and draft.data.get("parts", {}).get("is_guess"):
        keep(draft, "parts", {})


def urgent_findings(texts: Iterable[str]) -> list[screening.Finding]:
    """One finding of each rule that says that somebody may be in danger: first whom to call for a life in danger.

    Of two that are about the same words and say to call the same number, the first stands for both.
    """
    found = {}
    for text in texts:
        taken = []
        for finding in sorted(screening.screen(text, URGENT_KINDS), key=_calls_emergency, reverse=True):
            same = [f for f in taken if f.start < finding.end and finding.start < f.end]
            if not any(_calls_emergency(f) >= _calls_emergency(finding) for f in same):
                found.setdefault(finding.rule, finding)
            taken.append(finding)
    return sorted(found.values(), key=_calls_emergency, reverse=True)


def _calls_emergency(finding):
    return settings.EMERGENCY_NUMBER in finding.title


@transaction.atomic
def answered_by(draft: Draft, question: Question) -> None:
    """Somebody who was about to ask has found the answer in `question`; counted once for both."""
    helped = draft.data.get("helped", [])
    if question.pk not in helped:
        question.events.create(kind=EventKind.HELPED)
    keep(draft, "helped", [*(pk for pk in helped if pk != question.pk), question.pk])


@transaction.atomic
def discard(draft: Draft) -> None:
    """Forget the draft and its photos; of one that is sent at the same time nothing is left to forget."""
    if Draft.objects.select_for_update().filter(pk=draft.pk).first():  # before its photos, as in `send`
        erase_photos(draft.photos.all())
        draft.delete()


def state_of(draft: Draft) -> str:
    """What is another one as soon as anything that would be sent is."""
    photos = draft.photos.values_list("pk", flat=True)
    return " ".join([draft.fingerprint(*MENDED), *map(str, photos)])


@transaction.atomic
def send(key: str, content: Content, user: User, seen: str = "") -> tuple[Question, bool]:
    """Make a question of the draft. Whoever sends twice, or in two tabs, gets the same question again.

    Args:
        key: the draft's key, which becomes the question's source id.
        content: what all steps hold, cleaned.
        user: who asks; may be anonymous.
        seen: the `state_of` the draft when the patient read it; empty for that of the content.

    Returns: the question, and whether it was made just now.

    Raises:
        WrittenElsewhere: where the draft was changed since it was read.
        Draft.DoesNotExist: where there is neither the draft nor a question made of it.
    """
    draft = Draft.objects.select_for_update().filter(key=key).first()  # a second one waits here
    sent = Question.objects.asked_here().filter(source_id=key).first()
    if sent or draft is None:
        if sent is None:
            raise Draft.DoesNotExist
        return sent, False
    if {content.state, seen or content.state} != {state_of(draft)}:
        raise WrittenElsewhere(_("You have changed your question in another window. Read it once more, then send it."))
    findings = content.findings()
    question = Question.objects.create(
        **content.fields,
        source=PORTAL,
        source_id=key,
        secret_key=random_key(),
        patient=_patient_of(user),
        wants_news=bool(content.fields["contact_email"]),
        terms_version=TERMS_VERSION,
        is_urgent=any(finding.kind in URGENT_KINDS for finding in findings),
    )
    _hang_on(question, draft, content)
    question.events.create(kind=EventKind.ASKED, actor=user if user.is_authenticated else None)
    for kind, rule in dict.fromkeys((finding.kind, finding.rule) for finding in findings):
        question.events.create(kind=EventKind.ADVICE_PASSED, note=f"{kind}: {rule}")
    draft.delete()
    return question, True


def _hang_on(question, draft, content):
    """The parts, the photos, and what the patient had seen before."""
    for position, text in enumerate(content.parts, 1):
        question.parts.create(position=position, text=text)
    consented_at = timezone.now() if content.show_photos else None
    draft.photos.update(draft=None, question=question, consented_at=consented_at)
    _keep_seen(question, draft.data.get("seen", {}))


@transaction.atomic
def add_message(question: Question, body: str) -> None:
    """The patient answers what was asked, or follows up. The same words sent twice are kept once, unless the portal has
    asked again, or a doctor has read the first ones, since.

    Where they say that somebody may be in danger, the question is raised with all moderators.

    Raises:
        InvalidTransition: where nothing can be added.
    """
    question = Question.objects.select_for_update().filter(pk=question.pk).first()  # the same click twice waits here
    if question is None:
        raise InvalidTransition(_("This question was erased meanwhile."))
    requests = question.events.filter(kind=EventKind.INFO_REQUESTED).order_by("created_at")
    since = requests.values_list("created_at", flat=True).last() or question.asked_at
    if question.follow_ups.unread().filter(body=body, sent_at__gte=since).exists():
        return
    if question.status == QuestionStatus.NEEDS_INFO:
        question.receive_info(None, body)
    else:
        question.follow_up(body)
    findings = urgent_findings([body])
    for finding in findings:
        question.events.create(kind=EventKind.ADVICE_PASSED, note=f"{finding.kind}: {finding.rule}")
    if findings:
        with suppress(InvalidTransition):  # it is raised already
            question.escalate(None, _("What the patient added may tell of danger."))


def advice_on(content: Content) -> list[Advice]:
    """What the patient may want to change before sending, each thing once for each text."""
    texts = content.texts()
    advice = advice_from(texts, TEXT_LABELS, lambda text: screening.screen(text, ADVICE_KINDS))
    return advice + advice_from({"pseudonym": texts["pseudonym"]}, TEXT_LABELS, lambda _text: content.own_name())


def _patient_of(user):
    """Whoever asks signed in finds the question in the own list, also without a profile and an address."""
    if not user.is_authenticated:
        return None
    return Patient.objects.get_or_create(user=user)[0]


def _keep_seen(question, seen):
    """What of the similar questions the patient saw, where they still are public."""
    public = Question.objects.public().in_bulk([int(pk) for pk in seen])
    for pk, said in seen.items():
        if int(pk) in public:
            choice = said.get("choice") or ""
            note = said.get("note", "") if choice == SeenChoice.CLOSE else ""
            question.seen_questions.create(seen=public[int(pk)], choice=choice, note=note)


@transaction.atomic
def mend(draft: Draft, place: str = "") -> None:
    """Replace what the checks have found by what they propose, in the draft.

    Args:
        place: "name/rule" for one rule in one text; everything that has a mend where it is empty.
    """
    data = Draft.objects.select_for_update().get(pk=draft.pk).data
    own_name = _own_name(data)
    if own_name:
        keep(draft, "own_name", data["you"]["pseudonym"])
    for step, names in MENDED.items():
        values = data.get(step, {})
        for name in names & values.keys():
            findings = screening.screen(values[name], ADVICE_KINDS) + (own_name if name == "pseudonym" else [])
            values[name] = screening.mend(
                values[name], [f for f in findings if place in ("", f"{_text_name(name)}/{f.rule}")]
            )
        if values:
            keep(draft, step, values)


def _own_name(data):
    """What `Content.own_name` finds, of a draft's data."""
    texts = {name: text for step, names in MENDED.items() for name, text in data.get(step, {}).items() if name in names}
    return screening.find_own_name(texts.pop("pseudonym", ""), texts.values(), data.get("own_name", ""))


def _text_name(name):
    """The parts count as one text."""
    return "parts" if name.startswith("part_") else name
