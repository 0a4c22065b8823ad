"""Django's settings, computed from the environment table in `portal.env`."""

import ipaddress
import os
import socket
from urllib.parse import urlsplit

import environ
from csp.constants import NONCE, NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.core.management.utils import get_random_secret_key
from django.utils.translation import gettext_lazy as _

from portal import env, federation, file_storage, logs, static_version

BASE_DIR = env.BASE_DIR
DATA_DIR = env.folder("MERIDIAN_DATA")
STORAGE_DIR = env.folder("MERIDIAN_STORAGE")
BACKUPS_DIR = env.folder("MERIDIAN_BACKUPS") if env.read("MERIDIAN_BACKUPS") else STORAGE_DIR / "backups"
RUN_DIR = DATA_DIR / "run"
for path in (DATA_DIR, RUN_DIR):
    path.mkdir(mode=0o700, parents=True, exist_ok=True)


def _secret_key() -> str:
    """Return the key of the environment, else the one that the first start wrote for its owner alone."""
    if key := env.read("MERIDIAN_SECRET_KEY"):
        return str(key)
    path = DATA_DIR / "secret-key"
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text()
    with os.fdopen(descriptor, "w") as file:
        file.write(key := get_random_secret_key())
    return key


# ── The installation ─────────────────────────────────────────────────────────────────────────────
SECRET_KEY = _secret_key()
DEBUG = env.read("MERIDIAN_DEBUG")
PUBLIC_URL = env.origin("MERIDIAN_URL")
PUBLIC_HOST = str(urlsplit(PUBLIC_URL).hostname)
ALLOWED_HOSTS = [PUBLIC_HOST, "localhost", "127.0.0.1", "[::1]", *env.read("MERIDIAN_HOSTS")]
LISTEN = env.read("MERIDIAN_LISTEN")
REGION = env.read("MERIDIAN_REGION")
HOST = env.read("MERIDIAN_HOST") or socket.gethostname()
CONSOLE_LISTEN = env.address("MERIDIAN_CONSOLE_LISTEN")
LIBVIRT_URI = env.read("LIBVIRT_URI")
VIRTUALIZATION = env.choice("MERIDIAN_VIRTUALIZATION", {"detect", "kvm", "qemu"})
WEB_WORKERS = env.count("MERIDIAN_WEB_WORKERS")
WEB_THREADS = 16
WEB_STREAMING_THREADS = 8
STREAMED_PATHS = [r"/image/v2/images/[^/]+/(file|stage)"]
"""Addresses whose bodies have any size, as regular expressions for Python and nginx. Their views check before they read."""
PIECE_PATHS = [r"/images/uploads/[^/]+/"]
"""Addresses whose bodies have up to `compute.store.PIECE_BYTES`."""
WORKERS = env.count("MERIDIAN_WORKERS")
STOP_GRACE_SECONDS = env.read("MERIDIAN_STOP_GRACE")
RECYCLE_HOURS = env.read("MERIDIAN_RECYCLE_HOURS")
EXPIRY_DAYS = env.read("MERIDIAN_EXPIRY_DAYS")
OPERATION_DAYS = env.days("MERIDIAN_OPERATION_DAYS")
DELETED_DAYS = env.days("MERIDIAN_DELETED_DAYS")
USER_DATA_DAYS = env.days("MERIDIAN_USER_DATA_DAYS")
AUDIT_DAYS = env.days("MERIDIAN_AUDIT_DAYS")
QUOTA_REQUEST_DAYS = env.days("MERIDIAN_QUOTA_REQUEST_DAYS")
LEASE_SECONDS = env.read("MERIDIAN_LEASE")
IMPORT_PORTS = env.ports("MERIDIAN_IMPORT_PORTS")
IMPORT_NETWORKS = env.networks("MERIDIAN_IMPORT_NETWORKS")
FAILPOINTS = env.read("MERIDIAN_FAILPOINTS")
try:
    NETWORK_CIDR = str(ipaddress.IPv4Network(env.read("MERIDIAN_NETWORK")))
