"""The role that each rule about images needs."""

RULES = {
    "image:read": "reader",
    "image:create": "member",
    "image:make_public": "admin",
    "image:make_community": "member",
    "image:change_owner": "admin",
    "image:share": "member",
    "image:answer_share": "member",
    "image:read_tasks": "admin",
    "image:read_cache": "admin",
}
