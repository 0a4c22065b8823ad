"""The file clouds.yaml, by which OpenStack clients find this cloud and sign in."""

import os
import tempfile
from pathlib import Path

import yaml
from django.conf import settings

from accounts.models import Domain, User


def write(path: Path, user: User, password: str) -> None:
    """Write the clouds `meridian-admin` and `meridian-demo` for `user`, readable by the owner only.

    Other clouds in the file are kept. The file is replaced atomically.
    """
    present = yaml.safe_load(path.read_text()) if path.exists() else None
    content = present if isinstance(present, dict) else {}
    clouds = content.setdefault("clouds", {})
    clouds["meridian-admin"] = _cloud(user, password, "admin")
    clouds["meridian-demo"] = _cloud(user, password, "demo")
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=".clouds-")  # mode 600
    try:
        with os.fdopen(descriptor, "w") as file:
            yaml.safe_dump(content, file, sort_keys=False, allow_unicode=True)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


def _cloud(user: User, password: str, project: str) -> dict[str, object]:
    domain = Domain.objects.get(pk=user.domain_id)
    return {
        "auth": {
            "auth_url": f"{settings.PUBLIC_URL}/identity/v3",
            "username": user.name,
            "password": password,
            "project_name": project,
            "user_domain_name": domain.name,
            "project_domain_name": domain.name,
        },
        "region_name": settings.REGION,
        "identity_api_version": 3,
    }
