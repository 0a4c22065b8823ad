"""User data: bytes that a guest reads at its first start, in rows as base64."""

import base64
import re

import yaml
from django.utils.translation import gettext as _

from accounts.errors import BadInput
from compute.instances.models import Instance

LONGEST = 65_535
"""Nova's limit, counted in base64 (API reference, servers, user_data)."""


def from_base64(encoded: str) -> bytes:
    """Return the bytes of base64 that fits the schemas of requests, with or without line breaks."""
    return base64.b64decode(encoded)


def content(instance: Instance) -> bytes:
    return base64.b64decode(instance.user_data)


def text(instance: Instance) -> str | None:
    """Return an instance's user data as text; None if they are no text."""
    try:
        return content(instance).decode()
    except UnicodeDecodeError:
        return None


def encode(content: object) -> str:
    """Return the base64 of bytes or typed text for the row. Raise BadInput if too long or an invalid cloud-config."""
    content = _typed(content) if isinstance(content, str) else content
    if not isinstance(content, bytes):
        raise BadInput(fields={"user_data": _("Give text.")})
    encoded = base64.b64encode(content).decode()
    if len(encoded) > LONGEST:
        raise BadInput(
            fields={"user_data": _("Use at most %(longest)s bytes.") % {"longest": LONGEST * 3 // 4}}
        )
    if re.match(rb"#cloud-config\s", content):
        _check_cloud_config(content)
    return encoded


def problem(text: str) -> str:
    """Return why such user data are refused; empty if they are not."""
    try:
        encode(text)
    except BadInput as error:
        return str(error.fields["user_data"])
    return ""


def _typed(text: str) -> bytes:
    """Return the bytes of text from a browser, which breaks lines by two characters. Raise BadInput."""
    try:
        return text.replace("\r\n", "\n").encode()
    except UnicodeEncodeError as error:
        raise BadInput(fields={"user_data": _("This is not valid Unicode text.")}) from error


def _check_cloud_config(content: bytes) -> None:
    try:
        config = yaml.safe_load(content.decode())
    except UnicodeDecodeError:
        return
    except yaml.YAMLError as error:
        raise BadInput(fields={"user_data": _yaml_sentence(error)}) from error
    if not isinstance(config, dict | None):
        raise BadInput(fields={"user_data": _("A cloud-config is a mapping of keys to values.")})


def _yaml_sentence(error: yaml.YAMLError) -> str:
    """Return where and why the YAML cannot be read; the reason is the parser's own."""
    mark, reason = getattr(error, "problem_mark", None), getattr(error, "problem", None)
    if mark is None:
        return _("This is not valid YAML.")
    return _("This is not valid YAML: %(reason)s, in line %(line)s.") % {
        "reason": reason,
        "line": mark.line + 1,
    }
