"""Production: secrets must be given, traffic is HTTPS."""

from django.core.exceptions import ImproperlyConfigured

from portal.settings.base import *  # noqa: F403
from portal.settings.base import INDEX_KEY, SEALING_KEYS, SECRET_KEY, env

if len(SECRET_KEY) < 50:
    raise ImproperlyConfigured("SECRET_KEY is missing or shorter than 50 characters.")

if not SEALING_KEYS or not INDEX_KEY:
    raise ImproperlyConfigured("SEALING_KEYS and INDEX_KEY are missing: personal data is kept encrypted.")

IS_DEMO = False
STAFF_SECOND_FACTOR = env.bool("STAFF_SECOND_FACTOR", default=True)
STAFF_ONE_SESSION = env.bool("STAFF_ONE_SESSION", default=True)
STAFF_PASSWORD_DAYS = env.int("STAFF_PASSWORD_DAYS", default=90)
# No short message is pretended: without a gateway of the place's provider people are told by mail and on the site.
NOTICE_GATEWAYS = {
    "sms": env("NOTICE_SMS_GATEWAY", default=""),
    "email": env("NOTICE_EMAIL_GATEWAY", default="applications.senders.Email"),
}
SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", default=True)
SECURE_HSTS_SECONDS = 31_536_000
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SECURE_HSTS_PRELOAD = True
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SESSION_COOKIE_SECURE = True
SESSION_COOKIE_NAME = "__Host-sessionid"
CSRF_COOKIE_SECURE = True
CSRF_COOKIE_NAME = "__Host-csrftoken"
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
