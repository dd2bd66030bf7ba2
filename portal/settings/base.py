"""Settings that every environment shares. Values come from the environment; a bad value stops the start."""

from pathlib import Path

import environ
from celery.schedules import crontab

BASE_DIR = Path(__file__).resolve().parent.parent.parent
env = environ.Env()

SECRET_KEY = env("SECRET_KEY", default="")

# Personal data at rest: the module that has the keys, keys as `id:algorithm:base64`, the newest first, the index's key.
SEALING_PROVIDER = env("SEALING_PROVIDER", default="portal.security.crypto.Software")
SEALING_KEYS = env.list("SEALING_KEYS", default=[])
INDEX_KEY = env("INDEX_KEY", default="")
DEBUG = False
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])

# The address that QR codes and machine links are built from; never taken from a request.
SITE_URL = env("SITE_URL", default="http://localhost:8000")

SERVICE_NAME = "退役军人“一件事”"
# Who runs the site and its records, for the foot of the pages; the form of each is checked in portal/web/site.py.
SITE_OPERATOR = env("SITE_OPERATOR", default="")
SITE_CODE = env("SITE_CODE", default="")
SITE_ICP = env("SITE_ICP", default="")
SITE_POLICE_RECORD = env("SITE_POLICE_RECORD", default="")
# Shown in a strip on every page; empty in production.
ENVIRONMENT_NOTICE = env("ENVIRONMENT_NOTICE", default="")

# Every page in grey, on days of national mourning.
MOURNING = env.bool("MOURNING", default=False)

INSTALLED_APPS = [
    "agencies.apps.BackOfficeConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "portal.web.apps.StaticFilesConfig",
    "django.contrib.postgres",
    "django.forms",
    "crispy_forms",
    "crispy_bootstrap5",
    "portal.security.apps.SecurityConfig",
    "portal.accounts",
    "agencies",
    "applications",
    "portal.web",
]

MIDDLEWARE = [
    "portal.web.middleware.RequestIdMiddleware",
    "portal.web.middleware.SecurityHeadersMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "portal.web.middleware.BodySizeMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "portal.web.middleware.PostingMiddleware",
    "portal.web.middleware.SessionEndMiddleware",
    "portal.web.middleware.SecondFactorMiddleware",
    "portal.web.middleware.OwnPasswordMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "portal.web.probing.ProbingMiddleware",
    "portal.web.middleware.NulMiddleware",
    "portal.web.middleware.FormsOnlyMiddleware",
]

ROOT_URLCONF = "portal.urls"
WSGI_APPLICATION = "portal.wsgi.application"

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
                "portal.web.context.service",
            ],
            "builtins": ["portal.web.templatetags.ui"],
        },
    }
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"
CRISPY_ALLOWED_TEMPLATE_PACKS = "bootstrap5"
CRISPY_TEMPLATE_PACK = "bootstrap5"
CRISPY_FAIL_SILENTLY = False

