"""What public pages have in common: anybody may keep them for a minute, and they are rendered once for each version.

Their version is that of everything public (`PublicChange`), with the day, the release and the address. So nothing has
to be cleared: from the moment a removal is done, what was kept of the page that held it is of another version.

What is kept is bounded: few pages (`CACHES` in the settings), none of them very large, and each under the one address
that the portal itself has for it. What follows a question mark, the further pages of a list among them, is rendered
each time: anybody can make up any number of such addresses.
"""

import hashlib
from functools import cache, partial, wraps
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


def public(view=None, *, tells_version=False):
    """A page that is the same for everybody who may read it, whoever is signed in. It answers 304 by one query.

    Where it turns out to hold anything of one person (a message, a session, a token), it says so and is not kept. A
    view that `tells_version` gives its response the `version` that it was read with: where nothing is kept of the page,
    nobody asks for it before.
    """
    if view is None:
        return partial(public, tells_version=tells_version)

    @wraps(view)
    def wrapped(request, *args, **kwargs):
        if request.method not in ("GET", "HEAD") or settings.DEBUG:
            return view(request, *args, **kwargs)
        if MESSAGES in request.COOKIES:
            return _personal(view(request, *args, **kwargs))
        key, etag = _key(request), None
        kept = caches["rendered"].get(key)
        if kept or "If-None-Match" in request.headers or not tells_version:
            etag = _etag(key, PublicChange.objects.version(kwargs.get("pk")))
            # “*” asks whether there is such a page at all, which only the view knows
            if _names_versions(request) and (unchanged := get_conditional_response(request, etag=etag)):
                return _for_everybody(unchanged, etag)
            if kept and kept[0] == etag:
                return _for_everybody(HttpResponse(kept[2], headers=kept[1]), etag)
        response = view(request, *args, **kwargs)
        if _is_of_somebody(request, response):
            return _personal(response)
        if response.status_code == 200:
            etag = etag or _etag(key, response.version)
            if _is_our_address(request):
                _keep(key, etag, response)
        return _for_everybody(response, etag)

    return wrapped


def _names_versions(request):
    return request.headers.get("If-None-Match", "").strip() != "*"


def _key(request):
    """Of a page as this release shows it on this day, in whatever version."""
    return _digest(_release(), timezone.localdate().isoformat(), request.build_absolute_uri())


def _etag(key, version):
    return f'"{_digest(key, version)}"'  # a version says how many have voted, which is not told where they are few


def _digest(*parts):
    return hashlib.sha256("|".join(parts).encode()).hexdigest()[:32]


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


def _keep(key, etag, response):
    if hasattr(response, "render") and not response.is_rendered:
        response.render()
    if not response.streaming and len(response.content) <= LARGEST:
        caches["rendered"].set(key, (etag, dict(response.headers), response.content), KEPT)


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
