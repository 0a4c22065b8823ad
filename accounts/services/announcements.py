"""Announce changed rows to open pages, by the functions that other apps register."""

from collections.abc import Callable

Carrier = Callable[[str, list[str]], None]
"""Takes a project id and topics inside the transaction of a change, and announces them after its commit."""

carriers: list[Carrier] = []


def register(carrier: Carrier) -> None:
    carriers.append(carrier)


def changed(project_id: str, *topics: str) -> None:
    """Announce changed `topics` to the pages of the project and of administrators."""
    for carrier in carriers:
        carrier(project_id, list(topics))
