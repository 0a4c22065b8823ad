"""Access rules: the calls to which an application credential may be limited."""

import re
from collections.abc import Iterable, Mapping

import re2
from django.utils.translation import gettext as _

from accounts.errors import BadInput
from accounts.names import is_text

METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"}
MOST_RULES = 100


def clean_rules(value: object) -> list[dict[str, str]]:
    """Return the rules as `{service, method, path}`, or as the `{id}` of an existing one. Raise BadInput.

    None means that every call is allowed.
    """
    if value is None:
        return []
    if not isinstance(value, list) or len(value) > MOST_RULES:
        raise BadInput(fields={"access_rules": _("Give a list of rules.")})
    return [_clean_rule(rule) for rule in value]


def allow(rules: Iterable[Mapping[str, str]], *, service: str, method: str, path: str) -> bool:
    """Return whether a rule allows the call. `path` begins with a slash, below the service's own address."""
    return any(
        rule["service"] == service and rule["method"] == method and _matches(rule["path"], path)
        for rule in rules
    )


def _clean_rule(rule: object) -> dict[str, str]:
    if isinstance(rule, dict) and rule.keys() == {"id"} and is_text(rule["id"], 64):
        return {"id": rule["id"]}
    if not isinstance(rule, dict) or not all(
        is_text(rule.get(field), 128) for field in ("service", "method", "path")
    ):
        raise BadInput(fields={"access_rules": _("A rule names a service, a method and a path.")})
    method = rule["method"].upper()
    if method not in METHODS or not rule["path"].startswith("/"):
        raise BadInput(fields={"access_rules": _("Give an HTTP method and a path that begins with a slash.")})
    return {"service": rule["service"], "method": method, "path": rule["path"]}


def _matches(pattern: str, path: str) -> bool:
    """Return whether the pattern matches: `*` and `{name}` one part of the path, `**` any number of them."""
    parts = re.split(r"(\*\*|\*|\{[^{}/]*\})", pattern)
    wild = {"**": ".*"}
    expression = "".join(
        wild.get(part, "[^/]+") if number % 2 else re2.escape(part) for number, part in enumerate(parts)
    )
    # Both texts are the user's, and RE2 takes a time in proportion to them, however many wild cards there are.
    return re2.fullmatch(expression, path) is not None
