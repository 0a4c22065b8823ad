"""Schemas of `/ec2tokens` and `/s3tokens`. As in Keystone the request may stand below either of two names."""

from django.utils.translation import gettext_lazy as _

from accounts.openstack.schema import (
    NAME,
    Properties,
    Schema,
    explained,
    map_of,
    object_of,
    text,
)

LONGEST = 16_384
"""Characters of a header, a parameter or a text that is signed, at most."""
_VALUE: Schema = text(LONGEST)
_SIGNED: Properties = {"access": NAME, "signature": text(1024, 1)}
_EC2: Schema = object_of(
    _SIGNED,
    {
        "verb": text(16),
        "host": text(),
        "path": _VALUE,
        "params": map_of(_VALUE, most=200),
        "headers": map_of(_VALUE, most=200),
        "body_hash": text(128),
    },
    others=True,
)
_S3: Schema = object_of({**_SIGNED, "token": _VALUE}, others=True)


def _under_either_name(request: Schema, example: dict[str, object]) -> Schema:
    named: Schema = object_of(optional={"credentials": request, "ec2Credentials": request}, others=True)
    either = {"anyOf": [{"required": ["credentials"]}, {"required": ["ec2Credentials"]}]}
    sentence = _("Give the object credentials or ec2Credentials.")
    return explained(named | either | {"examples": [{"credentials": example}]}, sentence)


_ACCESS = {"access": "9a5b2d4f1c7e4b0f8a6d3c2b1e0f9d8c"}
ISSUE_EC2: Schema = _under_either_name(
    _EC2,
    {
        **_ACCESS,
        "signature": "Pf8a8n0o2rKQDJv0lZ1mYbXo0G0T2XU5Hn1r3mB6c3w=",
        "verb": "GET",
        "host": "ec2.example.org",
        "path": "/",
        "params": {
            "Action": "DescribeInstances",
            "SignatureVersion": "2",
            "SignatureMethod": "HmacSHA256",
            "Timestamp": "2030-01-31T12:00:00Z",
        },
        "headers": {},
        "body_hash": "",
    },
)
ISSUE_S3: Schema = _under_either_name(
    _S3,
    {
        **_ACCESS,
        "signature": "bWq2s1WEIj+Ydj0vQ697zp+IXMU=",
        "token": "R0VUCgoKVHVlLCAyNyBNYXIgMjAwNyAxOTozNjo0MiArMDAwMAovYnVja2V0L29iamVjdA==",
    },
)
