"""Leases, by which one of several processes does a work and the others stand by."""

import os
from datetime import timedelta

from django.conf import settings
from django.db.models import DateTimeField, ExpressionWrapper, Q, Value
from django.db.models.functions import Now
from django.utils import timezone

from compute.engine.models import Lease


def acquire(name: str, seconds: float) -> bool:
    """Acquire or renew the lease by the database's clock. Return whether this process has it now."""
    holder = f"{settings.HOST} {os.getpid()}"
    Lease.objects.bulk_create(
        [Lease(name=name, holder="", until=timezone.now() - timedelta(days=1))], ignore_conflicts=True
    )
    until = ExpressionWrapper(Now() + Value(timedelta(seconds=seconds)), output_field=DateTimeField())
    own_or_expired = Q(holder=holder) | Q(until__lte=Now())
    return bool(Lease.objects.filter(own_or_expired, name=name).update(holder=holder, until=until))


def release(name: str) -> None:
    """Release the lease, so that another process may acquire it at once."""
    holder = f"{settings.HOST} {os.getpid()}"
    Lease.objects.filter(name=name, holder=holder).update(until=Now())
