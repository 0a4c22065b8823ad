"""Idempotency keys, by which a repeated request begins one operation only."""

import hashlib

from compute.engine.models import Operation


def hash_key(idempotency_key: str | None) -> str | None:
    """Return the hash of a client's key, which rows store; None if there is no key."""
    if not idempotency_key:
        return None
    return hashlib.sha256(idempotency_key.encode(errors="replace")).hexdigest()


def find_operation(project_id: str | None, key_hash: str) -> Operation | None:
    """Return the operation that was begun with the key of this hash; None if there is none."""
    return Operation.objects.filter(project_id=project_id, idempotency_key=key_hash).first()
