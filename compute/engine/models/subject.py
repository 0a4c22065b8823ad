"""The base of rows that have verbs: their state, task, fault and version."""

import uuid
from typing import TYPE_CHECKING, Any, ClassVar, Self

from django.db import models

from accounts.models.one_of import OneOf
from accounts.models.row import RowModel
from compute.engine.models.operation import Hold, Operation
from compute.engine.models.scoped import Row, ScopedQuerySet


class SubjectQuerySet(ScopedQuerySet[Row]):
    """Rows that operations hold."""

    def with_open_operations(self) -> Self:
        """Read each row's open operation too, for `Subject.open_operation`. Costs one query more."""
        return self.reading(attach_open_operations)


class Subject(RowModel):
    """A row that actions change. Only `compute.engine.services.transitions` writes state, task and fault.

    `task_state` names the running task, null if there is none. `fault` is {"code", "message", "at"} of the last
    failure. `version` grows with every change that a page shows. `STATE` is the name of the state's column.
    """

    STATE: ClassVar[str] = "state"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    task_state = models.CharField(max_length=32, null=True)
    fault = models.JSONField(null=True)
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    if TYPE_CHECKING:
        name: Any
        project_id: str | None

    class Meta:
        abstract = True

    @property
    def open_operation(self) -> "Operation | None":
        """Return the row's open operation. Costs a query unless `with_open_operations` has read it."""
        if "_open_operation" not in self.__dict__:
            attach_open_operations([self])
        operation: Operation | None = self.__dict__["_open_operation"]
        return operation


def attach_open_operations(rows: list[Any]) -> None:
    """Set the first open operation on each row. Costs one query."""
    holds = (
        Hold.objects.open()
        .filter(OneOf("resource_id", [row.pk for row in rows]), shared=False)
        .select_related("operation")
        .order_by("-pk")
    )
    first_operations = {hold.resource_id: hold.operation for hold in holds}
    for row in rows:
        row.__dict__["_open_operation"] = first_operations.get(row.pk)
