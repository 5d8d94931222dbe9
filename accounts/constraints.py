"""The conditions that named database constraints repeat: known values, and pairs that come together."""

from django.db.models import Q


def is_one_of(field, choices, blank=False):
    """The condition that `field` holds a value of `choices`, or nothing where `blank`."""
    return Q(**{f"{field}__in": [*choices.values, ""] if blank else choices.values})


def both_or_neither(first, second):
    """The condition that two nullable fields are set together or not at all."""
    return Q(**{f"{first}__isnull": True, f"{second}__isnull": True}) | Q(
        **{f"{first}__isnull": False, f"{second}__isnull": False}
    )
