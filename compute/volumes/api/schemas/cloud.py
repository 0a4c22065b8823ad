"""Schemas of zones, services, pools and messages."""

from accounts.openstack.schema import (
    ANY,
    BOOLEAN,
    NUMBER,
    STRING,
    TEXT,
    WITHOUT_ZONE,
    Schema,
    list_of,
    map_of,
    nullable,
    object_of,
    query_of,
    text,
)

ZONES: Schema = object_of(
    {
        "availabilityZoneInfo": list_of(
            object_of({"zoneName": STRING, "zoneState": object_of({"available": BOOLEAN})})
        )
    }
)
SERVICES_QUERY = query_of(host=TEXT, binary=TEXT)
SERVICES: Schema = object_of(
    {
        "services": list_of(
            object_of(
                {
                    "binary": STRING,
                    "host": STRING,
                    "zone": STRING,
                    "status": STRING,
                    "state": STRING,
                    "updated_at": nullable(WITHOUT_ZONE),
                    "disabled_reason": nullable(STRING),
                },
                {"cluster": ANY, "backend_state": STRING, "replication_status": ANY, "frozen": BOOLEAN},
            )
        )
    }
)
UPDATE_SERVICE: Schema = object_of(
    {"host": text(255, 1)}, {"binary": TEXT, "service": TEXT, "disabled_reason": nullable(text(255))}
)
UPDATED_SERVICE: Schema = object_of(
    {"host": STRING, "service": STRING, "binary": STRING, "disabled": BOOLEAN, "status": STRING},
    {"disabled_reason": STRING},
)
CAPABILITIES: Schema = object_of(
    {
        "namespace": STRING,
        "vendor_name": STRING,
        "volume_backend_name": STRING,
        "pool_name": nullable(STRING),
        "driver_version": STRING,
        "storage_protocol": STRING,
        "display_name": nullable(STRING),
        "description": nullable(STRING),
        "visibility": nullable(STRING),
        "replication_targets": list_of(ANY),
        "properties": map_of(object_of({"title": STRING, "description": STRING, "type": STRING})),
    }
)
POOLS_QUERY = query_of(detail=TEXT, name=TEXT, volume_type=TEXT)
POOLS: Schema = object_of(
    {
        "pools": list_of(
            object_of(
                {"name": STRING},
                {
                    "capabilities": object_of(
                        {
                            "total_capacity_gb": NUMBER,
                            "free_capacity_gb": NUMBER,
                            "allocated_capacity_gb": NUMBER,
                            "volume_backend_name": STRING,
                            "storage_protocol": STRING,
                            "vendor_name": STRING,
                            "driver_version": STRING,
                            "QoS_support": BOOLEAN,
                            "reserved_percentage": NUMBER,
                            "multiattach": BOOLEAN,
                            "thin_provisioning_support": BOOLEAN,
                            "timestamp": STRING,
                        }
                    )
                },
            )
        )
    }
)
MESSAGES: Schema = object_of({"messages": list_of(ANY)})
RESOURCE_FILTERS: Schema = object_of(
    {"resource_filters": list_of(object_of({"resource": STRING, "filters": list_of(STRING)}))}
)
