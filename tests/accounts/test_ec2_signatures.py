"""Signatures of AWS, by the examples of AWS's own documentation."""

import base64
import hmac
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from accounts.services import ec2_signatures
from accounts.services.ec2_signatures import SignedRequest

SECRET_2 = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
SECRET_4 = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

BY_2 = SignedRequest(
    access="AKIAIOSFODNN7EXAMPLE",
    signature="i91nKc4PWAt0JJIdXwz9HxZCJDdiy6cf/Mj6vPxyYIs=",
    verb="GET",
    host="elasticmapreduce.amazonaws.com",
    path="/",
    params={
        "AWSAccessKeyId": "AKIAIOSFODNN7EXAMPLE",
        "Action": "DescribeJobFlows",
        "SignatureMethod": "HmacSHA256",
        "SignatureVersion": "2",
        "Timestamp": "2011-10-03T15:19:30",
        "Version": "2009-03-31",
    },
)
THEN_2 = datetime(2011, 10, 3, 15, 19, 30, tzinfo=UTC)

SCOPE = "20150830/us-east-1/iam/aws4_request"
BY_4 = SignedRequest(
    access="AKIDEXAMPLE",
    signature="5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7",
    verb="GET",
    host="iam.amazonaws.com",
    path="/",
    params={"Action": "ListUsers", "Version": "2010-05-08"},
    headers={
        "Content-Type": "application/x-www-form-urlencoded;  charset=utf-8 ",
        "X-Amz-Date": "20150830T123600Z",
        "Authorization": f"AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/{SCOPE}, "
        "SignedHeaders=content-type;host;x-amz-date, "
        "Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7",
    },
    body_hash=EMPTY,
)
THEN_4 = datetime(2015, 8, 30, 12, 36, tzinfo=UTC)

OF_S3 = (
    "AWS4-HMAC-SHA256\n20130524T000000Z\n20130524/us-east-1/s3/aws4_request\n"
    "7344ae5b7ee6c3e7e6b0fe0640412a37625d1fbfff95c48bbb2dc43964946972"
)
SIGNED_S3 = "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"
THEN_S3 = datetime(2013, 5, 24, tzinfo=UTC)

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


def altered(request: SignedRequest, **params: str) -> SignedRequest:
    return replace(request, params={**request.params, **params})


def test_version_2() -> None:
    assert ec2_signatures.is_signed(BY_2, SECRET_2, THEN_2)
    # What the client sent beside it, and a port that it did not sign.
    assert ec2_signatures.is_signed(altered(BY_2, Signature=BY_2.signature), SECRET_2, THEN_2)
    assert ec2_signatures.is_signed(replace(BY_2, host=f"{BY_2.host}:8788"), SECRET_2, THEN_2)
    bare = {name: value for name, value in BY_2.params.items() if name != "SignatureMethod"}
    assert ec2_signatures.is_signed(replace(BY_2, params=bare), SECRET_2, THEN_2)


def test_version_4() -> None:
    assert ec2_signatures.is_signed(BY_4, SECRET_4, THEN_4)
    named = {"Host": BY_4.host, **BY_4.headers}
    assert ec2_signatures.is_signed(replace(BY_4, host="elsewhere", headers=named), SECRET_4, THEN_4)


def test_version_4_in_the_address() -> None:
    """Of the presigned address in S3's documentation."""
    presigned = SignedRequest(
        access="AKIAIOSFODNN7EXAMPLE",
        signature="aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404",
        verb="GET",
        host="examplebucket.s3.amazonaws.com",
        path="/test.txt",
        params={
            "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
            "X-Amz-Credential": "AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request",
            "X-Amz-Date": "20130524T000000Z",
            "X-Amz-Expires": "86400",
            "X-Amz-SignedHeaders": "host",
            "X-Amz-Signature": "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404",
        },
        body_hash="UNSIGNED-PAYLOAD",
    )
    assert ec2_signatures.is_signed(presigned, SECRET_2, THEN_S3)
    assert not ec2_signatures.is_signed(altered(presigned, **{"X-Amz-Expires": "1"}), SECRET_2, THEN_S3)


