"""Metadata: texts by name, which clients keep on rows of any kind."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from accounts.errors import BadInput
from accounts.names import KEY, is_text
from accounts.services import quotas


def clean(metadata: object) -> dict[str, str]:
    """Return metadata whose keys and values have at most 255 characters. Raise BadInput. Their number is a quota."""
    if not isinstance(metadata, Mapping):
        raise _bad_input(_("Give an object of keys and texts."))
    for key, value in metadata.items():
        if not KEY.has(key):
            raise _bad_input(f"{key}: {KEY.sentence}")
        if not (value == "" or is_text(value)):
            raise _bad_input(_("Values are texts of at most 255 characters."))
    return dict(metadata)


def merge(present: Mapping[str, str], parameters: Mapping[str, Any]) -> dict[str, str]:
    """Return the metadata that an action's parameters ask for. Raise BadInput.

    `metadata` replaces all of the present ones; else `more` adds some, and `without` removes keys.
    """
    if "metadata" in parameters:
        return clean(parameters["metadata"])
    merged = {**present, **clean(parameters.get("more", {}))}
    return {key: merged[key] for key in merged.keys() - set(parameters.get("without", ()))}


def enforce_quota(project_id: str, user_id: str | None, metadata: Mapping[str, str]) -> None:
    """Raise OverQuota if the metadata exceed the limit of the project, or of its user."""
    if not metadata:
        return
    limits = quotas.user_limits(project_id, user_id) if user_id else quotas.limits([project_id])[project_id]
    sentence = _("Quota exceeded, too many metadata items.")
    quotas.enforce_cap("metadata_items", limits["metadata_items"], len(metadata), sentence)


def _bad_input(sentence: str) -> BadInput:
    return BadInput(fields={"metadata": sentence})
