"""The role that each rule about networks needs."""

RULES = {
    "network:read": "reader",
}
