"""The shell: settings, addresses, the Celery application, and one package per audience with its pages."""

from portal.celery import app as celery_app

__all__ = ["celery_app"]
