"""What narrows a search: a specialty, a topic, years, questions with a photo. Chosen on the page or typed."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.db.models import Q, Value

from accounts.models import Specialty
from qa.models import Topic
from qa.search.entries import label
from qa.search.query import Typed, clean, labels_of, years


@dataclass(frozen=True)
class Named:
    """A specialty or topic."""

    pk: int
    name: str
    slug: str


@dataclass(frozen=True)
class Filters:
    """What entries must be filed under; nothing by default."""

    specialty: Named | None = None
    topic: Named | None = None
    years: tuple[int, int] | None = None
    has_photo: bool = False
    not_found: tuple[tuple[str, str], ...] = ()  # "specialty" or "topic", and what was typed as one: words like others

    def __bool__(self):
        return bool(self.specialty or self.topic or self.years or self.has_photo)

    @property
    def period(self) -> str:
        """The years as they are shown: "2004", "2003–2005"."""
        return "–".join(map(str, sorted(set(self.years or ()))))

    def labels(self) -> tuple[tuple[str, ...], ...]:
        wanted = [
            (label("specialty", self.specialty.pk),) if self.specialty else (),
            (label("topic", self.topic.pk),) if self.topic else (),
            labels_of(self.years),
            (label("photo"),) if self.has_photo else (),
        ]
        return tuple(filter(None, wanted))


def read(typed: Typed, chosen: Mapping[str, str]) -> Filters:
    """The filters of a search, in one query at most.

    Args:
        typed: what was typed; it counts before what was chosen.
        chosen: `specialty` and `topic` (slugs), `year` and `photo` as the page's links hold them; anything else, and
            what makes no sense, is left alone.
    """
    specialty = typed.specialty or clean(chosen.get("specialty", ""))
    topic = typed.topic or clean(chosen.get("topic", ""))
    found = _look_up(specialty, topic) if specialty or topic else {}
    names = {"specialty": typed.specialty, "topic": typed.topic}
    return Filters(
        specialty=found.get("specialty"),
        topic=found.get("topic"),
        years=typed.years or years(chosen.get("year", "")),
        has_photo=chosen.get("photo") == "1",
        not_found=tuple((kind, name) for kind, name in names.items() if name and kind not in found),
    )


def _look_up(specialty, topic):
    specialties = Specialty.objects.order_by().filter(_is(specialty)).annotate(what=Value("specialty"))
    topics = Topic.objects.order_by().filter(_is(topic) | Q(synonyms__name__iexact=topic)).annotate(what=Value("topic"))
    columns = ("what", "pk", "name", "slug")
    rows = topics.distinct().values_list(*columns).union(specialties.values_list(*columns))
    return {what: Named(*fields) for what, *fields in sorted(rows, reverse=True)}


def _is(name):
    return Q(slug=name.lower()) | Q(name__iexact=name)
