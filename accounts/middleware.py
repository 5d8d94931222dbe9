"""Who the user of a request is: where a second factor is required, staff who have not used theirs are nobody yet."""

from django.conf import settings
from django.contrib.auth.middleware import get_user
from django.contrib.auth.models import AnonymousUser
from django.utils.functional import SimpleLazyObject

from accounts import second_factor


def require_second_factor(get_response):
    """As lazy as Django's own: a page that does not ask for the user opens no session."""

    def middleware(request):
        if settings.SECOND_FACTOR_REQUIRED:
            request.user = SimpleLazyObject(lambda: _user_of(request))
        return get_response(request)

    return middleware


def _user_of(request):
    user = get_user(request)
    works_here = user.is_staff or user.is_superuser
    return AnonymousUser() if works_here and not second_factor.is_used(request, user) else user
