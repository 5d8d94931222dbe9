"""All settings, read from environment variables; the README's table explains each, environment.py reads them.

A wrong or missing value stops the start with a sentence. Secure by default: DEBUG=1 is what a developer must type.
"""

from pathlib import Path
from zoneinfo import ZoneInfo

from csp.constants import NONE, SELF

from portal.environment import (
    database,
    email,
    env,
    folder,
    hosts,
    long_random_text,
    matching,
    redis,
    sender,
    switch,
    web_address,
    whole_number,
)

BASE_DIR = Path(__file__).resolve().parent.parent

# The portal

DEBUG = env("DEBUG", False, switch, "1 or 0")
SITE_NAME = env("SITE_NAME", "Asklepion")
SITE_URL = env(
    "SITE_URL", "http://127.0.0.1:8000" if DEBUG else None, web_address, "an address such as https://example.org"
)
telephone = matching(r"\+?\d[\d ()-]*")
EMERGENCY_NUMBER = env("EMERGENCY_NUMBER", "119", telephone, "a telephone number")
CRISIS_LINE = env("CRISIS_LINE", "1925", telephone, "a telephone number")
DATA_DIR = env("DATA_DIR", "", folder, "a folder that can be written") or folder(BASE_DIR / "var")

# Django

SECRET_KEY = env(
    "SECRET_KEY",
    "only-for-development" if DEBUG else None,
    str if DEBUG else long_random_text,
    "a random text of 50 characters or more",
)
ALLOWED_HOSTS = env(
    "ALLOWED_HOSTS",
    ["127.0.0.1", "localhost", "[::1]"] if DEBUG else None,
    hosts,
    "host names with commas between, such as example.org,www.example.org",
)
ROOT_URLCONF = "portal.urls"
WSGI_APPLICATION = "portal.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_USER_MODEL = "accounts.User"

INSTALLED_APPS = [
    "portal.admin_config.DeskConfig",  # django.contrib.admin
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.sitemaps",
    "django.forms",  # its templates, for FORM_RENDERER
    "csp",
    "taggit",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "portal",
    "accounts",
    "qa",
]
MIDDLEWARE = [
    "portal.health.answer_probes",
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "portal.uploads.refuse_too_large",
    "portal.cache.SayWhenAway",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.gzip.GZipMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "accounts.middleware.require_second_factor",
    "allauth.account.middleware.AccountMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "portal.context_processors.site",
            ],
            "builtins": ["django.templatetags.i18n", "django.templatetags.static", "portal.template_tags"],
        },
    }
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"  # forms look as templates/django/forms/ says

# The database: SQLite unless DATABASE_URL names a PostgreSQL server

DATABASES = {
    "default": env(
        "DATABASE_URL",
        {"ENGINE": "django.db.backends.sqlite3", "NAME": DATA_DIR / "portal.sqlite3"},
        database,
        "sqlite:///PATH or postgres://USER:PASSWORD@HOST:PORT/NAME",
    )
}
pool_size = env("DATABASE_POOL_SIZE", 4, whole_number, "a whole number of connections; 0 for no pool")
database_options = DATABASES["default"].setdefault("OPTIONS", {})
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    database_options |= {
        "transaction_mode": "IMMEDIATE",  # a writer waits for the lock instead of failing halfway
        "timeout": 20,  # seconds
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    }
    DATABASES["default"]["CONN_MAX_AGE"] = None  # opening the file for each request takes longer than asking it
else:
    DATABASES["default"] |= {"ENGINE": "portal.postgresql", "CONN_MAX_AGE": 0}
    DATABASES["default"]["OPTIONS"] = {
        "keepalives_idle": 30,  # seconds; a server that is gone without a word is noticed within a minute
        "keepalives_interval": 10,  # seconds
        "keepalives_count": 3,
        # No query of a page is long enough for helpers, or for compiling it: to start them takes longer than it does.
        "options": "-c max_parallel_workers_per_gather=0 -c jit=off",
        **database_options,
        "pool": {"min_size": 1, "max_size": pool_size} if pool_size else False,
    }

# Caches: one that all processes share and that counts what is limited; one for what is rendered; one of each process

backends = "django.core.cache.backends"
CACHES = {
    "default": env(
        "REDIS_URL",
        {"BACKEND": f"{backends}.db.DatabaseCache", "LOCATION": "portal_cache", "OPTIONS": {"MAX_ENTRIES": 100_000}},
        redis,
        "redis://USER:PASSWORD@HOST:PORT/NUMBER",
    ),
    "rendered": {"BACKEND": f"{backends}.locmem.LocMemCache", "LOCATION": "rendered", "OPTIONS": {"MAX_ENTRIES": 200}},
    "memory": {"BACKEND": f"{backends}.locmem.LocMemCache", "LOCATION": "memory", "OPTIONS": {"MAX_ENTRIES": 10_000}},
}
if CACHES["default"]["BACKEND"].endswith("RedisCache"):
    CACHES["rendered"] = CACHES["default"] | {"BACKEND": "portal.cache.ForgivingRedisCache", "KEY_PREFIX": "rendered"}

