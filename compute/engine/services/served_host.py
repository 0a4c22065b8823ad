"""The host that this process serves."""

from uuid import UUID

_host_id: UUID | None = None


def serve(host_id: UUID | None) -> None:
    """Serve this host, beside work for any host. With None, serve all hosts."""
    global _host_id
    _host_id = host_id


def host_id() -> UUID | None:
    """Return the id of the host that this process serves; None if it serves all hosts."""
    return _host_id