DATABASES = {"default": env.db("DATABASE_URL", default="postgres://portal@localhost:5432/portal")}
DATABASES["default"]["CONN_MAX_AGE"] = env.int("CONN_MAX_AGE", default=60)
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
# Nobody waits for ever: not for a server that is gone, and not for a case whose lock somebody holds who hangs or whose
# machine is gone. The longest that holds a lock is a paper being made (PAPER_SECONDS in applications/tasks.py).
_SESSION = {
    "lock_timeout": "30s",
    "idle_in_transaction_session_timeout": "5min",
    "tcp_keepalives_idle": "60",
    "tcp_keepalives_interval": "10",
    "tcp_keepalives_count": "6",
}
DATABASES["default"]["OPTIONS"] = {
    "connect_timeout": 10,
    "keepalives_idle": 60,
    "keepalives_interval": 10,
    "keepalives_count": 6,
    "options": " ".join(f"-c {name}={value}" for name, value in _SESSION.items()),
    **DATABASES["default"].get("OPTIONS", {}),
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "accounts.User"
LOGIN_URL = "home:sign_in"
# Staff need an authenticator besides their password; production asks for it unless told otherwise.
STAFF_SECOND_FACTOR = env.bool("STAFF_SECOND_FACTOR", default=False)
LOGIN_REDIRECT_URL = "home:landing"
LOGOUT_REDIRECT_URL = "home:index"
PASSWORD_HASHERS = [
    "portal.security.hashers.SM3PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 8}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "agencies.staff_passwords.Strength"},
    {"NAME": "agencies.staff_passwords.NotUsedBefore"},
]
# Of staff: characters, how many of the four kinds, how many of the last ones are refused, after how many days another is
# asked for (0: never). The standard for level 3 asks for mixture and change and names no numbers.
STAFF_PASSWORD_LENGTH = env.int("STAFF_PASSWORD_LENGTH", default=12)
STAFF_PASSWORD_KINDS = env.int("STAFF_PASSWORD_KINDS", default=3)
STAFF_PASSWORD_REMEMBERED = env.int("STAFF_PASSWORD_REMEMBERED", default=5)
STAFF_PASSWORD_DAYS = env.int("STAFF_PASSWORD_DAYS", default=0)
# Where the address of the person's machine stands; behind a proxy the header that it sets, such as HTTP_X_REAL_IP.
CLIENT_ADDRESS = env("CLIENT_ADDRESS", default="REMOTE_ADDR")
# Wrong passwords from one address (of IPv6 one network of 64 bits) in a quarter of an hour, whatever the accounts; 0: any
# number. Whole offices come from one address.
SIGN_IN_TRIES_PER_NETWORK = env.int("SIGN_IN_TRIES_PER_NETWORK", default=50)
# Signed out after so long without doing anything, with a warning before; and at the latest so long after signing in.
SESSION_ENGINE = "portal.web.sessions"
SESSION_IDLE_SECONDS = env.int("SESSION_IDLE_SECONDS", default=30 * 60)
STAFF_SESSION_IDLE_SECONDS = env.int("STAFF_SESSION_IDLE_SECONDS", default=15 * 60)
# A member of staff who signs in elsewhere is signed out here; production asks for it unless told otherwise.
STAFF_ONE_SESSION = env.bool("STAFF_ONE_SESSION", default=False)
SESSION_WARN_SECONDS = env.int("SESSION_WARN_SECONDS", default=5 * 60)
SESSION_COOKIE_AGE = env.int("SESSION_SECONDS", default=8 * 3600)
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "portal.web.errors.csrf_failure"

LANGUAGE_CODE = "zh-hans"
TIME_ZONE = "Asia/Shanghai"
USE_I18N = True
USE_TZ = True

STATIC_URL = "static/"
STATIC_ROOT = env.path("STATIC_ROOT", default=str(BASE_DIR / "var" / "static"))
STATICFILES_DIRS = [BASE_DIR / "static"]
# Personal files: outside every web root, handed out by views that check who asks.
MEDIA_ROOT = env.path("MEDIA_ROOT", default=str(BASE_DIR / "var" / "media"))
STORAGES = {
    "default": {"BACKEND": "portal.security.storage.SealedStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
FILE_UPLOAD_PERMISSIONS = 0o600
FILE_UPLOAD_DIRECTORY_PERMISSIONS = 0o700

# One file of a material, and all of a case, which is also what one request may bring; what a request may bring besides
# files, which is all that is taken from somebody who is not signed in.
MATERIAL_FILE_BYTES = 20 * 1024 * 1024
MATERIAL_CASE_BYTES = 200 * 1024 * 1024
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024

# Of how many items one person may look at the full numbers within an hour. The standard asks for a limit and names none.
LOOKS_PER_HOUR = env.int("LOOKS_PER_HOUR", default=30)

# A staff account that nobody signed in with for so many days is a finding for a person; 0: never.
STAFF_UNUSED_DAYS = env.int("STAFF_UNUSED_DAYS", default=90)
# From how many answers "not there" an hour to one account a person is told.
PROBES_PER_HOUR = env.int("PROBES_PER_HOUR", default=10)

# How long a rung bell may go unheard before the relay rings again.
RELAY_STALE_SECONDS = env.float("RELAY_STALE_SECONDS", default=30)

# Hosts (host or host:port) that agencies' own systems may live on; whatever is not named here is never called.
EXCHANGE_ALLOWED_HOSTS = env.list("EXCHANGE_ALLOWED_HOSTS", default=[])
EXCHANGE_CONNECT_SECONDS = env.float("EXCHANGE_CONNECT_SECONDS", default=10)
EXCHANGE_TOTAL_SECONDS = env.float("EXCHANGE_TOTAL_SECONDS", default=20)
# How long a worker may hold a dispatch that it sends; when it died meanwhile another one sends it then.
EXCHANGE_LEASE_SECONDS = env.float("EXCHANGE_LEASE_SECONDS", default=EXCHANGE_TOTAL_SECONDS + 40)

# How long what agencies' systems sent is kept after its task has ended; and how long a file that was exported.
EXCHANGE_INBOUND_DAYS = env.int("EXCHANGE_INBOUND_DAYS", default=400)
EXPORT_DAYS = env.int("EXPORT_DAYS", default=7)

# How messages to people go out (applications/senders.py); empty where there is no such way. The demo's sends nothing.
NOTICE_GATEWAYS = {
    "sms": env("NOTICE_SMS_GATEWAY", default="applications.senders.Demo"),
    "email": env("NOTICE_EMAIL_GATEWAY", default="applications.senders.Demo"),
}
EMAIL_BACKEND = env("EMAIL_BACKEND", default="applications.senders.Smtp")
EMAIL_HOST = env("EMAIL_HOST", default="localhost")
EMAIL_PORT = env.int("EMAIL_PORT", default=25)
EMAIL_HOST_USER = env("EMAIL_HOST_USER", default="")
EMAIL_HOST_PASSWORD = env("EMAIL_HOST_PASSWORD", default="")
EMAIL_USE_TLS = env.bool("EMAIL_USE_TLS", default=False)
# For each answer of the mail server, and for a mail as a whole.
EMAIL_TIMEOUT = 10
EMAIL_TOTAL_SECONDS = env.float("EMAIL_TOTAL_SECONDS", default=30)
DEFAULT_FROM_EMAIL = env("DEFAULT_FROM_EMAIL", default="webmaster@localhost")

CELERY_BROKER_URL = env("CELERY_BROKER_URL", default="redis://localhost:6379/0")
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_SOFT_TIME_LIMIT = 45
CELERY_TASK_TIME_LIMIT = 60  # stays below visibility_timeout, or a long task would run twice
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 300,
    "unacked_restore_interval": 10,
    "unacked_restore_throttle": 1,
    "socket_timeout": 30,
    "socket_connect_timeout": 5,
    "socket_keepalive": True,
    "health_check_interval": 25,
}
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 30
CELERY_WORKER_ENABLE_SOFT_SHUTDOWN_ON_IDLE = True
CELERY_WORKER_MAX_TASKS_PER_CHILD = 500
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TASK_PUBLISH_RETRY_POLICY = {"max_retries": 1, "interval_start": 0.1, "interval_step": 0.2, "interval_max": 0.3}
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TIMEZONE = TIME_ZONE
CELERY_TASK_DEFAULT_QUEUE = "housekeeping"
# Beat only rings; each job asks the database what is to be done, and may run twice. What is done once a day is rung for
# by the hour: a ring that was missed, or a step that failed, is made up for by the next.
# How often an agency's system that rests is asked whether it is back.
PROBE_SECONDS = 20
CELERY_BEAT_SCHEDULE = {
    "daily_sweeps": {"task": "applications.tasks.daily_sweeps", "schedule": crontab(minute=20)},
    "follow_calendar": {"task": "applications.tasks.follow_calendar", "schedule": 600},
    # In the daytime only: the message the day before should wake nobody.
    "remind_visits": {"task": "applications.tasks.remind_visits", "schedule": crontab(hour="8-20", minute=15)},
    "reconcile": {"task": "applications.tasks.reconcile", "schedule": crontab(hour=2, minute=10)},
    "morning_digest": {"task": "applications.tasks.morning_digest", "schedule": crontab(hour="8-18", minute=0)},
    "seal_logs": {"task": "applications.tasks.seal_logs", "schedule": crontab(minute=3)},
    "detect": {"task": "applications.tasks.detect", "schedule": crontab(minute=7)},
    "probe_lines": {
        "task": "applications.tasks.probe_lines",
        "schedule": PROBE_SECONDS,
        "options": {"expires": PROBE_SECONDS},
    },
}
# So many days after it was last touched an unsent form is deleted with its files; its owner is told a week before. No
# source names a number; the standard's thirty would end a form that waits for a paper of the army.
DRAFT_DAYS = env.int("DRAFT_DAYS", default=120)
# So many days after its end an item or a case can be rated. No national text names a number.
RATING_DAYS = env.int("RATING_DAYS", default=30)
# Named persons who get the morning's list of what does not agree.
DIGEST_RECIPIENTS = env.list("DIGEST_RECIPIENTS", default=[])

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"masking": {"()": "portal.web.logs.MaskingFilter"}},
    "formatters": {"json": {"()": "portal.web.logs.JsonFormatter"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "json", "filters": ["masking"]}},
    "root": {"handlers": ["console"], "level": env("LOG_LEVEL", default="INFO")},
    "loggers": {
        "pikepdf": {"level": "WARNING"},
        "django.server": {"handlers": ["console"], "level": "INFO", "propagate": False},
    },
}
