"""The base of the models of which lists have many rows."""

from collections.abc import Collection
from typing import Any, Self

from django.db import models
from django.db.models.base import ModelState


class RowModel(models.Model):
    """A model whose rows are made of what the database has answered, without Django's constructor.

    That would be half the time of a long list. See "Customizing model loading" in Django's reference. What is deferred
    is absent, as there; the signals `pre_init` and `post_init` are not sent.
    """

    class Meta:
        abstract = True

    @classmethod
    def from_db(
        cls, db: str | None, field_names: Collection[str], values: Collection[Any], **_later: Any
    ) -> Self:
        row = cls.__new__(cls)
        row._state = state = ModelState()
        row.__dict__.update(zip(field_names, values, strict=True))
        state.adding, state.db = False, db
        return row
