"""Query sets of rows that belong to projects."""

from collections.abc import Callable
from typing import Any, Self, TypeVar

from django.core.exceptions import ObjectDoesNotExist, ValidationError
from django.db import models
from django.db.models.query import ModelIterable

from accounts.context import Context
from accounts.errors import NotFound

Row = TypeVar("Row", bound=models.Model)


class ScopedQuerySet(models.QuerySet[Row]):
    """Rows of a model with a `project`. Users see those of their current project, administrators all."""

    _readers: tuple[Callable[[list[Any]], None], ...] = ()

    def reading(self, reader: Callable[[list[Any]], None]) -> Self:
        """Call this with the rows once they are read, for what belongs to each. It must cost few queries for all."""
        clone = self.all()
        clone._readers = (*self._readers, reader)
        return clone

    def _clone(self) -> Self:
        clone = super()._clone()  # type: ignore[misc]
        clone._readers = self._readers
        return clone

    def _fetch_all(self) -> None:
        is_new = self._result_cache is None
        super()._fetch_all()
        if is_new and self._iterable_class is ModelIterable:
            for reader in self._readers:
                reader(self._result_cache or [])

    def visible_to(self, context: Context, *, all_projects: bool = False) -> Self:
        """Return the rows of the asker's project. `all_projects` has an effect for administrators only."""
        if all_projects and context.is_admin:
            return self
        if context.project is None:
            return self.none()
        return self.filter(project=context.project)

    def reach(self, context: Context, **lookup: Any) -> Row:
        """Return the one row that matches. Raise NotFound, also for another project's unless the asker is an admin."""
        try:
            return self.visible_to(context, all_projects=True).get(**lookup)
        except (ObjectDoesNotExist, ValidationError, ValueError) as error:
            raise NotFound from error
