"""The role that each rule about volumes and their types needs."""

RULES = {
    "volume:read": "reader",
    "volume:read_host": "admin",
    "volume:transfer": "member",
    "volume_snapshot:read": "reader",
    "backup:read": "reader",
    "backup_plan:write": "member",
    "backup:export": "admin",
    "backup:import": "admin",
    "volume_type:read": "reader",
    "volume_type:write": "admin",
    "qos_specs:read": "admin",
    "qos_specs:write": "admin",
    "volume_service:read": "admin",
    "volume_message:read": "reader",
    "volume_message:delete": "member",
}
