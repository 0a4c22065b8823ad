"""The routes below /compute/. Only version documents end in a slash."""

from django.urls import URLPattern, include, path, re_path

from compute.api import discovery, extensions
from compute.hosts.api import urls as hosts
from compute.instances.api import (
    aggregate_images,
    audit_log,
    flavors,
    instance_actions,
    keypairs,
    migrations,
    quotas,
    remote_consoles,
    server_actions,
    server_groups,
    server_images,
    server_parts,
    server_volumes,
    servers,
    usage,
)

_SERVER = "servers/<str:key>"
_GONE = (
    r"^os-(?:agents|cells|certificates|cloudpipe|fixed-ips|floating-ip-dns|floating-ips-bulk|fping"
    r"|security-group-default-rules)(?:/.*)?\Z"
)
"""Addresses that Nova answers with 410."""

_resources: list[URLPattern] = [
    path("extensions", extensions.Extensions.as_view(), name="compute-extensions"),
    path("extensions/<str:alias>", extensions.OneExtension.as_view(), name="compute-extension"),
    path("flavors", flavors.Flavors.as_view(), name="compute-flavors"),
    path("flavors/detail", flavors.FlavorsInDetail.as_view(), name="compute-flavors-detail"),
    path("flavors/<str:key>", flavors.OneFlavor.as_view(), name="compute-flavor"),
    path("flavors/<str:key>/action", flavors.Action.as_view(), name="compute-flavor-action"),
    path("flavors/<str:key>/os-flavor-access", flavors.Access.as_view(), name="compute-flavor-access"),
    path("flavors/<str:key>/os-extra_specs", flavors.Specs.as_view(), name="compute-flavor-specs"),
    path(
        "flavors/<str:key>/os-extra_specs/<str:spec>", flavors.OneSpec.as_view(), name="compute-flavor-spec"
    ),
    path("os-keypairs", keypairs.Keypairs.as_view(), name="compute-keypairs"),
    path("os-keypairs/<str:name>", keypairs.OneKeypair.as_view(), name="compute-keypair"),
    path("limits", quotas.Limits.as_view(), name="compute-limits"),
    path("os-quota-sets/<str:project>", quotas.QuotaSet.as_view(), name="compute-quota-set"),
    path("os-quota-sets/<str:project>/detail", quotas.QuotaDetail.as_view(), name="compute-quota-detail"),
    path(
        "os-quota-sets/<str:project>/defaults", quotas.QuotaDefaults.as_view(), name="compute-quota-defaults"
    ),
    path("os-quota-class-sets/<str:name>", quotas.QuotaClassSet.as_view(), name="compute-quota-class-set"),
    *hosts.urlpatterns,
    path(
        "os-aggregates/<str:key>/images",
        aggregate_images.AggregateImages.as_view(),
        name="compute-aggregate-images",
    ),
    path("images", server_images.ServerImages.as_view(), name="compute-images"),
    path("images/detail", server_images.ServerImagesInDetail.as_view(), name="compute-images-detail"),
    path("images/<str:key>", server_images.OneServerImage.as_view(), name="compute-image"),
    path("images/<str:key>/metadata", server_images.ImageMetadata.as_view(), name="compute-image-metadata"),
    path(
        "images/<str:key>/metadata/<str:name>",
        server_images.OneImageMetadata.as_view(),
        name="compute-image-metadata-item",
    ),
    path("os-server-groups", server_groups.ServerGroups.as_view(), name="compute-server-groups"),
    path("os-server-groups/<str:key>", server_groups.OneServerGroup.as_view(), name="compute-server-group"),
    path("os-migrations", migrations.Migrations.as_view(), name="compute-migrations"),
    path(
        "os-instance_usage_audit_log",
        audit_log.InstanceUsageAuditLog.as_view(),
        name="compute-usage-audit-log",
    ),
    path(
        "os-instance_usage_audit_log/<str:before>",
        audit_log.InstanceUsageAuditLog.as_view(),
        name="compute-usage-audit-log-before",
    ),
    path("os-simple-tenant-usage", usage.AllUsage.as_view(), name="compute-usages"),
    path("os-simple-tenant-usage/<str:project>", usage.OneUsage.as_view(), name="compute-usage"),
    path("servers", servers.Servers.as_view(), name="compute-servers"),
    path("servers/detail", servers.ServersInDetail.as_view(), name="compute-servers-detail"),
    path(_SERVER, servers.OneServer.as_view(), name="compute-server"),
    path(f"{_SERVER}/action", server_actions.Action.as_view(), name="compute-server-action"),
    path(
        f"{_SERVER}/remote-consoles", remote_consoles.RemoteConsoles.as_view(), name="compute-remote-consoles"
    ),
    path(f"{_SERVER}/diagnostics", server_parts.Diagnostics.as_view(), name="compute-server-diagnostics"),
    path(f"{_SERVER}/topology", server_parts.Topology.as_view(), name="compute-server-topology"),
    path(f"{_SERVER}/ips", server_parts.Ips.as_view(), name="compute-server-ips"),
    path(
        f"{_SERVER}/ips/<str:network>", server_parts.NetworkIps.as_view(), name="compute-server-network-ips"
    ),
    path(f"{_SERVER}/metadata", server_parts.Metadata.as_view(), name="compute-server-metadata"),
    path(
        f"{_SERVER}/metadata/<str:name>", server_parts.OneMetadata.as_view(), name="compute-server-metadatum"
    ),
    path(f"{_SERVER}/tags", server_parts.Tags.as_view(), name="compute-server-tags"),
    path(f"{_SERVER}/tags/<str:tag>", server_parts.OneTag.as_view(), name="compute-server-tag"),
    path(f"{_SERVER}/migrations", migrations.ServerMigrations.as_view(), name="compute-server-migrations"),
    path(
        f"{_SERVER}/migrations/<str:migration>",
        migrations.OneServerMigration.as_view(),
        name="compute-server-migration",
    ),
    path(f"{_SERVER}/os-interface", server_parts.Interfaces.as_view(), name="compute-server-interfaces"),
    path(f"{_SERVER}/os-volume_attachments", server_volumes.Volumes.as_view(), name="compute-server-volumes"),
    path(
        f"{_SERVER}/os-volume_attachments/<str:volume>",
        server_volumes.OneVolume.as_view(),
        name="compute-server-volume",
    ),
    path(
        f"{_SERVER}/os-security-groups",
        server_parts.SecurityGroups.as_view(),
        name="compute-server-security-groups",
    ),
    path(
        f"{_SERVER}/os-instance-actions",
        instance_actions.InstanceActions.as_view(),
        name="compute-server-actions",
    ),
    path(
        f"{_SERVER}/os-instance-actions/<str:request_id>",
        instance_actions.OneInstanceAction.as_view(),
        name="compute-server-instance-action",
    ),
    re_path(_GONE, discovery.Gone.as_view(), name="compute-gone"),
]

urlpatterns = [
    path("", discovery.Versions.as_view(), name="compute-versions"),
    re_path(r"^v2\.1/?\Z", discovery.OneVersion.as_view(), name="compute-version"),
    re_path(r"^v2/?\Z", discovery.OneVersion.as_view(number="2.0"), name="compute-version-2"),
    path("v2.1/", include(_resources)),
    # The same for older clients, which have another version or the project in the address.
    re_path(r"^v2(?:\.1)?/(?:[0-9a-f]{32}/)?", include(_resources)),
    re_path(r"^.*\Z", discovery.Unknown.as_view(), name="compute-unknown"),
]