@pytest.mark.parametrize(
    "request_",
    [
        replace(BY_2, signature="x"),
        replace(BY_2, signature="ü"),
        replace(BY_2, verb="POST"),
        replace(BY_2, path="/other"),
        replace(BY_2, host="other.amazonaws.com"),
        altered(BY_2, Action="TerminateJobFlows"),
        altered(BY_2, Further="x"),
        altered(BY_2, SignatureVersion="1"),
        altered(BY_2, SignatureMethod="HmacSHA1"),
        altered(BY_2, Timestamp="soon"),
        replace(BY_2, params={}),
        SignedRequest(access=BY_2.access, signature=""),
    ],
    ids=repr,
)
def test_what_version_2_did_not_sign(request_: SignedRequest) -> None:
    assert not ec2_signatures.is_signed(request_, SECRET_2, THEN_2)


def without(name: str, text: str = "") -> SignedRequest:
    """The request of version 4 with another header."""
    return replace(BY_4, headers={**BY_4.headers, name: text})


@pytest.mark.parametrize(
    "request_",
    [
        replace(BY_4, access="other"),
        replace(BY_4, signature="0" * 64),
        replace(BY_4, verb="POST"),
        replace(BY_4, path="/other"),
        replace(BY_4, host="other"),
        replace(BY_4, body_hash="x"),
        altered(BY_4, Action="DeleteUser"),
        without("Content-Type", "text/plain"),
        without("X-Amz-Date"),
        without("X-Amz-Date", "20150830T123700Z"),
        without("Authorization"),
        without("Authorization", BY_4.headers["Authorization"].replace("host;", "")),
        without("Authorization", BY_4.headers["Authorization"].replace("20150830", "20150829")),
        without("Authorization", BY_4.headers["Authorization"].replace("/aws4_request", "")),
    ],
    ids=repr,
)
def test_what_version_4_did_not_sign(request_: SignedRequest) -> None:
    assert not ec2_signatures.is_signed(request_, SECRET_4, THEN_4)


@pytest.mark.parametrize(("request_", "secret", "then"), [(BY_2, SECRET_2, THEN_2), (BY_4, SECRET_4, THEN_4)])
def test_the_secret_and_the_time(request_: SignedRequest, secret: str, then: datetime) -> None:
    assert not ec2_signatures.is_signed(request_, secret[:-1], then)
    for minutes, is_valid in ((-16, False), (-15, True), (15, True), (16, False)):
        assert ec2_signatures.is_signed(request_, secret, then + minutes * MINUTE) is is_valid


def test_a_text_of_s3() -> None:
    """The service knows how long an address lasts, so that ours lasts as long as any can."""

    def signs(
        text: str, then: datetime = THEN_S3, signature: str = SIGNED_S3, secret: str = SECRET_2
    ) -> bool:
        return ec2_signatures.is_text_signed(text.encode(), signature, secret, then)

    assert signs(OF_S3)
    assert signs(OF_S3, THEN_S3 + 7 * DAY)
    assert not signs(OF_S3, THEN_S3 + 8 * DAY)
    assert not signs(OF_S3, THEN_S3 - DAY)
    assert not signs(OF_S3, signature="x")
    assert not signs(OF_S3, secret="x")
    for wrong in ("\n", "/s3/", "aws4_request", "20130524T", "AWS4-HMAC-SHA256"):
        assert not signs(OF_S3.replace(wrong, "/ec2/" if wrong == "/s3/" else "AWS4"))
    assert not ec2_signatures.is_text_signed(b"AWS4\xff", SIGNED_S3, SECRET_2, THEN_S3)


def test_an_older_text_of_s3() -> None:
    text = b"GET\n\n\nTue, 27 Mar 2007 19:36:42 +0000\n/johnsmith/photos/puppy.jpg"
    signature = "bWq2s1WEIj+Ydj0vQ697zp+IXMU="
    assert ec2_signatures.is_text_signed(text, signature, SECRET_2, THEN_S3)
    assert not ec2_signatures.is_text_signed(text + b"?acl", signature, SECRET_2, THEN_S3)


def test_a_text_of_another_service_is_none_of_s3() -> None:
    """Whatever the secret signed for EC2 must not open S3 by this way."""
    text = OF_S3.replace("/s3/", "/ec2/")
    key = f"AWS4{SECRET_2}".encode()
    for part in ("20130524", "us-east-1", "ec2", "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    signature = hmac.digest(key, text.encode(), "sha256").hex()
    assert not ec2_signatures.is_text_signed(text.encode(), signature, SECRET_2, THEN_S3)
    # Nor by calling it older: then it is signed by another key.
    older = base64.b64encode(hmac.digest(key, text.encode(), "sha1")).decode()
    assert not ec2_signatures.is_text_signed(text.encode(), older, SECRET_2, THEN_S3)
