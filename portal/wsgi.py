"""Entry for the web server."""

import os
from importlib import import_module

from django.conf import settings
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings.production")

application = get_wsgi_application()
# Every page, before the server forks: its workers share the memory, and nobody's first request waits for it.
import_module(settings.ROOT_URLCONF)
