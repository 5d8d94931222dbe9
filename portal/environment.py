"""Environment variables as settings: `env` reads one, the others convert what it holds, or refuse it."""

import os
import re
from email.utils import parseaddr
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

import dj_database_url
from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.core.validators import validate_email


def env(name, default=None, convert=str, expected="text"):
    """The environment variable `name`, converted; `default` where it is unset or empty.

    Raises ImproperlyConfigured where it is required (no default) and missing, or `convert` refuses it.
    """
    value = os.environ.get(name, "").strip()
    if not value:
        if default is None:
            raise ImproperlyConfigured(f"{name} is missing: set it to {expected}.")
        return default
    try:
        return convert(value)
    except (KeyError, ValueError, OSError, ValidationError):
        shown = value
        if name in ("DATABASE_URL", "EMAIL_URL", "REDIS_URL", "SECRET_KEY"):  # never say a password
            shown = "…" if name == "SECRET_KEY" else re.sub(r":.*", ":…", value)
        raise ImproperlyConfigured(f"{name} is {shown!r}, but must be {expected}.") from None


def switch(value):
    return {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}[value.lower()]


def matching(pattern):
    """A converter that takes a text as it is, where the whole of it matches `pattern`."""

    def convert(value):
        if not re.fullmatch(pattern, value):
            raise ValueError(value)
        return value

    return convert


def long_random_text(value):
    if len(value) < 50 or len(set(value)) < 5:  # what check --deploy asks for
        raise ValueError(value)
    return value


def hosts(value):
    found = [name.strip() for name in value.split(",") if name.strip()]
    host = matching(r"\*|\.?[\w-]+(\.[\w-]+)*|\[[0-9a-fA-F:]+\]")
    return [host(name) for name in found or [value]]


def sender(value):
    """An address, with or without a name before it: Asklepion <no-reply@example.org>."""
    validate_email(parseaddr(value)[1])
    return value


def folder(value):
    path = Path(value).absolute()
    path.mkdir(parents=True, exist_ok=True)
    if not os.access(path, os.W_OK | os.X_OK):
        raise PermissionError(path)
    return path


def whole_number(value):
    number = int(value)
    if number < 0:
        raise ValueError(value)
    return number


def web_address(value):
    parts = urlsplit(value)
    beside_host = parts.username or parts.query or parts.fragment or parts.path not in ("", "/")
    if parts.scheme not in ("http", "https") or not parts.hostname or beside_host or parts.port == 0:
        raise ValueError(value)
    return value.rstrip("/")


def database(value):
    if not value.startswith(("sqlite:///", "postgres://", "postgresql://")):
        raise ValueError(value)
    found = dj_database_url.parse(value)
    if found["NAME"] in ("", ":memory:"):
        raise ValueError(value)
    if value.startswith("sqlite"):
        folder(Path(found["NAME"]).parent)
    return found


def redis(value):
    """The cache on a Redis or Valkey server."""
    parts = urlsplit(value)
    if parts.scheme not in ("redis", "rediss") or not parts.hostname or parts.port == 0:
        raise ValueError(value)
    if not find_spec("redis"):
        raise ImproperlyConfigured("REDIS_URL is set, but the package redis is missing: pip install 'redis~=8.0'.")
    return {"BACKEND": "portal.cache.RedisCache", "LOCATION": value}


def email(value):
    """Django's e-mail settings from an address such as smtp://user:password@host:587?tls=1."""
    parts = urlsplit(value)
    options = {key: switch(flag) for key, flag in parse_qsl(parts.query, strict_parsing=bool(parts.query))}
    backends = {"smtp": "smtp", "console": "console", "file": "filebased", "memory": "locmem"}
    found = {
        "EMAIL_BACKEND": f"django.core.mail.backends.{backends[parts.scheme]}.EmailBackend",
        "EMAIL_USE_TLS": options.pop("tls", False),
        "EMAIL_USE_SSL": options.pop("ssl", False),
    }
    two_ways_to_encrypt = found["EMAIL_USE_TLS"] and found["EMAIL_USE_SSL"]
    no_target = (parts.scheme == "smtp" and not parts.hostname) or (parts.scheme == "file" and not parts.path)
    if options or two_ways_to_encrypt or no_target:
        raise ValueError(value)
    if parts.scheme == "smtp":
        found |= {
            "EMAIL_HOST": parts.hostname,
            "EMAIL_PORT": parts.port or (587 if found["EMAIL_USE_TLS"] else 465 if found["EMAIL_USE_SSL"] else 25),
            "EMAIL_HOST_USER": unquote(parts.username or ""),
            "EMAIL_HOST_PASSWORD": unquote(parts.password or ""),
        }
    elif parts.scheme == "file":
        found["EMAIL_FILE_PATH"] = parts.path
    return found
