"""Files to download with a new application credential, with which clients sign in."""

import shlex

import yaml
from django.conf import settings

from accounts.models import ApplicationCredential

CLOUD = "meridian"
"""The cloud's name in clouds.yaml: `openstack --os-cloud meridian …`."""

_OTHER_VARIABLES = (
    "CLOUD",
    "TOKEN",
    "USERNAME",
    "USER_ID",
    "USER_DOMAIN_ID",
    "USER_DOMAIN_NAME",
    "PASSWORD",
    "PROJECT_ID",
    "PROJECT_NAME",
    "PROJECT_DOMAIN_ID",
    "PROJECT_DOMAIN_NAME",
    "TENANT_ID",
    "TENANT_NAME",
    "DOMAIN_ID",
    "DOMAIN_NAME",
    "SYSTEM_SCOPE",
    "TRUST_ID",
)
"""Variables of other authentication methods, left over from another cloud's file, which exclude a credential."""


def auth_url() -> str:
    """Return the URL at which clients sign in."""
    return f"{settings.PUBLIC_URL}/identity/v3"


def clouds_yaml(credential: ApplicationCredential, secret: str) -> str:
    """Return a clouds.yaml with this one cloud."""
    cloud = {
        "auth_type": "v3applicationcredential",
        "auth": {
            "auth_url": auth_url(),
            "application_credential_id": credential.id,
            "application_credential_secret": secret,
        },
        "region_name": settings.REGION,
        "interface": "public",
        "identity_api_version": 3,
    }
    return yaml.safe_dump({"clouds": {CLOUD: cloud}}, sort_keys=False, allow_unicode=True)


def rc_file(credential: ApplicationCredential, secret: str) -> str:
    """Return a file for a shell to `source`, with every value quoted."""
    values = {
        "AUTH_TYPE": "v3applicationcredential",
        "AUTH_URL": auth_url(),
        "APPLICATION_CREDENTIAL_ID": credential.id,
        "APPLICATION_CREDENTIAL_NAME": credential.name,
        "APPLICATION_CREDENTIAL_SECRET": secret,
        "REGION_NAME": settings.REGION,
        "INTERFACE": "public",
        "IDENTITY_API_VERSION": "3",
    }
    lines = [f"unset {' '.join(f'OS_{name}' for name in _OTHER_VARIABLES)}"]
    lines += [f"export OS_{name}={shlex.quote(value)}" for name, value in values.items()]
    return "\n".join(lines) + "\n"


def command() -> str:
    """Return a first command to try, in the folder of clouds.yaml."""
    return f"openstack --os-cloud {CLOUD} token issue"
