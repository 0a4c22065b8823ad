"""A user with a second factor, by the real `openstack` command."""

import pytest
import yaml

from tests.clients.conftest import OpenStack
from tests.codes import code, wrong_code
from tests.stack import PASSWORD, Stack

MADE = f"""
from accounts.models import Project
from tests import codes, factories as make
demo = Project.objects.get(name="demo")
user = make.UserFactory.build(name="tess", domain=demo.domain, default_project=demo)
user.set_password({PASSWORD!r})
user.save()
make.AssignmentFactory(user=user, project=demo)
codes.give_second_factor(user)
"""
BOTH = "--os-auth-type v3multifactor --os-auth-methods v3password,v3totp --os-passcode"


@pytest.fixture(scope="module")
def as_tess(stack: Stack, openstack: OpenStack) -> OpenStack:
    """The command as tess, who has a second factor, with a cloud of the file for her."""
    stack.manage("shell", "-c", MADE)
    clouds = yaml.safe_load(openstack.clouds.read_text())
    cloud = clouds["clouds"]["meridian-admin"]
    auth = {key: value for key, value in cloud["auth"].items() if not key.startswith("application_")}
    auth |= {"username": "tess", "password": PASSWORD, "project_name": "demo"}
    auth |= {"user_domain_id": "default", "project_domain_id": "default"}
    own = stack.root / "data" / "tess.yaml"
    tess = {key: value for key, value in cloud.items() if key not in {"auth", "auth_type"}} | {"auth": auth}
    own.write_text(yaml.safe_dump({"clouds": {"tess": tess}}))
    return OpenStack(openstack.command, own, "tess")


def test_password_and_code_give_a_token(as_tess: OpenStack) -> None:
    token = as_tess(f"{BOTH} {code()} token issue -f json")
    assert len(token["id"]) == 64


def test_the_password_alone_is_told_what_is_missing(as_tess: OpenStack) -> None:
    assert "totp" in as_tess.refused("token issue")


def test_a_wrong_code_gets_nothing(as_tess: OpenStack) -> None:
    assert "401" in as_tess.refused(f"{BOTH} {wrong_code()} token issue")
