"""The specialties, topics and doctors that records name: looked up in memory, made when a record needs them."""

from enum import StrEnum

from django.utils.text import slugify

from accounts.models import Doctor, DoctorAlias, Specialty
from qa.importing.records import plain_name
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
        for key, name in names:
            self.keys.setdefault(name, key)
            self.spelling.setdefault(name.casefold(), name)
        kept = {key: name for name, key in self.keys.items()}
        for key, name in others:
            self.spelling.setdefault(name.casefold(), kept[key])

    def known(self, name: str) -> str | None:
        """The name as it is kept; the empty text where it is ignored, None where it is refused."""
        if name in self.keys:
            return name
        folded = name.casefold()
        if self.unknown == Unknown.CREATE:
            return self.spelling.setdefault(folded, name)
        return self.spelling.get(folded, "" if self.unknown == Unknown.IGNORE else None)

    def key(self, name: str, create) -> int:
        """The primary key of a name as it is kept; `create` makes the row and gives its key."""
        if name not in self.keys:
            self.keys[name] = create(name)
        return self.keys[name]


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
        self._held = {model: set(_pairs(model).values_list(*_columns(model))) for model in (Doctor, Topic)}
        self.specialty, self.topic, self.doctor = (
            self._specialties.known,
            self._topics.known,
            self._doctors.known,
        )

    def specialty_id(self, name: str) -> int:
        return self._specialties.key(name, lambda name: self._create(Specialty, name))

    def topic_id(self, name: str, specialty_id: int) -> int:
        """The topic; one that may be made also gets a page in the specialty of what it stands on."""
        pk = self._topics.key(name, lambda name: self._create(Topic, name))
        if self._topics.unknown == Unknown.CREATE:
            self._hold(Topic, pk, specialty_id)
        return pk

    def doctor_id(self, name: str, specialty_id: int) -> int:
        """The doctor of the archive, who holds the specialty of the reply."""
        pk = self._doctors.key(name, lambda name: self._create(Doctor, name, is_from_archive=True))
        self._hold(Doctor, pk, specialty_id)
        return pk

    def _create(self, model, name, **fields):
        return model.objects.create(name=name, slug=self._slugs[model].free(name), **fields).pk

    def _hold(self, model, pk, specialty_id):
        if (pk, specialty_id) not in self._held[model]:
            columns = dict(zip(_columns(model), (pk, specialty_id), strict=True))
            _pairs(model).get_or_create(**columns)
            self._held[model].add((pk, specialty_id))


def _pairs(model):
    return model.specialties.through.objects


def _columns(model):
    return (f"{model._meta.model_name}_id", "specialty_id")