except ValueError as error:
    raise ImproperlyConfigured(f"MERIDIAN_NETWORK must look like 10.48.0.0/20: {error}.") from error

# ── Django ───────────────────────────────────────────────────────────────────────────────────────
INSTALLED_APPS = [
    "accounts",
    "compute",
    "portal",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "channels",
    "csp",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "portal.middleware.ContentSecurityPolicy",
    "portal.middleware.RequestId",
    "portal.first_visit.FirstVisit",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "portal.middleware.SignInRequired",
    "portal.middleware.CurrentContext",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "portal.middleware.Errors",
]
ROOT_URLCONF = "portal.urls"
ASGI_APPLICATION = "portal.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": False,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
                "portal.frame.frame",
            ],
            "builtins": [
                "django.templatetags.i18n",
                "django.templatetags.static",
                "portal.templatetags.cloud",
            ],
            "loaders": [
                (
                    "django.template.loaders.cached.Loader",
                    ["portal.template_loader.Loader"],
                )
            ]
            if not DEBUG
            else ["portal.template_loader.Loader"],
        },
    }
]
FORM_RENDERER = "portal.forms.Renderer"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# ── Database: SQLite is for one machine and few people, PostgreSQL for every real installation ─────
if env.read("DATABASE_URL"):
    DATABASES = {"default": environ.Env().db("DATABASE_URL")}
    if DATABASES["default"]["ENGINE"] == "django.db.backends.postgresql":
        DATABASES["default"].setdefault("OPTIONS", {}).update(
            # Shared by threads of requests and of websockets.
            pool={"min_size": 1, "max_size": WEB_THREADS + WEB_STREAMING_THREADS + 4, "timeout": 10},
            # A repeated query is planned once for a connection, not at each request.
            server_side_binding=True,
            prepare_threshold=2,
        )
else:
    DATABASES = {
        "default": {
            "ENGINE": "portal.sqlite",
            "NAME": DATA_DIR / "meridian.sqlite3",
            "CONN_MAX_AGE": None,  # each thread keeps its own
            "OPTIONS": {
                "timeout": 35,
                # A deferred transaction that upgrades its lock ignores the timeout, so take it at once.
                "transaction_mode": "IMMEDIATE",
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON;",
            },
        }
    }

# ── Files ────────────────────────────────────────────────────────────────────────────────────────
STORAGES = {
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    "images": file_storage.storage("IMAGES", STORAGE_DIR / "images"),
    "backups": file_storage.storage("BACKUPS", BACKUPS_DIR),
}

# ── Redis: broker, channel layer and cache ───────────────────────────────────────────────────────
REDIS_SOCKET = RUN_DIR / "redis.sock"
REDIS_URL = env.read("REDIS_URL")
CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {"hosts": [REDIS_URL or f"unix://{REDIS_SOCKET}"], "prefix": "meridian"},
    }
}
CACHES = {
    "default": {
        "BACKEND": "portal.shared_cache.SharedCache",
        "LOCATION": REDIS_URL or f"unix://{REDIS_SOCKET}",
        "KEY_PREFIX": "meridian",
    }
}
# Read by Celery when it is imported, which is after this: processes keep the titles that we give them.
os.environ["NOSETPS"] = "1"
CELERY = {
    # Celery's name of a Redis on a socket differs from everybody else's.
    "broker_url": (REDIS_URL or f"unix://{REDIS_SOCKET}").replace("unix://", "redis+socket://", 1),
    "task_ignore_result": True,
    "task_acks_late": True,
    # Without it a killed child's task counts as done.
    "task_reject_on_worker_lost": True,
    "worker_prefetch_multiplier": 1,
    "worker_hijack_root_logger": False,
    "worker_send_task_events": False,
    "broker_connection_retry_on_startup": True,
    "broker_transport_options": {
        "visibility_timeout": 3600,
        "socket_timeout": 5,
        "socket_connect_timeout": 2,
        "socket_keepalive": True,
        # Publishers do not wait for a broker that is away; workers reconnect by themselves.
        "max_retries": 0,
    },
    "task_default_queue": "anywhere",
}

