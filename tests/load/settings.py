"""The portal's own settings, as in production, with what only the benchmark needs."""

import os

os.environ.setdefault("DEBUG", "0")
os.environ.setdefault("SECRET_KEY", "only-for-the-benchmark".ljust(50, "-"))
os.environ.setdefault("ALLOWED_HOSTS", "127.0.0.1")
os.environ.setdefault("SITE_URL", "http://127.0.0.1")
os.environ.setdefault("EMAIL_URL", "memory:")
os.environ.setdefault("FROM_EMAIL", "no-reply@example.org")

from portal.settings import *  # noqa: F403

ROOT_URLCONF = "tests.load.urls"
SECOND_FACTOR_REQUIRED = False  # the desks are measured by a session made beforehand
MIDDLEWARE = [*MIDDLEWARE, "tests.load.urls.count_queries"]  # noqa: F405
