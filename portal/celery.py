"""The Celery application, whose workers (`manage.py worker`) run operations."""

import gc
import os
from typing import Any

from celery import Celery
from celery.signals import task_postrun, task_prerun, worker_init
from django.conf import settings
from django.db import close_old_connections

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
# Celery's own support of Django opens a database connection, on PostgreSQL a pool, anew for each task.
app = Celery("meridian", fixups=[])
app.set_default()
app.conf.update(settings.CELERY)
app.autodiscover_tasks(["compute.engine", "compute.hosts"])


@worker_init.connect
def _share_memory(**_signal: Any) -> None:
    """Load everything before the children are forked, and keep the collector from touching their share."""
    app.loader.import_default_modules()
    gc.collect()
    gc.freeze()


@task_prerun.connect
@task_postrun.connect
def _drop_broken_connections(**_signal: Any) -> None:
    """Keep the database connection from task to task while it is usable, as requests do."""
    close_old_connections()
