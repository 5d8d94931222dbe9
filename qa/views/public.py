"""What public pages have in common: anybody may keep them for a minute, and they are rendered once for each version.

Their version is that of everything public (`PublicChange`), with the day, the release and the address. So nothing has
to be cleared: from the moment a removal is done, the page that held it is asked for under another name.

What is kept is bounded: few pages (`CACHES` in the settings), none of them very large, and each under the one address
that the portal itself has for it. What follows a question mark, the further pages of a list among them, is rendered
each time: anybody can make up any number of such addresses.
"""

import hashlib
from functools import cache, wraps
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.staticfiles.storage import staticfiles_storage
from django.core.cache import caches
from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import get_conditional_response, patch_cache_control, patch_vary_headers

from qa.models import PublicChange

MAX_AGE = 60  # seconds that a browser or a server in between may show a page without asking
KEPT = 600  # seconds
LARGEST = 100_000  # bytes of a page that is kept
SETTINGS = ["SITE_NAME", "SITE_URL", "EMERGENCY_NUMBER", "CRISIS_LINE", "TIME_ZONE", "LANGUAGE_CODE"]
MESSAGES = "messages"  # the cookie of what has just happened, said on the next page


def public(view):
    """A page that is the same for everybody who may read it, whoever is signed in. It answers 304 by one query.

    Where it turns out to hold anything of one person (a message, a session, a token), it says so and is not kept.
    """

    @wraps(view)
    def wrapped(request, *args, **kwargs):
        if request.method not in ("GET", "HEAD") or settings.DEBUG:
            return view(request, *args, **kwargs)
        if MESSAGES in request.COOKIES:
            return _personal(view(request, *args, **kwargs))
        etag = _etag(request, question=kwargs.get("pk"))
        # “*” asks whether there is such a page at all, which only the view knows
        if _names_versions(request) and (unchanged := get_conditional_response(request, etag=etag)):
            return _for_everybody(unchanged, etag)
        if kept := caches["rendered"].get(etag):
            return _for_everybody(HttpResponse(kept[1], headers=kept[0]), etag)
        response = view(request, *args, **kwargs)
        if _is_of_somebody(request, response):
            return _personal(response)
        if response.status_code == 200 and _is_our_address(request):
            _keep(etag, response)
        return _for_everybody(response, etag)

    return wrapped


def _names_versions(request):
    return request.headers.get("If-None-Match", "").strip() != "*"


def _etag(request, question):
    version = PublicChange.objects.version(question)
    parts = [_release(), version, timezone.localdate().isoformat(), request.build_absolute_uri()]
    return f'"{hashlib.sha256("|".join(parts).encode()).hexdigest()[:32]}"'


@cache
def _release():
    """What is another one as soon as this process would render the same rows differently."""
    digest = hashlib.sha256("|".join(str(getattr(settings, name)) for name in SETTINGS).encode())
    for folder in ("templates", "qa", "accounts", "portal"):
        for path in sorted((settings.BASE_DIR / folder).rglob("*.*")):
            if path.suffix in (".html", ".py"):
                digest.update(path.read_bytes())
    digest.update(str(sorted(getattr(staticfiles_storage, "hashed_files", {}).items())).encode())
    return digest.hexdigest()


def _is_our_address(request):
    """Whether the portal itself would write the address so, apart from http or https."""
    match = request.resolver_match
    path = reverse(match.view_name, args=match.args, kwargs=match.kwargs)
    return request.get_full_path() == path and request.get_host() == urlsplit(settings.SITE_URL).netloc


def _keep(etag, response):
    if hasattr(response, "render") and not response.is_rendered:
        response.render()
    if not response.streaming and len(response.content) <= LARGEST:
        caches["rendered"].set(etag, (dict(response.headers), response.content), KEPT)


def _is_of_somebody(request, response):
    has_token = request.META.get("CSRF_COOKIE_NEEDS_UPDATE", False)
    return bool(response.cookies) or has_token or request.session.accessed


def _personal(response):
    patch_cache_control(response, private=True, no_store=True)
    return response


def _for_everybody(response, etag):
    if response.status_code in (200, 301, 304):
        patch_cache_control(response, public=True, max_age=MAX_AGE, must_revalidate=True)
        patch_vary_headers(response, ["Accept-Encoding"])
    if response.status_code in (200, 304):
        response["ETag"] = etag
    return response
