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
    besides: tuple[tuple[str, ...], ...] = ()  # labels of what was typed where another one was chosen: both must hold
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
            *self.besides,
        ]
        return tuple(filter(None, wanted))


def read(typed: Typed, chosen: Mapping[str, str]) -> Filters:
    """The filters of a search, in one query at most.

    Args:
        typed: what was typed. Where another one was chosen of the same kind, that one is shown, and both must hold.
        chosen: `specialty` and `topic` (slugs), `year` and `photo` as the page's links hold them; anything else, and
            what makes no sense, is left alone.
    """
    names = {"specialty": typed.specialty, "topic": typed.topic}
    found = _look_up(
        {(kind, True): name for kind, name in names.items()}
        | {(kind, False): clean(chosen.get(kind, "")) for kind in names}
    )
    chosen_years = years(chosen.get("year", ""))
    besides = [labels_of(typed.years)] if typed.years and chosen_years else []
    shown = {}
    for kind in names:
        one, other = found.get((kind, True)), found.get((kind, False))
        shown[kind] = other or one
        if one and other and one != other:
            besides.append((label(kind, one.pk),))
    return Filters(
        **shown,
        years=chosen_years or typed.years,
        has_photo=chosen.get("photo") == "1",
        besides=tuple(besides),
        not_found=tuple((kind, name) for kind, name in names.items() if name and (kind, True) not in found),
    )


def _look_up(wanted):
    """What is called so: a specialty or topic by kind and whether it was typed."""
    columns = ("what", "typed", "pk", "name", "slug")
    each = []
    for (kind, is_typed), name in wanted.items():
        if name:
            rows = Specialty.objects.filter(_is(name)) if kind == "specialty" else _topics_called(name)
            what = {"what": Value(kind), "typed": Value(int(is_typed))}
            each.append(rows.order_by().annotate(**what).values_list(*columns))
    rows = each[0].union(*each[1:]) if each else ()
    return {(what, bool(is_typed)): Named(*fields) for what, is_typed, *fields in sorted(rows, reverse=True)}


def _topics_called(name):
    return Topic.objects.filter(_is(name) | Q(synonyms__name__iexact=name)).distinct()


def _is(name):
    return Q(slug=name.lower()) | Q(name__iexact=name)
