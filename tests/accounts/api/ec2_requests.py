"""Requests that clients of EC2 and S3 sign, as the service that got them passes them on."""

import base64
import hmac
from datetime import timedelta
from typing import Any
from urllib.parse import quote

from django.utils import timezone


def of_ec2(access: str, secret: str, age: timedelta = timedelta(), **params: str) -> dict[str, Any]:
    """Signed by version 2 of AWS."""
    moment = (timezone.now() - age).strftime("%Y-%m-%dT%H:%M:%SZ")
    params = {
        "AWSAccessKeyId": access,
        "Action": "DescribeInstances",
        "SignatureMethod": "HmacSHA256",
        "SignatureVersion": "2",
        "Timestamp": moment,
    } | params
    query = "&".join(f"{name}={quote(params[name], safe='')}" for name in sorted(params))
    digest = hmac.digest(secret.encode(), f"GET\nec2.example\n/\n{query}".encode(), "sha256")
    return {
        "access": access,
        "signature": base64.b64encode(digest).decode(),
        "host": "ec2.example",
        "verb": "GET",
        "path": "/",
        "params": params,
    }


def of_s3(access: str, secret: str) -> dict[str, Any]:
    """Signed as by the older clients of S3."""
    text = b"GET\n\n\nTue, 27 Mar 2007 19:36:42 +0000\n/bucket/object"
    return {
        "access": access,
        "token": base64.urlsafe_b64encode(text).decode(),
        "signature": base64.b64encode(hmac.digest(secret.encode(), text, "sha1")).decode(),
    }
