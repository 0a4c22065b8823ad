"""The Celery application. `celery -A portal.celery worker` runs operations."""

import os

from celery import Celery
from django.conf import settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
app = Celery("meridian")
app.set_default()
app.conf.update(settings.CELERY)
app.autodiscover_tasks(["compute"])
