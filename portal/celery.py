"""The Celery application. `celery -A portal.celery worker` runs operations."""

import gc
import os
from typing import Any

from celery import Celery
from celery.signals import worker_init
from django.conf import settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
app = Celery("meridian")
app.set_default()
app.conf.update(settings.CELERY)
app.autodiscover_tasks(["compute.engine"])


@worker_init.connect
def _share_memory(**_signal: Any) -> None:
    """Load everything before the children are forked, and keep the collector from touching their share."""
    app.loader.import_default_modules()
    gc.collect()
    gc.freeze()
