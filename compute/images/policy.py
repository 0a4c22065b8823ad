"""Which role each rule about images needs."""

RULES = {
    "image:read": "reader",
    "image:delete": "member",
    "image:delete_public": "admin",
}
