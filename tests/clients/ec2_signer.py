"""A request of EC2, signed by python-keystoneclient. Runs in the clients' environment; prints the request as JSON.

`python ec2_signer.py VERSION ACCESS SECRET`, with the version 2 or 4 of AWS's signatures.
"""

import hashlib
import json
import sys
from datetime import UTC, datetime

from keystoneclient.contrib.ec2.utils import Ec2Signer


def request(version: str, access: str) -> dict[str, object]:
    """The request without its signature."""
    now = datetime.now(UTC)
    fields = {"access": access, "host": "ec2.example.org:8788", "verb": "GET", "path": "/"}
    params = {"Action": "DescribeInstances", "Filter.1.Name": "tag:a b", "Filter.1.Value": "ü/~*"}
    if version == "2":
        moment = now.strftime("%Y-%m-%dT%H:%M:%SZ")
        params |= {"AWSAccessKeyId": access, "SignatureVersion": "2", "Timestamp": moment}
        return fields | {"params": params}
    scope = now.strftime("%Y%m%d/here/ec2/aws4_request")
    headers = {
        "Host": "ec2.example.org:8788",
        "X-Amz-Date": now.strftime("%Y%m%dT%H%M%SZ"),
        "Authorization": f"AWS4-HMAC-SHA256 Credential={access}/{scope}, SignedHeaders=host;x-amz-date, Signature=",
    }
    return fields | {"params": params, "headers": headers, "body_hash": hashlib.sha256(b"").hexdigest()}


if __name__ == "__main__":
    version, access, secret = sys.argv[1:]
    signed = request(version, access)
    signature = Ec2Signer(secret).generate(json.loads(json.dumps(signed)))
    print(json.dumps({"ec2Credentials": signed | {"signature": signature}}))  # noqa: T201
