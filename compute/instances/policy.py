"""Rules about instances, flavors, key pairs, server groups and schedules, each with the role that it needs."""

RULES = {
    "instance:read": "reader",
    "instance:console": "member",
    "instance_snapshot:read": "reader",
    "schedule:write": "member",
    "instance:read_host": "admin",
    "instance:choose_host": "admin",
    "flavor:read": "reader",
    "flavor:write": "admin",
    "usage:read": "reader",
    "usage:read_all": "admin",
    "server_group:read": "reader",
    "server_group:write": "member",
    "keypair:write": "reader",
    "keypair:write_all": "admin",
    "migration:read": "admin",
}
