"""Every URL below /identity/. Only version documents may end in a slash, and nothing is redirected."""

from django.urls import path, re_path

from accounts.api import (
    access_rules,
    application_credentials,
    catalog,
    discovery,
    domains,
    ec2_credentials,
    ec2_tokens,
    endpoint_filters,
    grants,
    group_members,
    groups,
    limits,
    policies,
    projects,
    role_assignments,
    roles,
    scopes,
    stored_credentials,
    tokens,
    users,
)

_ACTOR = r"(?P<actor>users|groups)/(?P<actor_id>[^/]+)/roles"
_PLACE = r"(?P<place>projects|domains)/(?P<place_id>[^/]+)"
_SYSTEM = {"place": "system"}
_FILTER = "v3/OS-EP-FILTER"

urlpatterns = [
    path("", discovery.Versions.as_view(), name="identity-versions"),
    path("v3", discovery.Version.as_view(), name="identity-version"),
    path("v3/", discovery.Version.as_view(), name="identity-version-slash"),
    path("v3/auth/tokens", tokens.Tokens.as_view(), name="identity-tokens"),
    path("v3/auth/projects", scopes.Projects.as_view(), name="identity-auth-projects"),
    path("v3/auth/domains", scopes.Domains.as_view(), name="identity-auth-domains"),
    path("v3/auth/system", scopes.System.as_view(), name="identity-auth-system"),
    path("v3/auth/catalog", scopes.Catalog.as_view(), name="identity-auth-catalog"),
    path("v3/users", users.Users.as_view(), name="identity-users"),
    path("v3/users/<str:key>", users.OneUser.as_view(), name="identity-user"),
    path("v3/users/<str:key>/password", users.Password.as_view(), name="identity-user-password"),
    path("v3/users/<str:key>/projects", users.Projects.as_view(), name="identity-user-projects"),
    path("v3/users/<str:key>/groups", users.Groups.as_view(), name="identity-user-groups"),
    path(
        "v3/users/<str:user>/application_credentials",
        application_credentials.ApplicationCredentials.as_view(),
        name="identity-application-credentials",
    ),
    path(
        "v3/users/<str:user>/application_credentials/<str:key>",
        application_credentials.OneApplicationCredential.as_view(),
        name="identity-application-credential",
    ),
    path(
        "v3/users/<str:user>/access_rules", access_rules.AccessRules.as_view(), name="identity-access-rules"
    ),
    path(
        "v3/users/<str:user>/access_rules/<str:key>",
        access_rules.OneAccessRule.as_view(),
        name="identity-access-rule",
    ),
    path(
        "v3/users/<str:user>/credentials/OS-EC2",
        ec2_credentials.Ec2Credentials.as_view(),
        name="identity-ec2-credentials",
    ),
    path(
        "v3/users/<str:user>/credentials/OS-EC2/<str:access>",
        ec2_credentials.OneEc2Credential.as_view(),
        name="identity-ec2-credential",
    ),
    path("v3/credentials", stored_credentials.StoredCredentials.as_view(), name="identity-credentials"),
    path(
        "v3/credentials/<str:key>",
        stored_credentials.OneStoredCredential.as_view(),
        name="identity-credential",
    ),
    path("v3/ec2tokens", ec2_tokens.Ec2Tokens.as_view(), name="identity-ec2-tokens"),
    path("v3/s3tokens", ec2_tokens.S3Tokens.as_view(), name="identity-s3-tokens"),
    path("v3/groups", groups.Groups.as_view(), name="identity-groups"),
    path("v3/groups/<str:key>", groups.OneGroup.as_view(), name="identity-group"),
    path("v3/groups/<str:key>/users", group_members.Members.as_view(), name="identity-group-users"),
    path(
        "v3/groups/<str:key>/users/<str:user>",
        group_members.OneMember.as_view(),
        name="identity-group-user",
    ),
    path("v3/projects", projects.Projects.as_view(), name="identity-projects"),
    path("v3/projects/<str:key>", projects.OneProject.as_view(), name="identity-project"),
    path("v3/projects/<str:key>/tags", projects.Tags.as_view(), name="identity-project-tags"),
    path("v3/projects/<str:key>/tags/<str:tag>", projects.OneTag.as_view(), name="identity-project-tag"),
    path("v3/domains", domains.Domains.as_view(), name="identity-domains"),
    path("v3/domains/<str:key>", domains.OneDomain.as_view(), name="identity-domain"),
    path("v3/roles", roles.Roles.as_view(), name="identity-roles"),
    path("v3/roles/<str:key>", roles.OneRole.as_view(), name="identity-role"),
    path("v3/roles/<str:key>/implies", roles.Implied.as_view(), name="identity-role-implied"),
    path(
        "v3/roles/<str:key>/implies/<str:implied>",
        roles.OneImplied.as_view(),
        name="identity-role-implies",
    ),
    path("v3/role_inferences", roles.Inferences.as_view(), name="identity-role-inferences"),
    path(
        "v3/role_assignments",
        role_assignments.RoleAssignments.as_view(),
        name="identity-role-assignments",
    ),
    re_path(rf"^v3/{_PLACE}/{_ACTOR}\Z", grants.Grants.as_view(), name="identity-grants"),
    re_path(rf"^v3/{_PLACE}/{_ACTOR}/(?P<role>[^/]+)\Z", grants.OneGrant.as_view(), name="identity-grant"),
    re_path(rf"^v3/system/{_ACTOR}\Z", grants.Grants.as_view(), _SYSTEM, name="identity-system-grants"),
    re_path(
        rf"^v3/system/{_ACTOR}/(?P<role>[^/]+)\Z",
        grants.OneGrant.as_view(),
        _SYSTEM,
        name="identity-system-grant",
    ),
    re_path(
        rf"^v3/OS-INHERIT/{_PLACE}/{_ACTOR}/inherited_to_projects\Z",
        grants.Grants.as_view(inherited=True),
        name="identity-inherited-grants",
    ),
    re_path(
        rf"^v3/OS-INHERIT/{_PLACE}/{_ACTOR}/(?P<role>[^/]+)/inherited_to_projects\Z",
        grants.OneGrant.as_view(inherited=True),
        name="identity-inherited-grant",
    ),
    path("v3/regions", catalog.Regions.as_view(), name="identity-regions"),
    path("v3/regions/<str:key>", catalog.OneRegion.as_view(), name="identity-region"),
    path("v3/services", catalog.Services.as_view(), name="identity-services"),
    path("v3/services/<str:key>", catalog.OneService.as_view(), name="identity-service"),
    path("v3/endpoints", catalog.Endpoints.as_view(), name="identity-endpoints"),
    path("v3/endpoints/<str:key>", catalog.OneEndpoint.as_view(), name="identity-endpoint"),
    path("v3/registered_limits", limits.RegisteredLimits.as_view(), name="identity-registered-limits"),
    path(
        "v3/registered_limits/<str:key>",
        limits.OneRegisteredLimit.as_view(),
        name="identity-registered-limit",
    ),
    path("v3/limits", limits.Limits.as_view(), name="identity-limits"),
    path("v3/limits/model", limits.Model.as_view(), name="identity-limits-model"),
    path("v3/limits/<str:key>", limits.OneLimit.as_view(), name="identity-limit"),
    path("v3/policies", policies.Policies.as_view(), name="identity-policies"),
    path("v3/policies/<str:key>", policies.OnePolicy.as_view(), name="identity-policy"),
    path(
        f"{_FILTER}/endpoints/<str:endpoint>/projects",
        endpoint_filters.EndpointProjects.as_view(),
        name="identity-endpoint-projects",
    ),
    path(
        f"{_FILTER}/projects/<str:project>/endpoints",
        endpoint_filters.ProjectEndpoints.as_view(),
        name="identity-project-endpoints",
    ),
    path(
        f"{_FILTER}/projects/<str:project>/endpoints/<str:endpoint>",
        endpoint_filters.ProjectEndpoint.as_view(),
        name="identity-project-endpoint",
    ),
    path(
        f"{_FILTER}/projects/<str:project>/endpoint_groups",
        endpoint_filters.ProjectGroups.as_view(),
        name="identity-project-endpoint-groups",
    ),
    path(
        f"{_FILTER}/endpoint_groups",
        endpoint_filters.EndpointGroups.as_view(),
        name="identity-endpoint-groups",
    ),
    path(
        f"{_FILTER}/endpoint_groups/<str:key>",
        endpoint_filters.OneEndpointGroup.as_view(),
        name="identity-endpoint-group",
    ),
    path(
        f"{_FILTER}/endpoint_groups/<str:key>/endpoints",
        endpoint_filters.GroupEndpoints.as_view(),
        name="identity-endpoint-group-endpoints",
    ),
    path(
        f"{_FILTER}/endpoint_groups/<str:key>/projects",
        endpoint_filters.GroupProjects.as_view(),
        name="identity-endpoint-group-projects",
    ),
    path(
        f"{_FILTER}/endpoint_groups/<str:key>/projects/<str:project>",
        endpoint_filters.GroupProject.as_view(),
        name="identity-endpoint-group-project",
    ),
    re_path(r"^.*\Z", discovery.Unknown.as_view(), name="identity-unknown"),
]
