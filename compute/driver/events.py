"""What guests do, told as it happens."""

from collections.abc import Callable

from .specs import GuestEvent


class Subscription:
    """A running delivery of events; `close()` ends it."""

    def close(self) -> None:
        """Stop delivering. Safe to call twice."""
        raise NotImplementedError


def subscribe(
    uri: str, on_event: Callable[[GuestEvent], None], on_close: Callable[[str], None]
) -> Subscription:
    """Deliver every guest event of `uri`. `on_close` gets a reason when the connection is lost.

    Both are called on the event thread and must only hand over. After `on_close`, subscribe again.
    Raises HypervisorUnreachable.
    """
    raise NotImplementedError


def start_event_loop() -> None:
    """Start the event thread of this process, before any connection that wants keepalives or events."""
    raise NotImplementedError
