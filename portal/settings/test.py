"""The test run: fast hasher, plain static files, real PostgreSQL and a real broker from the environment."""

from portal.settings.base import *  # noqa: F403
from portal.settings.base import BASE_DIR, INSTALLED_APPS, STORAGES, env
from portal.settings.made import made_key

SECRET_KEY = "test-only-not-a-secret"
INDEX_KEY = made_key(SECRET_KEY)
SEALING_KEYS = [f"test:sm4:{INDEX_KEY}"]
ALLOWED_HOSTS = ["*"]
ENVIRONMENT_NOTICE = "测试环境：所有人员均为虚构，提交不产生法律效力"
IS_DEMO = True
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = {**STORAGES, "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
MEDIA_ROOT = env.path("MEDIA_ROOT", default=str(BASE_DIR / "var" / "test-media"))
WHITENOISE_AUTOREFRESH = True
# The live server serves static files only when it finds this very name among the apps.
INSTALLED_APPS = [
    "django.contrib.staticfiles" if app == "portal.web.apps.StaticFilesConfig" else app for app in INSTALLED_APPS
]
