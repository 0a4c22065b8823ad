"""What Tempest is told about our cloud."""

import configparser
from pathlib import Path

from tests.stack import PASSWORD, Stack

SERVICES: frozenset[str] = frozenset()
"""Which of Tempest's services there are, beside Identity."""

FURTHER_SERVICES = ("nova", "glance", "neutron", "cinder", "swift", "horizon")


def write(stack: Stack, workspace: Path) -> None:
    """Write tempest.conf into the workspace. Tempest makes the accounts that it needs as our administrator."""
    parser = configparser.ConfigParser(interpolation=None)
    parser.read_dict(
        {
            "DEFAULT": {"log_dir": str(workspace / "logs")},
            "oslo_concurrency": {"lock_path": str(workspace / "lock")},
            "auth": {
                "use_dynamic_credentials": "True",
                "admin_username": "admin",
                "admin_password": PASSWORD,
                "admin_project_name": "admin",
                "admin_domain_name": "Default",
            },
            "identity": {"uri_v3": f"{stack.url}/identity/v3", "region": "RegionOne", "auth_version": "v3"},
            "identity-feature-enabled": {
                # Of these Meridian has access rules only.
                "trust": "False",
                "security_compliance": "False",
                "domain_specific_drivers": "False",
                "access_rules": "True",
            },
            "service_available": {name: str(name in SERVICES) for name in FURTHER_SERVICES},
        }
    )
    with (workspace / "etc" / "tempest.conf").open("w") as file:
        parser.write(file)
