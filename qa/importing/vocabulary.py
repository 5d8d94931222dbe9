"""The specialties, topics and doctors that records name: looked up in memory, made when a record needs them."""

from collections.abc import Iterable
from enum import StrEnum

from django.utils.text import slugify

from accounts.models import Doctor, DoctorAlias, Specialty
from qa.importing.records import Record, plain_name
from qa.models import Topic, TopicRedirect, TopicSynonym


class Unknown(StrEnum):
    """What to do with a name that nobody has heard of."""

    REFUSE = "refuse"
    CREATE = "create"
    IGNORE = "ignore"


class Slugs:
    """Slugs that no row of a model has yet, without asking the database for each."""

    def __init__(self, model, taken=()):
        self.limit = model._meta.get_field("slug").max_length
        self.fallback = model._meta.model_name
        self.taken = {*model.objects.values_list("slug", flat=True), *taken}
        self.last = {}

    def free(self, text: str) -> str:
        base = slugify(text)[: self.limit - 8].strip("-") or self.fallback
        slug, number = base, self.last.get(base, 1)
        while slug in self.taken:
            number += 1
            slug = f"{base}-{number}"
        self.last[base] = number
        self.taken.add(slug)
        return slug


class NameTable:
    """The rows of one model by their names, whatever the case; a name that is new keeps its first spelling.

    Args:
        names: pairs of primary key and name.
        others: further names, each with the primary key.
        unknown: what to do with a name that is not among them.
    """

    def __init__(self, names, others=(), unknown=Unknown.REFUSE):
        self.unknown = unknown
        self.spelling = {}  # a name in small letters: as it is kept
        self.keys = {}  # a name as it is kept: the row's primary key
        kept = dict(names)
        for key, name in kept.items():
            self.keys.setdefault(name, key)
            self.spelling.setdefault(name.casefold(), name)
        for key, name in others:
            if self.keys[kept[key]] != key:  # a namesake of the row that has the name: known by the other one only
                kept[key] = name
                self.keys.setdefault(name, key)
            self.spelling.setdefault(name.casefold(), kept[key])

    def known(self, name: str) -> str | None:
        """The name as it is kept; the empty text where it is ignored, None where it is refused."""
        if name in self.keys:
            return name
        folded = name.casefold()
        if self.unknown == Unknown.CREATE:
            return self.spelling.setdefault(folded, name)
        return self.spelling.get(folded, "" if self.unknown == Unknown.IGNORE else None)

    def new(self, names) -> list[str]:
        """The names without a row, each once."""
        return [name for name in dict.fromkeys(names) if name not in self.keys]

    def learn(self, key: int, name: str) -> None:
        """A row that there is since; it has the name as it is spelled here, too."""
        self.keys.setdefault(name, key)
        self.keys.setdefault(self.spelling.setdefault(name.casefold(), name), key)

    def last(self) -> int:
        """The greatest primary key."""
        return max(self.keys.values(), default=0)


class Vocabulary:
    """All names, as `qa.importing.records.Reader` asks for them, and their rows, as loading does.

    Args:
        specialties: what to do with an unknown specialty: refuse or create.
        topics: what to do with an unknown topic: refuse, create or ignore.
    """

    def __init__(self, specialties: Unknown = Unknown.REFUSE, topics: Unknown = Unknown.REFUSE):
        self._specialties = NameTable(Specialty.objects.order_by("pk").values_list("pk", "name"), unknown=specialties)
        self._topics = NameTable(
            Topic.objects.order_by("pk").values_list("pk", "name"),
            TopicSynonym.objects.order_by("pk").values_list("topic", "name"),
            topics,
        )
        # A verified doctor of the same name may be somebody else
        of_archive = Doctor.objects.filter(is_from_archive=True)
        self._doctors = NameTable(
            [(pk, plain_name(name)) for pk, name in of_archive.order_by("pk").values_list("pk", "name")],
            DoctorAlias.objects.filter(doctor__in=of_archive).values_list("doctor", "name"),
            Unknown.CREATE,
        )
        self._slugs = {
            Specialty: Slugs(Specialty),
            Topic: Slugs(Topic, TopicRedirect.objects.values_list("slug", flat=True)),
            Doctor: Slugs(Doctor),
        }
        self._held = {
            model: set(model.specialties.through.objects.values_list(*_columns(model))) for model in (Doctor, Topic)
        }
        self.specialty, self.topic, self.doctor = (
            self._specialties.known,
            self._topics.known,
            self._doctors.known,
        )

    def make(self, records: Iterable[Record]) -> None:
        """Make the rows that the records need and that are not there yet, in the current transaction.

        That must hold `tables.lock_imports`: then what another import has made since has keys greater than all before.
        """
        specialties, topics, doctors = {}, {}, {}
        for record in records:
            specialty = record.data["specialty"]
            specialties[specialty] = True
            for topic in record.data.get("topics", ()):
                topics[topic, specialty] = True
            for reply in record.data.get("replies", ()):
                specialties[reply["specialty"]] = specialties[reply.get("see_specialty", specialty)] = True
                doctors[reply["doctor"], reply["specialty"]] = True
        self._make(Specialty, self._specialties, specialties)
        self._make(Topic, self._topics, [name for name, _specialty in topics])
        self._make(Doctor, self._doctors, [name for name, _specialty in doctors], is_from_archive=True)
        self._hold(Doctor, [(self._doctors.keys[name], self.specialty_id(specialty)) for name, specialty in doctors])
        if self._topics.unknown == Unknown.CREATE:  # where the vocabulary may grow, a topic also gets pages
            self._hold(Topic, [(self._topics.keys[name], self.specialty_id(specialty)) for name, specialty in topics])

    def specialty_id(self, name: str) -> int:
        return self._specialties.keys[name]

    def topic_id(self, name: str) -> int:
        return self._topics.keys[name]

    def doctor_id(self, name: str) -> int:
        return self._doctors.keys[name]

    def _make(self, model, table, names, **fields):
        if table.new(names):
            for row in model.objects.filter(pk__gt=table.last(), **fields).order_by("pk"):
                table.learn(row.pk, row.name)
                self._slugs[model].taken.add(row.slug)
        rows = [model(name=name, slug=self._slugs[model].free(name), **fields) for name in table.new(names)]
        for row in model.objects.bulk_create(rows):
            table.learn(row.pk, row.name)

    def _hold(self, model, pairs):
        """The doctors hold these specialties, or the topics have pages in them."""
        through, held = model.specialties.through, self._held[model]
        new = [pair for pair in dict.fromkeys(pairs) if pair not in held]
        columns = [through(**dict(zip(_columns(model), pair, strict=True))) for pair in new]
        through.objects.bulk_create(columns, ignore_conflicts=True)
        held.update(new)


def _columns(model):
    return (f"{model._meta.model_name}_id", "specialty_id")
