"""Leases: of several processes that could do a thing, one does it; the others stand by."""

import os
from datetime import timedelta

from django.conf import settings
from django.db.models import DateTimeField, ExpressionWrapper, Q, Value
from django.db.models.functions import Now
from django.utils import timezone

from compute.engine.models import Lease


def take(name: str, seconds: float) -> bool:
    """Take or renew the lease by the database's clock; return whether this process has it for so long."""
    holder = f"{settings.HOST} {os.getpid()}"
    Lease.objects.bulk_create(
        [Lease(name=name, holder="", until=timezone.now() - timedelta(days=1))], ignore_conflicts=True
    )
    until = ExpressionWrapper(Now() + Value(timedelta(seconds=seconds)), output_field=DateTimeField())
    mine_or_free = Q(holder=holder) | Q(until__lte=Now())
    return bool(Lease.objects.filter(mine_or_free, name=name).update(holder=holder, until=until))


def give_back(name: str) -> None:
    """Let another process have the lease at once."""
    holder = f"{settings.HOST} {os.getpid()}"
    Lease.objects.filter(name=name, holder=holder).update(until=Now())
