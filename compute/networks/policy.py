"""Which role each rule about networks needs."""

RULES = {
    "network:read": "reader",
}
