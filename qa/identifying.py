"""What in a question's public words shows who somebody is, and what of it somebody has let stand, with a reason."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from qa import screening
from qa.advice import Advice, advice_from, let_stand, words_of
from qa.advice import mended as mended_texts
from qa.errors import InvalidTransition
from qa.models import EventKind, Question
from qa.screening.pseudonym import RULE as OWN_NAME

KIND = "privacy"  # of findings; a link or a medicine shows nobody
TEXTS = {
    "question_headline": gettext_lazy("the headline"),
    "question_title": gettext_lazy("the title"),
    "question_body": gettext_lazy("the question"),
    "question_parts": gettext_lazy("the parts"),
    "question_pseudonym": gettext_lazy("the name to appear under"),
}


def texts_of(question: Question) -> dict[str, str]:
    """The words that everybody reads once there is a reply."""
    parts = "\n".join(part.text for part in question.parts.all())
    words = (question.headline, question.title, question.body, parts, question.pseudonym)
    return dict(zip(TEXTS, words, strict=True))


def own_name(question: Question, words: Iterable[str]) -> str:
    """The name to appear under, where the question's `words` tell that it is the own one, or did when they were sent;
    "" otherwise, and where a moderator has changed it since, or the patient has left."""
    passed = question.events.filter(kind=EventKind.ADVICE_PASSED, note=f"{KIND}: {OWN_NAME}")
    is_told = screening.find_own_name(question.pseudonym, words) or (question.secret_key and passed.exists())
    return question.pseudonym if is_told and not question.revisions.filter(field="pseudonym").exists() else ""


def advice_on(texts: Mapping[str, str], known: str = "") -> list[Advice]:
    """What shows who somebody is, each thing once for each text; all of it needs a reason to stand.

    Args:
        texts: by the names of TEXTS; all of them or some.
        known: the name to appear under that is known to be the own one, though the texts may not tell it any longer.
    """
    found = advice_from(texts, TEXTS, _findings)
    others = [text for name, text in texts.items() if name != "question_pseudonym"]
    named = {name: text for name, text in texts.items() if name == "question_pseudonym"}
    found += advice_from(named, TEXTS, lambda name: screening.find_own_name(name, others, known))
    return [replace(item, needs_reason=True) for item in found]


def mended(texts: Mapping[str, str], place: str) -> dict[str, str]:
    """The texts with what one rule has found in one of them replaced; `place` is the advice's."""
    if place == f"question_pseudonym/{OWN_NAME}":
        return dict(texts) | {"question_pseudonym": ""}
    return mended_texts(texts, place, _findings)


def _findings(text):
    return screening.screen(text, [KIND])


def reasons_given(question: Question) -> dict[str, str]:
    """Why something was let stand since the words were changed last, by the advice's place."""
    given = {}
    kinds = [EventKind.EDITED, EventKind.REASON_GIVEN]
    for kind, note in question.events.filter(kind__in=kinds).values_list("kind", "note"):
        place, _colon, reason = note.partition(": ")
        if kind == EventKind.EDITED:
            given.clear()
        elif place.partition("/")[0] in TEXTS:  # others are about a reply
            given[place] = reason
    return given


def left_in(question: Question) -> list[Advice]:
    """What nobody has let stand yet."""
    return let_stand_in(question, {})[1]


def let_stand_in(question: Question, reasons: Mapping[str, str]) -> tuple[dict[str, str], list[Advice]]:
    """Of what is in the words now: the reasons, by place, given in `reasons` or before; and what has none."""
    texts = texts_of(question)
    advice = advice_on(texts, own_name(question, list(texts.values())[:-1]))
    return let_stand(advice, {**reasons_given(question), **reasons}) if advice else ({}, [])


def demand(lacking: Iterable[Advice]) -> str:
    """What a moderator is told of what has no reason."""
    return _("Everybody would read %(words)s. Change it, or say why it must stand.") % {"words": words_of(lacking)}


def keep_reasons(question: Question, by: User, given: Mapping[str, str]) -> None:
    """Keep each reason as an event, unless it was given before."""
    before = reasons_given(question) if given else {}
    for place, reason in given.items():
        if before.get(place) != reason:
            question.events.create(kind=EventKind.REASON_GIVEN, actor=by, note=f"{place}: {reason}")


def require_reasons(question: Question, by: User, reasons: Mapping[str, str]) -> None:
    """Keep the reasons for what is in the words now. Raises InvalidTransition where something has none."""
    given, lacking = let_stand_in(question, reasons)
    if lacking:
        raise InvalidTransition(demand(lacking))
    keep_reasons(question, by, given)
