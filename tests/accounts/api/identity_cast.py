"""Who calls the Identity API in the table, and of what: things of their own, of others, of nobody."""

import json
import re
import secrets

from accounts import sealing
from accounts.models import (
    ApplicationCredential,
    Domain,
    Endpoint,
    EndpointGroup,
    Group,
    Policy,
    Project,
    Quota,
    Region,
    Role,
    RoleInference,
    Service,
    StoredCredential,
    User,
)
from accounts.services import quotas, tokens
from accounts.services.limits import OwnLimit
from accounts.services.tokens import Scope
from tests import factories
from tests.accounts.api.identity_calls import Api, api_of
from tests.accounts.api.identity_routes import Call

ROLES = ("nobody", "service", "reader", "member", "manager", "admin")
"""In a project."""

PLACED = ("s-admin", "d-reader", "d-member", "d-manager", "d-admin")
"""On the system, and on a domain."""

CLOUD = {"admin", "s-admin"}
"""Who administers the whole cloud."""

SECRET = "the secret of every EC2 key"

Things = dict[str, str]
"""{kind of thing, or argument of an address: id}."""


def caller(role: str) -> tuple[Api, Things]:
    """A user of this role in a project of their own, and what is theirs; nobody has no role, and works nowhere.

    Who has a role on the system or the domain has nothing: the things are those of a neighbour in the same domain.
    """
    user, project = factories.UserFactory(name=f"the-{role}"), factories.ProjectFactory(name=f"of-{role}")
    if role in PLACED:
        things = things_of(factories.UserFactory(name=f"beside-{role}"), project, name=f"of-{role}")
        place, _dash, name = role.partition("-")
        domain = project.domain if place == "d" else None
        factories.AssignmentFactory(user=user, project=None, domain=domain, role__name=name)
        return api_of(user, domain=domain, system=place == "s"), things
    things = things_of(user, project, name=f"of-{role}")
    if role == "nobody":
        return api_of(user), things
    factories.AssignmentFactory(user=user, project=project, role__name=role)
    return api_of(user, project), things


def things_of(user: User, project: Project, name: str) -> Things:
    """One of every kind that is this user's or project's; what belongs to nobody is the same for all."""
    group = Group.objects.create(name=name, domain=project.domain)
    group.members.add(user)
    auditor, clerk = (factories.RoleFactory(name=name) for name in ("auditor", "clerk"))
    RoleInference.objects.get_or_create(prior=auditor, implied=clerk, is_direct=True)
    _assign_everywhere(user, group, project, auditor)
    project.tags.create(name="secret")
    service = Service.objects.get_or_create(type="object-store")[0]
    region = Region.objects.get_or_create(id="RegionTwo")[0]
    endpoint = Endpoint.objects.get_or_create(service=service, interface="public", url="http://192.0.2.1")[0]
    own_endpoint = Endpoint.objects.create(service=service, interface="internal", url="http://192.0.2.1")
    own_endpoint.projects.add(project)
    endpoint_group = EndpointGroup.objects.create(name=name, filters={"interface": "admin"})
    endpoint_group.projects.add(project)
    policy = Policy.objects.get_or_create(type="application/json", blob="{}")[0]
    limit = Quota.objects.create(project=project, resource="cores", limit=1)
    credential = ApplicationCredential.objects.create(user=user, project=project, name="robot")
    rule = user.access_rules.create(service="compute", method="GET", path="/spare")
    key = _ec2_key(user, project)
    return {
        "users": user.id,
        "groups": group.id,
        "projects": project.id,
        "domains": project.domain_id,
        "roles": auditor.id,
        "role": auditor.id,
        "implied": clerk.id,
        "regions": region.id,
        "services": service.id,
        "endpoints": endpoint.id,
        "endpoint": own_endpoint.id,
        "endpoint_groups": endpoint_group.id,
        "project": project.id,
        "policies": policy.id,
        "limits": f"{limit.pk:032x}",
        "registered_limits": OwnLimit(resource=quotas.resources["cores"], limit=0).pk,
        "application_credentials": credential.id,
        "access_rules": rule.id,
        "credentials": key.id,
        "access": key.access or "",
        "tag": "secret",
        "token": tokens.issue(user, ["password"], Scope()).text,
    }


def nobodys(like: Things) -> Things:
    """Ids that mean nothing."""
    return dict.fromkeys(like, "0" * 32)


def address(call: Call, things: Things, place: str, actor: str) -> str:
    """The call's address. What `key` is of stands before it there."""
    given = things | {
        "place": place,
        "actor": actor,
        "place_id": things[place],
        "actor_id": things[actor],
        "user": things["users"],
    }
    if found := re.search(r"/(\w+)/\{key\}", call.path):
        given["key"] = things[found[1]]
    return call.to(**given)


def elsewhere() -> tuple[User, Project]:
    """A project of another domain, and its member."""
    domain: Domain = factories.DomainFactory(id="other", name="Other")
    user, project = factories.UserFactory(domain=domain), factories.ProjectFactory(name="red", domain=domain)
    factories.AssignmentFactory(user=user, project=project)
    return user, project


def _ec2_key(user: User, project: Project) -> StoredCredential:
    access = secrets.token_hex(16)
    blob = sealing.seal(json.dumps({"access": access, "secret": SECRET}))
    return StoredCredential.objects.create(
        user=user, project=project, type="ec2", access=access, sealed_blob=blob
    )


def _assign_everywhere(user: User, group: Group, project: Project, role: Role) -> None:
    """On the project, its domain, what is below both, and the system."""
    for actor in ({"user": user}, {"user": None, "group": group}):
        for place in ({"project": project}, {"project": None, "domain": project.domain}):
            for inherited in (False, True):
                factories.AssignmentFactory(**actor, **place, role=role, inherited=inherited)
        factories.AssignmentFactory(**actor, project=None, role=role)
