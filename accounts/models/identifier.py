"""Identity ids: 32 hexadecimal digits, as Keystone makes them."""

import uuid

from django.db import models

from accounts.models.row import RowModel


def new_id() -> str:
    return uuid.uuid4().hex


class IdentifiedModel(RowModel):
    """A row whose primary key is an identity id. Only the domain `default` has one of another form."""

    id = models.CharField(primary_key=True, max_length=64, default=new_id, editable=False)

    class Meta:
        abstract = True
