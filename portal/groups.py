"""Names of channel-layer groups that only the portal uses."""

import hashlib


def of_session(session_key: str) -> str:
    """The group of one session's connections; the key itself never leaves the session store."""
    return "session." + hashlib.sha256(session_key.encode()).hexdigest()[:32]
