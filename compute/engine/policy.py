"""Which role each rule about operations needs."""

RULES = {
    "activity:read": "reader",
    "operation:retry": "admin",
}
