"""What several desks share."""

import datetime
from dataclasses import dataclass
from functools import wraps

from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.core.paginator import Paginator
from django.http import Http404
from django.shortcuts import render
from django.utils.formats import localize
from django.utils.functional import cached_property
from django.utils.timezone import template_localtime
from django.utils.translation import gettext as _

from qa.forms.fields import typed_texts
from qa.models import UNDATED

MOST_LISTED = 10_000  # rows of a list that can be paged through; the others are found by searching and filters


def key_of(text):
    """The primary key that somebody sends, as a number; 0, which no row has, where it is none."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else 0


def moment_of(model, name):
    """What a list or page of the admin shows of a moment that may not be known; without it that would be 1970."""
    field = model._meta.get_field(name)

    @admin.display(description=field.verbose_name, ordering=name, empty_value="–")
    def shown(row):
        moment = getattr(row, name)
        return _("date not known") if moment == UNDATED else moment and localize(template_localtime(moment))

    return shown


@dataclass(frozen=True)
class DeskBox:
    """What waits on one desk, shown on the admin's first page.

    A ModelAdmin with a method `desk_box(request)` has a box there; it returns None for whom the desk is not.

    Attributes:
        title: what waits there, such as "Questions to decide on".
        link: the address of the queue.
        waiting: how many wait.
        oldest: since when the oldest has waited; None where nothing does.
        urgent: how many of them are urgent.
        mine: how many of them this user has taken; None where nobody takes any.
        again: how many patients wrote again after a reply, and wait beside those.
        alarm: what everybody at this desk should know first; "" where nothing is.
    """

    title: str
    link: str
    waiting: int
    oldest: datetime.datetime | None = None
    urgent: int = 0
    mine: int | None = None
    again: int = 0
    alarm: str = ""


def giving_back(urls):
    """The addresses, where whoever writes and is signed out meanwhile gets the text back; signing in would lose it."""
    for url in urls:
        url.callback = _giving_back(url.callback)
    return urls


def _giving_back(view):
    @wraps(view)
    def wrapped(request, *args, **kwargs):
        if request.method == "POST" and not request.user.is_authenticated:
            return render(request, "admin/signed_out.html", {"texts": typed_texts(request.POST)}, status=403)
        return view(request, *args, **kwargs)

    return wrapped


class CappedPaginator(Paginator):
    """Counts no further than MOST_LISTED, so that a list of a million rows opens like a short one."""

    @cached_property
    def count(self):
        return self.object_list.order_by()[:MOST_LISTED].count()


class ReadOnlyAdmin(admin.ModelAdmin):
    """Rows that the portal writes itself: shown here, never changed."""

    def has_add_permission(self, request):
        return False

    def has_change_permission(self, request, obj=None):
        return False

    def has_delete_permission(self, request, obj=None):
        return False


class OwnRowsMixin:
    """A row that is not in the list does not exist."""

    def change_view(self, request, object_id, *args, **kwargs):
        self._require(request, object_id)
        return super().change_view(request, object_id, *args, **kwargs)

    def history_view(self, request, object_id, *args, **kwargs):
        self._require(request, object_id)
        return super().history_view(request, object_id, *args, **kwargs)

    def _require(self, request, object_id):
        if self.get_object(request, unquote(object_id)) is None:
            raise Http404


class HiddenFieldsMixin:
    """Nobody finds out a field that is not shown by asking for its beginning in the address of the list."""

    def get_hidden(self, request):
        """The names of the fields that this user is not shown."""
        return self.hidden

    def lookup_allowed(self, lookup, value, request):
        is_hidden = lookup.split("__")[0] in self.get_hidden(request)
        return not is_hidden and super().lookup_allowed(lookup, value, request)


class PublicPageMixin:
    """A link to the public page, only where there is one."""

    def get_view_on_site_url(self, obj=None):
        return super().get_view_on_site_url(obj) if obj and obj.is_public else None
