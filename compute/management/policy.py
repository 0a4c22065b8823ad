"""Which role each rule about the whole installation needs."""

RULES = {
    "health:read": "admin",
}