# Mail

DEFAULT_FROM_EMAIL = env(
    "FROM_EMAIL", f"{SITE_NAME} <no-reply@localhost>" if DEBUG else None, sender, "an address such as me@example.org"
)
SERVER_EMAIL = DEFAULT_FROM_EMAIL
vars().update(
    env(
        "EMAIL_URL",
        email("file:///.") | {"EMAIL_FILE_PATH": str(DATA_DIR / "mail")} if DEBUG else None,
        email,
        "console:, file:///FOLDER or smtp://USER:PASSWORD@HOST:PORT?tls=1",
    )
)
EMAIL_TIMEOUT = 20  # seconds

# Language and time

LANGUAGE_CODE = "en"
# There is one language so far. Texts are marked for the day there is another, on which what is kept without asking for
# the language must ask: what templates write only once, addresses, dates.
USE_I18N = False
TIME_ZONE = env("TIME_ZONE", "Asia/Taipei", lambda name: ZoneInfo(name).key, "a name such as Europe/Paris")
USE_TZ = True
FORMAT_MODULE_PATH = "portal.formats"
USE_THOUSAND_SEPARATOR = True

# Files

STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "photos": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": DATA_DIR / "photos"},
    },
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
FIXTURE_DIRS = [BASE_DIR / "fixtures"]
EMBEDDING_MODEL = env("EMBEDDING_MODEL", "")  # a folder

# Security

https = not DEBUG and SITE_URL.startswith("https://")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = https
CSRF_FAILURE_VIEW = "qa.views.expired.form_expired"
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SECURE_SSL_REDIRECT = env("SSL_REDIRECT", https, switch, "1 or 0")
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if https else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = https
BEHIND_PROXY = env("BEHIND_PROXY", False, switch, "1 or 0")
if BEHIND_PROXY:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    ALLAUTH_TRUSTED_PROXY_COUNT = 1  # limits count the address the proxy saw
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
MESSAGE_STORAGE = "django.contrib.messages.storage.cookie.CookieStorage"  # a public page opens no session for them
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF],
        "font-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}

PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.ScryptPasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]

# Signing in: patients by an e-mailed code or a passkey (accounts/sign_in.py), staff at the admin by password and second
# factor (accounts/second_factor.py)

SECOND_FACTOR_REQUIRED = not DEBUG
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "my_questions"
ALLAUTH_USER_CODE_FORMAT = {"numeric": True, "length": 8, "dashed": True}
ACCOUNT_ADAPTER = "accounts.adapter.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_SUBJECT_PREFIX = f"{SITE_NAME}: "
ACCOUNT_EMAIL_NOTIFICATIONS = True  # tells of a changed address, a new or a removed passkey
ACCOUNT_CHANGE_EMAIL = True  # one address for each account
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
ACCOUNT_FORMS = {
    "add_email": "accounts.forms.NewAddressForm",
    "confirm_email_verification_code": "accounts.forms.ConfirmAddressForm",
}
# Every limit counts over ten minutes, which is what accounts/limits.py tells who meets one. "key" is an e-mail address.
ACCOUNT_RATE_LIMITS = {
    "request_login_code": "30/10m/ip,5/10m/key",
    "enter_login_code": "100/10m/ip,20/10m/key",
    "staff_password": "60/10m/ip,20/10m/key",
    "staff_code": "60/10m/ip,10/10m/key",
    "manage_email": "10/10m/user",
    "confirm_email": "5/10m/key",
}
MFA_ADAPTER = "accounts.adapter.PasskeyAdapter"
MFA_SUPPORTED_TYPES = ["webauthn"]  # what allauth's own pages offer patients; staff have apps and recovery codes too
MFA_TOTP_TOLERANCE = 1  # a clock may be half a minute slow or fast
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_REAUTHENTICATION_REQUIRED = False  # a patient has no password to ask for; a mail tells of each change
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = DEBUG  # on localhost, without https
MFA_RATE_LIMITS = {"webauthn_login": "30/10m/ip"}
MFA_FORMS = {
    "login_webauthn": "accounts.forms.LoginPasskeyForm",
    "add_webauthn": "accounts.forms.AddPasskeyForm",
    "edit_webauthn": "accounts.forms.RenamePasskeyForm",
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": "WARNING"},
    "loggers": {"qa": {"level": "INFO"}, "accounts": {"level": "INFO"}, "portal": {"level": "INFO"}},
}
