"""Passwords for guests, which operations carry sealed until they end; nowhere else are they kept."""

from typing import Any

from compute.engine.operations import Run

ADMIN_PASSWORD = "admin_password"  # noqa: S105 - the name of a parameter


def hide(parameters: dict[str, Any]) -> dict[str, str]:
    """Return the password among the given parameters, to be sealed."""
    password = parameters.get(ADMIN_PASSWORD)
    return {ADMIN_PASSWORD: password} if isinstance(password, str) and password else {}


def password_of(run: Run) -> str:
    """Return the password that the operation carries; empty where it carries none."""
    return run.secrets.get(ADMIN_PASSWORD, "")
