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
        if not (request.resolver_match.url_name or "").endswith("_changelist"):
            return view(request, *args, **kwargs)
        chosen = request.POST.getlist("_selected_action")
        if any("\0" in text for _name, texts in request.GET.lists() for text in texts):
            raise SuspiciousOperation("A filter with a character that no text has")
        if not all(key.isascii() and key.isdecimal() and len(key) < 19 for key in chosen):
            raise SuspiciousOperation("An action on what is no row")
        try:
            return view(request, *args, **kwargs)
        except (OverflowError, ValueError) as error:
            if request.method == "POST" or not request.GET:  # no filter can have caused it, or an action may have
                raise
            raise SuspiciousOperation("A filter by a number or a year that is none") from error

    return wrapped
