"""The Celery application. `celery -A portal.celery worker` runs operations."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
app = Celery("meridian")
app.set_default()
app.config_from_object("django.conf:settings.CELERY")
app.autodiscover_tasks(["compute"])