# ── Accounts and security ────────────────────────────────────────────────────────────────────────
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "accounts.authentication.PasswordBackend",
    "accounts.ldap_authentication.LdapBackend",
]
LDAP = federation.ldap()
OIDC = federation.oidc()
PASSWORD_HASHERS = ["accounts.hashing.Argon2"]
PASSWORD_LENGTH = env.read("MERIDIAN_PASSWORD_LENGTH")
PASSWORD_DAYS = env.read("MERIDIAN_PASSWORD_DAYS")
PASSWORD_HISTORY = env.read("MERIDIAN_PASSWORD_HISTORY")
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("name", "email")},
    },
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": PASSWORD_LENGTH},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "sign-in"
LOGIN_REDIRECT_URL = "overview"
SECURE = PUBLIC_URL.startswith("https://")
SESSION_COOKIE_NAME = "__Host-session" if SECURE else "session"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 60 * 60 * 24 * 7
CSRF_COOKIE_NAME = "__Host-csrf" if SECURE else "csrf"
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]
CSRF_FAILURE_VIEW = "portal.pages.errors.csrf_failure"
SECURE_SSL_REDIRECT = False  # The front door redirects; behind it all speak HTTP over a socket.
SECURE_HSTS_SECONDS = 31_536_000 if SECURE else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = False
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024  # bytes that an ordinary request may have; nginx is told too
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2000
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF, NONCE],
        "style-src": [SELF, NONCE],
        "img-src": [SELF, "data:", "blob:"],
        "connect-src": [SELF],
        "font-src": [SELF],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}
SIGN_IN_FAILURES = 8  # in a row, before whoever guesses has to wait
SILENCED_SYSTEM_CHECKS = [
    "auth.W004",  # names are unique within a domain, and our backend asks for it
    "security.W008",  # the front door redirects to HTTPS
    *([] if SECURE else ["security.W004", "security.W012", "security.W016"]),  # HTTPS is one setting away
    "security.W005",
    "security.W021",  # subdomains and browser preload lists are the domain owner's choice
]

# ── Mail: where none is configured, links are shown to the administrator ──────────────────────────
MAIL_IS_ON = bool(env.read("EMAIL_URL"))
_mail = env.mail("EMAIL_URL")
EMAIL_BACKEND = _mail["EMAIL_BACKEND"]
EMAIL_HOST, EMAIL_PORT = _mail["EMAIL_HOST"] or "localhost", _mail["EMAIL_PORT"] or 25
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = _mail["EMAIL_HOST_USER"] or "", _mail["EMAIL_HOST_PASSWORD"] or ""
EMAIL_FILE_PATH = _mail["EMAIL_FILE_PATH"] or None
EMAIL_USE_TLS, EMAIL_USE_SSL = _mail.get("EMAIL_USE_TLS", False), _mail.get("EMAIL_USE_SSL", False)
EMAIL_TIMEOUT = 10  # seconds; the sender of an invitation waits for it
DEFAULT_FROM_EMAIL = env.read("MERIDIAN_MAIL_FROM") or f"meridian@{PUBLIC_HOST}"

# ── Languages, static files ──────────────────────────────────────────────────────────────────────
LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("zh-hans", _("Chinese"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_TZ = True
TIME_ZONE = "UTC"
# `make up` computes it once for its processes: a restarted one serves the collected files, whatever changed since.
STATIC_VERSION = static_version.compute_version(BASE_DIR)
STATIC_URL = f"/static/{STATIC_VERSION}/"  # never the same name for other content, so browsers keep it
STATIC_ROOT = DATA_DIR / "static" / STATIC_VERSION
STATICFILES_DIRS = [BASE_DIR / "static"]
STATICFILES_FINDERS = ["django.contrib.staticfiles.finders.FileSystemFinder", "portal.assets.PackageFinder"]
ICON_DIR = BASE_DIR / "node_modules/@tabler/icons/icons"

LOGGING_CONFIG = None
logs.configure(env.choice("MERIDIAN_LOG_LEVEL", {"DEBUG", "INFO", "WARNING", "ERROR"}))
