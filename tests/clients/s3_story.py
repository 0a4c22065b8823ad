"""A bucket and an object by Amazon's own library. Runs in the services' environment; prints what it saw as JSON.

`python s3_story.py URL VERSION ACCESS SECRET`, with the version `s3` or `s3v4` of signatures.
"""

import json
import sys
import urllib.request
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError


def client_of(url: str, version: str, access: str, secret: str) -> Any:
    return boto3.client(
        "s3",
        endpoint_url=url,
        region_name="us-east-1",
        aws_access_key_id=access,
        aws_secret_access_key=secret,
        config=Config(
            signature_version=version,
            s3={"addressing_style": "path"},
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        ),
    )


def story(url: str, version: str, access: str, secret: str) -> dict[str, object]:
    client = client_of(url, version, access, secret)
    # The library and Swift disagree on what of the path of a bucket the older version signs.
    of_buckets = client_of(url, "s3v4", access, secret)
    thing = {"Bucket": f"bucket-{version}", "Key": "thing"}
    try:
        of_buckets.create_bucket(Bucket=thing["Bucket"])
        client.put_object(**thing, Body=b"a thing")
    except ClientError as error:
        return {"refused": error.response["ResponseMetadata"]["HTTPStatusCode"]}
    address = client.generate_presigned_url("get_object", Params=thing)
    with urllib.request.urlopen(address, timeout=30) as answer:
        presigned = answer.read().decode()
    return {
        "kept": client.get_object(**thing)["Body"].read().decode(),
        "listed": [row["Key"] for row in of_buckets.list_objects(Bucket=thing["Bucket"])["Contents"]],
        "presigned": presigned,
    }


if __name__ == "__main__":
    print(json.dumps(story(*sys.argv[1:])))  # noqa: T201
