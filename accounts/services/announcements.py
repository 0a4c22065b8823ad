"""Announce changed rows to open pages, by the functions that other apps register."""

from collections.abc import Callable

Listener = Callable[[str, list[str]], None]
"""Takes a project id and topics inside the transaction of a change, and announces them after its commit."""

listeners: list[Listener] = []


def register(listener: Listener) -> None:
    listeners.append(listener)


def changed(project_id: str, *topics: str) -> None:
    """Announce changed `topics` to the pages of the project and of administrators."""
    for listener in listeners:
        listener(project_id, list(topics))
