"""Visitors without an account, told apart only once they do something that counts once: a random key in a cookie.

Who only reads gets no cookie. Rows hold no key but a hash of it that is different for each thing the visitor does, so
they cannot be put together; no address, browser or device goes into it.
"""

from urllib.parse import urlsplit

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import salted_hmac

from qa.limits import network
from qa.models import VISITOR_KEPT, random_key

COOKIE = "visitor"
SAME_CLICK = 10  # seconds in which a second click may come without the cookie that the first one sets


def known_visitor(request: HttpRequest) -> str:
    """The key in the visitor's cookie; empty where there is none, or where it is too old or not of our making."""
    return request.get_signed_cookie(COOKIE, "", salt="qa.visitors", max_age=VISITOR_KEPT)


def visitor_of(request: HttpRequest, deed: str) -> str:
    """The visitor's key, a new one where there is none; of two clicks at once on the same `deed` the same one."""
    if known := known_visitor(request):
        return known
    click = salted_hmac("qa.visitors.click", f"{deed} {network(request)}").hexdigest()[:32]
    try:
        return cache.get_or_set(f"click:{click}", random_key, SAME_CLICK)
    except ConnectionError:  # two clicks at once may count twice while the cache is away
        return random_key()


def mark_of(visitor: str, deed: str) -> str:
    """What a row keeps of the visitor who did this: 32 characters; empty for nobody."""
    return salted_hmac("qa.visitors.mark", f"{deed} {visitor}").hexdigest()[:32] if visitor else ""


def remember(response: HttpResponse, visitor: str) -> None:
    """Give the visitor the cookie by which the same deed counts once."""
    response.set_signed_cookie(
        COOKIE,
        visitor,
        salt="qa.visitors",
        max_age=VISITOR_KEPT,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def is_from_elsewhere(request: HttpRequest) -> bool:
    """Whether a form was sent from a page of another site. For forms that ask for no token, as browsers say it."""
    if site := request.headers.get("Sec-Fetch-Site"):
        return site not in ("same-origin", "none")
    origin = request.headers.get("Origin")
    return origin is not None and urlsplit(origin).netloc not in (
        request.get_host(),
        urlsplit(settings.SITE_URL).netloc,
    )
