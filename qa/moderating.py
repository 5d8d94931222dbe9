"""Moderating: what a moderator is shown of a question, and the decisions that are more than one transition."""

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Specialty, User
from qa import identifying, screening
from qa.errors import InvalidTransition
from qa.models import EventKind, Flag, FlagReason, Question, RejectReason, Reply, Revision, Topic, TopicSynonym

KINDS = {
    "emergency": gettext_lazy("Emergency"),
    "self_harm": gettext_lazy("Self-harm"),
    "privacy": gettext_lazy("Privacy"),
    "medicine": gettext_lazy("Medicine"),
    "links": gettext_lazy("Link"),
}
LABELS = {
    "headline": gettext_lazy("Headline"),
    "title": gettext_lazy("Title"),
    "body": gettext_lazy("Question"),
    "parts": gettext_lazy("Parts"),
    "pseudonym": gettext_lazy("Name to appear under"),
    "medicines": gettext_lazy("Medicines taken"),
    "allergies": gettext_lazy("Allergies"),
}
SAME_PART = 0.5  # how much of a part's text, from 0 to 1, is the same where it only has other words now
SHORTEST_TOPIC = 3  # letters of a topic's name that is looked for in a text


@dataclass(frozen=True)
class Texts:
    """What a moderator may change of the patient's words; `parts` stands one on a line."""

    title: str
    body: str
    parts: str
    pseudonym: str

    @classmethod
    def of(cls, question: Question) -> "Texts":
        parts = "\n".join(part.text for part in question.parts.all())
        return cls(question.title, question.body, parts, question.pseudonym)


@dataclass(frozen=True)
class Change:
    """One text before and after: `pieces` are pairs of "same", "gone" or "new" and the words."""

    label: str
    pieces: list[tuple[str, str]]


@dataclass(frozen=True)
class Checked:
    """One of the patient's texts with what the checks find in it: `quotes` pairs each finding with its words."""

    name: str
    label: str
    text: str
    findings: list[screening.Finding]

    @property
    def quotes(self):
        """Each rule once: what it is about, the words it found, and what it says."""
        found = {}
        for finding in self.findings:
            entry = found.setdefault(finding.rule, (KINDS.get(finding.kind, finding.kind), [], finding))
            entry[1].append(self.text[finding.start : finding.end])
        return list(found.values())


def check(question: Question) -> list[Checked]:
    """The patient's texts that are not empty, each with all findings."""
    texts = Texts.of(question)
    named = {name: getattr(texts, name) for name in ("title", "body", "parts")}
    named |= {"medicines": question.medicines, "allergies": question.allergies}
    return [
        Checked(name, str(LABELS[name]), text, screening.screen(text, KINDS)) for name, text in named.items() if text
    ]


def suggest_topics(text: str) -> list[Topic]:
    """The topics whose name, synonym or original name stands in `text`, in the order of their names."""
    small = text.casefold()
    words = f" {_words_only(small)} "
    names = [*Topic.objects.values_list("pk", "name"), *TopicSynonym.objects.values_list("topic", "name")]
    names += Topic.objects.exclude(original_name="").values_list("pk", "original_name")
    found = {pk for pk, name in names if _stands_in(name.casefold(), small, words)}
    return list(Topic.objects.filter(pk__in=found))


def topic_called(name: str) -> Topic | None:
    """The topic of this name or synonym, in capitals or not; None where the vocabulary has none."""
    called = Topic.objects.filter(name__iexact=name).first()
    return called or Topic.objects.filter(synonyms__name__iexact=name).first()


def topics_to_choose(specialty: Specialty | None) -> list[tuple[str, str]]:
    """The topics of a specialty, of all where it is None: the name of each, and what else it is called."""
    topics = Topic.objects.in_specialty(specialty) if specialty else Topic.objects.all()
    return [
        (
            topic.name,
            ", ".join(filter(None, [*sorted(s["name"] for s in topic.synonym_list or []), topic.original_name])),
        )
        for topic in topics.with_synonyms()
    ]


