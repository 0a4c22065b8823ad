"""The role that each rule about hosts needs."""

RULES = {
    "hypervisor:read": "admin",
    "hypervisor:write": "admin",
}
