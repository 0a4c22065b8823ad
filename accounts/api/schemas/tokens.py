"""Schemas of `/auth`: methods, scopes, tokens and receipts."""

from django.utils.translation import gettext_lazy as _

from accounts.api.schemas.common import DOMAIN, LIST_LINKS, REFERENCE, SELF
from accounts.openstack.schema import (
    ANY,
    BOOLEAN,
    INTEGER,
    MICROSECONDS,
    OBJECT,
    STRING,
    WITHOUT_ZONE,
    Properties,
    Schema,
    explained,
    list_of,
    nullable,
    object_of,
    query_of,
)

# Names, passwords and codes may be of any kind here: what cannot be right is wrong, which is 401.
_DOMAIN: Schema = explained(
    object_of(optional={"id": ANY, "name": ANY}, others=True), _("Name the domain by id or name.")
)
_USER: Schema = explained(
    object_of(optional={"id": ANY, "name": ANY, "domain": ANY, "password": ANY, "passcode": ANY}, others=True)
    | {"anyOf": [{"properties": {"name": {"type": "string"}}, "required": ["name"]}, {"required": ["id"]}]},
    _("Give an id, or a name and a domain."),
)
_METHODS: dict[str, Schema] = {
    "password": object_of({"user": _USER}, others=True),
    "totp": object_of({"user": _USER}, others=True),
    "token": object_of(optional={"id": ANY}, others=True),
    "application_credential": object_of(
        optional={"id": ANY, "name": ANY, "secret": ANY, "user": OBJECT}, others=True
    ),
}
_IDENTITY: Schema = object_of(
    {
        "methods": explained(
            {"type": "array", "items": {"type": "string"}, "minItems": 1}, _("Name at least one method.")
        )
    },
    _METHODS,
    others=True,
)
_SCOPE: Schema = {
    "anyOf": [
        object_of(
            optional={
                "project": object_of(optional={"id": ANY, "name": ANY, "domain": ANY}, others=True),
                "domain": _DOMAIN,
                "system": object_of(
                    {"all": explained({"const": True}, _("The system's scope is {“all”: true}."))},
                    others=True,
                ),
                "unscoped": ANY,
            },
            others=True,
        ),
        {"type": "null"},
        {"const": "unscoped"},
    ]
}
_EXAMPLE = {
    "auth": {
        "identity": {
            "methods": ["password"],
            "password": {"user": {"name": "alice", "domain": {"id": "default"}, "password": "…"}},
        },
        "scope": {"project": {"name": "blue", "domain": {"id": "default"}}},
    }
}
ISSUE: Schema = object_of(
    {"auth": object_of({"identity": _IDENTITY}, {"scope": _SCOPE}, others=True)}, others=True
) | {"examples": [_EXAMPLE]}
QUERY: Schema = query_of(nocatalog=ANY)

_ENDPOINT: Schema = object_of(
    {
        "id": STRING,
        "interface": STRING,
        "region": nullable(STRING),
        "region_id": nullable(STRING),
        "url": STRING,
    }
)
_CATALOG: Schema = list_of(
    object_of({"id": STRING, "type": STRING, "name": STRING, "endpoints": list_of(_ENDPOINT)})
)
_ACCESS_RULES: Schema = list_of(
    object_of({"id": STRING, "service": STRING, "method": STRING, "path": STRING})
)
_SCOPED: Properties = {
    "catalog": _CATALOG,
    "roles": list_of(REFERENCE),
    "project": object_of({"id": STRING, "name": STRING, "domain": DOMAIN}),
    "is_domain": BOOLEAN,
    "domain": DOMAIN,
    "system": object_of({"all": BOOLEAN}),
    "application_credential": object_of(
        {"id": STRING, "name": STRING, "restricted": BOOLEAN}, {"access_rules": _ACCESS_RULES}
    ),
}
_USER_SUMMARY: Schema = object_of(
    {"id": STRING, "name": STRING, "domain": DOMAIN}, {"password_expires_at": nullable(WITHOUT_ZONE)}
)
TOKEN: Schema = object_of(
    {
        "token": object_of(
            {
                "methods": list_of(STRING),
                "user": _USER_SUMMARY,
                "audit_ids": list_of(STRING),
                "issued_at": MICROSECONDS,
                "expires_at": MICROSECONDS,
            },
            _SCOPED,
        )
    }
)
RECEIPT: Schema = object_of(
    {
        "receipt": object_of(
            {
                "methods": list_of(STRING),
                "user": _USER_SUMMARY,
                "issued_at": MICROSECONDS,
                "expires_at": MICROSECONDS,
            }
        ),
        "required_auth_methods": list_of(list_of(STRING)),
    }
)
REFUSED: Schema = {
    "anyOf": [
        RECEIPT,
        object_of({"error": object_of({"code": INTEGER, "title": STRING, "message": STRING})}),
    ]
}
CATALOG: Schema = object_of({"catalog": _CATALOG, "links": SELF})
SYSTEM: Schema = object_of({"system": list_of(object_of({"all": BOOLEAN})), "links": LIST_LINKS})
