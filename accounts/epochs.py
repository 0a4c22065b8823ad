"""Triggers that renew the epoch's mark whenever a change can affect the validity or the roles of tokens.

So a cached token is still checked, by one indexed query, and a revoked role counts at the next request. Triggers
see every write: also those of `QuerySet.update` and of SQL by hand.
"""

import secrets
from collections.abc import Mapping
from typing import Any

from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Model

from accounts import models

WATCHED: tuple[type[Model], ...] = (
    models.ApplicationCredential,
    models.ApplicationCredential.roles.through,
    models.Assignment,
    models.Domain,
    models.Endpoint,
    models.Endpoint.projects.through,
    models.EndpointGroup,
    models.EndpointGroup.projects.through,
    models.Group,
    models.Group.members.through,
    models.Project,
    models.Region,
    models.Role,
    models.RoleInference,
    models.Service,
    models.Token,
    models.User,
)
IGNORED_COLUMNS: Mapping[type[Model], frozenset[str]] = {
    models.ApplicationCredential: frozenset({"name", "description", "created_at"}),
    models.Domain: frozenset({"description"}),
    models.EndpointGroup: frozenset({"name", "description"}),
    models.Group: frozenset({"name", "description"}),
    models.Project: frozenset({"description", "created_at"}),
    models.Region: frozenset({"description", "parent_id"}),
    models.Role: frozenset({"description"}),
    models.Service: frozenset({"description"}),
    models.User: frozenset(
        {
            "email",
            "description",
            "theme",
            "language",
            "default_project_id",
            "extra",
            "created_at",
            "last_login",
        }
    ),
}
"""Columns that affect no token and appear in none. A new column is watched until it is named here."""

TABLE = models.Epoch._meta.db_table
FUNCTION = "accounts_renew_epoch"
NEW_MARK = {
    "sqlite": "lower(hex(randomblob(16)))",
    "postgresql": "replace(gen_random_uuid()::text, '-', '')",
}


def install(using: str, **_signal: Any) -> None:
    """Create the row and the triggers, also those that a migration dropped with a table that it replaced."""
    if not models.Epoch.objects.using(using).exists():
        models.Epoch.objects.using(using).create(mark=secrets.token_hex(16))
    connection = connections[using]
    with connection.cursor() as cursor:
        for statement in _statements(connection):
            cursor.execute(statement)


def _statements(connection: BaseDatabaseWrapper) -> list[str]:
    renew = f"UPDATE {TABLE} SET mark = {NEW_MARK[connection.vendor]}"  # noqa: S608 - constants
    if connection.vendor == "sqlite":
        return [line for model in WATCHED for line in _sqlite_triggers(model, renew)]
    return [_function(renew), *(line for model in WATCHED for line in _postgresql_trigger(model))]


def _sqlite_triggers(model: type[Model], renew: str) -> list[str]:
    table = model._meta.db_table
    lines = []
    for event in _events(model):
        name = f"{table}_epoch_{event.split(maxsplit=1)[0].lower()}"
        lines += [
            f"DROP TRIGGER IF EXISTS {name}",
            f"CREATE TRIGGER {name} AFTER {event} ON {table} BEGIN {renew}; END",
        ]
    return lines


def _function(renew: str) -> str:
    body = f"BEGIN {renew}; RETURN NULL; END"
    return f"CREATE OR REPLACE FUNCTION {FUNCTION}() RETURNS trigger LANGUAGE plpgsql AS $$ {body} $$"


def _postgresql_trigger(model: type[Model]) -> list[str]:
    table = model._meta.db_table
    name = f"{table}_epoch"
    return [
        f"DROP TRIGGER IF EXISTS {name} ON {table}",
        f"CREATE TRIGGER {name} AFTER {' OR '.join(_events(model))} ON {table} EXECUTE FUNCTION {FUNCTION}()",
    ]


def _events(model: type[Model]) -> list[str]:
    """Return the events that renew the mark. New and deleted tokens need no trigger, being looked up by key."""
    columns = [
        field.column
        for field in model._meta.local_concrete_fields
        if field.column and field.column not in IGNORED_COLUMNS.get(model, ())
    ]
    update = f"UPDATE OF {', '.join(columns)}"
    return [update] if model is models.Token else ["INSERT", update, "DELETE"]
