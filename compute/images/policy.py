"""The role that each rule about images needs."""

RULES = {
    "image:read": "reader",
}