def _stands_in(name, text, words):
    """Whole words for names in Latin letters, with or without a plural's s; Chinese has no gaps between words."""
    if not name.isascii():
        return len(name) > 1 and name in text
    plain = _words_only(name)
    singular = plain.removesuffix("s")
    return len(plain) >= SHORTEST_TOPIC and (f" {singular} " in words or f" {singular}s " in words)


def _words_only(text):
    return " ".join(re.findall(r"\w+", text))


def compare(old: str, new: str) -> list[tuple[str, str]]:
    """What became of `old`, word by word: pairs of "same", "gone" or "new" and the words."""
    before, after = re.findall(r"\s+|\S+", old), re.findall(r"\s+|\S+", new)
    pieces = []
    for kind, i1, i2, j1, j2 in difflib.SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if kind == "equal":
            pieces.append(("same", "".join(before[i1:i2])))
            continue
        pieces += [("gone", "".join(before[i1:i2]))] * (i1 < i2) + [("new", "".join(after[j1:j2]))] * (j1 < j2)
    return pieces


def changes(old: Texts, new: Texts) -> list[Change]:
    """The texts that differ, each word by word."""
    pairs = ((name, getattr(old, name), getattr(new, name)) for name in vars(old))
    return [Change(str(LABELS[name]), compare(before, after)) for name, before, after in pairs if before != after]


def past_changes(question: Question) -> list[tuple[Revision, Change]]:
    """The changes moderators have made, latest first, each as the text before against the one after."""
    after = {"headline": question.headline, **vars(Texts.of(question))}
    found = []
    for revision in question.revisions.select_related("editor").order_by("-created_at", "-pk"):
        change = Change(str(LABELS.get(revision.field, revision.field)), compare(revision.text, after[revision.field]))
        after[revision.field] = revision.text
        found.append((revision, change))
    return found


@transaction.atomic
def edit(question: Question, by: User, texts: Texts, reason: str, seen: Texts | None = None) -> None:
    """Change the patient's words; the earlier ones become revisions that moderators alone read.

    Args:
        texts: the words from now on.
        reason: why they are changed.
        seen: the words that the moderator has read; None for those of `question`.

    Raises:
        InvalidTransition: where no reason is given, somebody else has changed the words since they were read, or
            nothing of the patient is left to be changed.
    """
    seen = seen or Texts.of(question)
    current = Question.objects.select_for_update().filter(pk=question.pk).first()
    if current is None or current.erased_at:
        raise InvalidTransition(_("The patient has erased this text."))
    old = Texts.of(current)
    if old != seen:
        raise InvalidTransition(_("Somebody else has just changed these words."))
    changed = [name for name in vars(old) if getattr(old, name) != getattr(texts, name)]
    if not changed:
        return
    if not reason.strip():
        raise InvalidTransition(_("Say why you change the patient's words."))
    for name in changed:
        question.revisions.create(field=name, text=getattr(old, name), reason=reason, editor=by)
    question.title, question.body, question.pseudonym = texts.title, texts.body, texts.pseudonym
    question.save(update_fields=["title", "body", "pseudonym"])
    if "parts" in changed:
        _set_parts(question, [line.strip() for line in texts.parts.splitlines() if line.strip()])
    question.events.create(kind=EventKind.EDITED, actor=by, note=reason)


@transaction.atomic
def edit_headline(question: Question, by: User, headline: str, reason: str) -> None:
    """Change the headline, if it is another one; the earlier one becomes a revision.

    Raises:
        InvalidTransition: where no reason is given, or the patient has erased the question.
    """
    current = Question.objects.select_for_update().filter(pk=question.pk, erased_at__isnull=True).first()
    if current is None:
        raise InvalidTransition(_("The patient has erased this text."))
    if current.headline == headline:
        return
    if not reason.strip():
        raise InvalidTransition(_("Say why you change the headline."))
    question.revisions.create(field="headline", text=current.headline, reason=reason, editor=by)
    question.headline = headline
    question.save(update_fields=["headline"])
    question.events.create(kind=EventKind.EDITED, actor=by, note=reason)


