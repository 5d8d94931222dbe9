"""The admin's site: what every list refuses, whichever desk it belongs to."""

from functools import wraps

from django.contrib.admin import AdminSite
from django.core.exceptions import SuspiciousOperation


class DeskSite(AdminSite):
    def admin_view(self, view, cacheable=False):
        return super().admin_view(_refusing_nonsense(view), cacheable)


def _refusing_nonsense(view):
    """The view, where a list answers 400 to what no page of ours sends and no database takes."""

    @wraps(view)
    def wrapped(request, *args, **kwargs):
        if (request.resolver_match.url_name or "").endswith("_changelist"):
            chosen = request.POST.getlist("_selected_action")
            if any("\0" in text for _name, texts in request.GET.lists() for text in texts):
                raise SuspiciousOperation("A filter with a character that no text has")
            if not all(key.isascii() and key.isdecimal() and len(key) < 19 for key in chosen):
                raise SuspiciousOperation("An action on what is no row")
        return view(request, *args, **kwargs)

    return wrapped
