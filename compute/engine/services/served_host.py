"""Which host this process serves."""

from uuid import UUID

_host_id: UUID | None = None


def serve(host_id: UUID | None) -> None:
    """Take work of this host only, beside work that may be done anywhere; of all hosts where it is None."""
    global _host_id
    _host_id = host_id


def host_id() -> UUID | None:
    """Return the id of the host that this process serves; None: it is bound to none and takes all work."""
    return _host_id
