"""Announces changed rows to open pages.

Accounts does not know how: another app registers what carries the word, and does so once it is ready.
"""

from collections.abc import Callable

Carrier = Callable[[str, list[str]], None]
"""project id, topics → nothing; called inside the transaction of the change, carries the word after it."""

carriers: list[Carrier] = []


def register(carrier: Carrier) -> None:
    carriers.append(carrier)


def changed(project_id: str, *topics: str) -> None:
    """Tell the pages of the project and of administrators that what they show under `topics` is new."""
    for carrier in carriers:
        carrier(project_id, list(topics))