def _set_parts(question, lines):
    """What replies say of a part stays with it, wherever it stands now; of a new one they say nothing."""
    parts = _parts_of_lines(list(question.parts.all()), lines)
    stay = [part.pk for position, part in parts.items() if part.position == position]
    moved = {
        position: list(part.coverages.values("reply_id", "coverage"))
        for position, part in parts.items()
        if part.pk not in stay
    }
    question.parts.exclude(pk__in=stay).delete()
    for position, text in enumerate(lines, 1):
        part, _is_new = question.parts.update_or_create(position=position, defaults={"text": text})
        for said in moved.get(position, []):
            part.coverages.create(**said)


def _parts_of_lines(parts, lines):
    """Which part each line is, by its position: that of the same text; or, where none was added or taken out, the one
    in the same place if most of its text is still there."""
    found, left = {}, list(parts)
    for position, line in enumerate(lines, 1):
        if part := next((part for part in left if part.text == line), None):
            found[position] = part
            left.remove(part)
    if len(parts) == len(lines):
        for part in left:
            line = lines[part.position - 1]
            if part.position not in found and difflib.SequenceMatcher(None, part.text, line).ratio() >= SAME_PART:
                found[part.position] = part
    return found


@transaction.atomic
def accept(
    question: Question,
    by: User,
    specialty: Specialty,
    headline: str = "",
    topics: Iterable[Topic] = (),
    texts: Texts | None = None,
    reason: str = "",
    seen: Texts | None = None,
    reasons: Mapping[str, str] | None = None,
) -> None:
    """Let doctors see the question, with all that was decided on the way: all of it, or nothing.

    Args:
        topics: those that the question is about from now on.
        texts: the patient's words as changed; None where they stay.
        reason, seen: as for `edit`.
        reasons: why what shows who somebody is is let stand, by the place that `qa.identifying` names.

    Raises:
        InvalidTransition: where somebody else has decided, words are changed without a reason, or what shows who
            somebody is has none.
    """
    question.accept(by, specialty, headline)
    question.topics.set(list(topics))
    if texts:
        edit(question, by, texts, reason, seen)
    identifying.require_reasons(question, by, reasons or {})


def duplicate_note(other: Question, note: str = "") -> str:
    """What the patient reads of a question that was answered before: the other one's address, then `note`."""
    sentence = _("You find the question and its reply here: %(address)s")
    address = settings.SITE_URL + reverse("question_short", args=[other.pk])  # which tells nothing once it is erased
    return "\n".join(filter(None, [sentence % {"address": address}, note]))


@transaction.atomic
def merge(question: Question, by: User, other: Question, note: str = "") -> None:
    """Reject the question as a duplicate and tell the patient where the other one is.

    Raises:
        InvalidTransition: where the other question is not public, or somebody else has decided.
    """
    if not other.is_public or other.pk == question.pk:
        raise InvalidTransition(_("Choose another question that everybody can read."))
    question.reject(by, RejectReason.DUPLICATE, duplicate_note(other, note))


@transaction.atomic
def take_up(reply: Reply, by: User, reason: str) -> Flag:
    """A moderator's own report about a reply, theirs to look into; the one that waits already, where there is one.

    Args:
        reason: a `FlagReason`; anything else counts as "something else".

    Raises:
        InvalidTransition: where the reply is not published.
    """
    reply = Reply.objects.select_for_update(of=("self",)).get(pk=reply.pk)  # the same click twice waits here
    if not reply.is_published:
        raise InvalidTransition(_("This reply is no longer on the portal."))
    if waiting := Flag.objects.undecided().filter(reply=reply).first():
        return waiting
    note = _("Taken up by the moderator %(name)s.") % {"name": by}
    reason = reason if reason in FlagReason else FlagReason.OTHER
    return Flag.objects.create(reply=reply, reason=reason, note=note, assignee=by)


def reject_spam(questions: Iterable[Question], by: User) -> tuple[int, list[str]]:
    """Reject each as advertising. Returns how many, and a sentence for each that could not be."""
    done, refused = 0, []
    for question in questions:
        try:
            question.reject(by, RejectReason.SPAM)
        except InvalidTransition as refusal:
            refused.append(f"{question}: {refusal}")
        else:
            done += 1
    return done, refused


def next_in(queue: QuerySet, question: Question) -> Question | None:
    """The question that follows in the queue, from its end back to its beginning; None where no other waits."""
    others = queue.exclude(pk=question.pk)
    return others.behind(question).first() or others.first()
