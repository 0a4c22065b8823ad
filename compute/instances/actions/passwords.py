"""Passwords for guests, which are stored only in operations, sealed until the operation ends."""

from typing import Any

from compute.engine.operations import Run

ADMIN_PASSWORD = "admin_password"  # noqa: S105 - the name of a parameter


def secret_password(parameters: dict[str, Any]) -> dict[str, str]:
    """Return the parameter with the password, for the operation to seal; empty without one."""
    password = parameters.get(ADMIN_PASSWORD)
    return {ADMIN_PASSWORD: password} if isinstance(password, str) and password else {}


def password_of(run: Run) -> str:
    """Return the password that the operation carries; empty if it carries none."""
    return run.secrets.get(ADMIN_PASSWORD, "")
