"""The same request twice begins one operation."""

import hashlib

from compute.engine.models import Operation


def hash_key(idempotency_key: str | None) -> str | None:
    """Return a client's key as rows keep it: of one length and alphabet, whatever was sent."""
    if not idempotency_key:
        return None
    return hashlib.sha256(idempotency_key.encode(errors="replace")).hexdigest()


def find_operation(project_id: str | None, kept: str) -> Operation | None:
    """Return the operation that this key, as rows keep it, has begun already."""
    return Operation.objects.filter(project_id=project_id, idempotency_key=kept).first()
