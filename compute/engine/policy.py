"""Rules about operations, each with the role that it needs."""

RULES = {
    "activity:read": "reader",
    "operation:retry": "admin",
}
