"""Rules about the whole installation, each with the role that it needs."""

RULES = {
    "health:read": "admin",
}
