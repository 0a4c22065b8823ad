"""Rows made once for all tests of a module: for tables whose many lines each need the same ones."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import transaction
from pytest_django.plugin import DjangoDbBlocker


@contextmanager
def undone() -> Iterator[None]:
    """What happens inside leaves no trace."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@contextmanager
def kept_rows(blocker: DjangoDbBlocker) -> Iterator[None]:
    """Rows that are made inside stay until its end. For fixtures of a module, which ask for `django_db_setup` too.

    Each test takes back what it changes, as ever. One that is `transaction=True` would remove the rows.
    """
    with blocker.unblock(), undone():
        yield
