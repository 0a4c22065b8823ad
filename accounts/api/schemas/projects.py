"""Schemas of `/projects` and their tags."""

from django.utils.translation import gettext_lazy as _

from accounts.api.schemas.common import (
    DESCRIPTION,
    KEY,
    NO_OPTIONS,
    SELF,
    filters,
    listing,
    showing,
    taking,
)
from accounts.names import TAG_PATTERN
from accounts.openstack.schema import (
    ANY,
    BOOLEAN,
    FLAG,
    OBJECT,
    STRING,
    Properties,
    Schema,
    explained,
    extended,
    list_of,
    nullable,
    object_of,
    query_of,
    text,
)

MOST_TAGS = 80
_NAME: Schema = text(64, 1)
_TAG: Schema = explained(
    text(255, 1) | {"pattern": TAG_PATTERN}, _("A tag is text of 1 to 255 characters without / and ,")
)
TAG_LIST: Schema = list_of(_TAG, most=MOST_TAGS)
_FIELDS: Properties = {
    "description": DESCRIPTION,
    "enabled": FLAG,
    "parent_id": KEY,
    "domain_id": KEY,
    "tags": TAG_LIST,
}
CREATE: Schema = taking("project", {"name": _NAME}, {**_FIELDS, "is_domain": FLAG})
UPDATE: Schema = taking("project", optional={"name": _NAME, **_FIELDS})
ROW: Schema = object_of(
    {
        "id": STRING,
        "name": STRING,
        "domain_id": STRING,
        "description": STRING,
        "enabled": BOOLEAN,
        "is_domain": BOOLEAN,
        "parent_id": STRING,
        "tags": list_of(STRING),
        "options": NO_OPTIONS,
        "links": SELF,
    }
)
SHOWN: Schema = showing("project", ROW)
_TREE: Schema = {"anyOf": [list_of(SHOWN), nullable(OBJECT)]}
SHOWN_IN_TREE: Schema = showing("project", extended(ROW, optional={"parents": _TREE, "subtree": _TREE}))
TREE_QUERY: Schema = query_of(
    parents_as_list=ANY, parents_as_ids=ANY, subtree_as_list=ANY, subtree_as_ids=ANY
)
LIST: Schema = listing("projects", ROW)
QUERY: Schema = extended(
    filters("name", "domain_id", flags=("enabled",)),
    optional={
        "is_domain": FLAG,
        "parent_id": ANY,
        "tags": ANY,
        "tags-any": ANY,
        "not-tags": ANY,
        "not-tags-any": ANY,
    },
)
SET_TAGS: Schema = object_of({"tags": TAG_LIST}, others=True)
TAGS: Schema = object_of({"tags": list_of(STRING), "links": SELF})
