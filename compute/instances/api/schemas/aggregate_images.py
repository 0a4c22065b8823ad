"""Schemas of `/os-aggregates/{id}/images`."""

from accounts.openstack.schema import UUID, Schema, list_of, object_of

CACHE: Schema = object_of({"cache": list_of(object_of({"id": UUID})) | {"minItems": 1, "uniqueItems": True}})
