"""Schemas of QoS specs."""

from accounts.openstack.schema import ANY, STRING, TEXT, Schema, list_of, map_of, object_of, query_of, text
from compute.api.schemas import LINKS, PAGE, SORT, listing

ROW: Schema = object_of({"id": STRING, "name": STRING, "consumer": STRING, "specs": map_of(STRING)})
SHOWN: Schema = object_of({"qos_specs": ROW, "links": LINKS})
LIST: Schema = listing("qos_specs", ROW)
QUERY = query_of(PAGE, SORT, offset=ANY)
CREATE: Schema = object_of({"qos_specs": object_of({"name": text(255, 1)}, others=text(255))})
SPECS: Schema = object_of({"qos_specs": map_of(text(255))})
CHANGED: Schema = object_of({"qos_specs": map_of(STRING)})
KEYS: Schema = object_of({"keys": list_of(text(255, 1))})
FORCE = query_of({}, force=TEXT)
TYPE = query_of({}, vol_type_id=TEXT)
ASSOCIATIONS: Schema = object_of(
    {"qos_associations": list_of(object_of({"association_type": STRING, "id": STRING, "name": STRING}))}
)
