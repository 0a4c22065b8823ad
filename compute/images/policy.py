"""Which role each rule about images needs."""

RULES = {
    "image:read": "reader",
}
