"""The one way to rows that belong to projects."""

from typing import Any, Self, TypeVar

from django.core.exceptions import ObjectDoesNotExist, ValidationError
from django.db import models

from accounts.context import Context
from accounts.errors import NotFound

Row = TypeVar("Row", bound=models.Model)


class ScopedQuerySet(models.QuerySet[Row]):
    """Rows of a model with a `project`. Whoever asks sees their current project's; admins may ask for all."""

    def visible_to(self, context: Context, *, all_projects: bool = False) -> Self:
        """Rows the asker may reach; none without a project. `all_projects` counts for administrators only."""
        if all_projects and context.is_admin:
            return self
        if context.project is None:
            return self.none()
        return self.filter(project=context.project)

    def reach(self, context: Context, **lookup: Any) -> Row:
        """The one row, or NotFound: a foreign row answers exactly as an unknown one. Admins reach all."""
        try:
            return self.visible_to(context, all_projects=True).get(**lookup)
        except (ObjectDoesNotExist, ValidationError, ValueError) as error:
            raise NotFound from error
