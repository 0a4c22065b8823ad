"""Every address below /volume/. Only version documents end in a slash."""

from django.urls import URLPattern, include, path, re_path

from compute.volumes.api import (
    attachments,
    backups,
    cloud,
    discovery,
    messages,
    qos_specs,
    quotas,
    volume_actions,
    volume_metadata,
    volume_snapshots,
    volume_transfers,
    volume_types,
    volumes,
)

_VOLUME = "volumes/<str:key>"
_SNAPSHOT = "snapshots/<str:key>"
_BACKUP = "backups/<str:key>"


def _transfers(address: str, name: str) -> list[URLPattern]:
    """Return the routes of transfers below an address."""
    views = volume_transfers
    return [
        path(address, views.Transfers.as_view(), name=f"{name}s"),
        path(f"{address}/detail", views.TransfersInDetail.as_view(), name=f"{name}s-detail"),
        path(f"{address}/<str:key>", views.OneTransfer.as_view(), name=name),
        path(f"{address}/<str:key>/accept", views.Acceptance.as_view(), name=f"{name}-acceptance"),
    ]


_resources: list[URLPattern] = [
    path("volumes", volumes.Volumes.as_view(), name="volume-volumes"),
    path("volumes/detail", volumes.VolumesInDetail.as_view(), name="volume-volumes-detail"),
    path("volumes/summary", volumes.Summary.as_view(), name="volume-volumes-summary"),
    path(_VOLUME, volumes.OneVolume.as_view(), name="volume-volume"),
    path(f"{_VOLUME}/action", volume_actions.Action.as_view(), name="volume-volume-action"),
    path(f"{_VOLUME}/metadata", volume_metadata.Metadata.as_view(), name="volume-volume-metadata"),
    path(f"{_VOLUME}/metadata/<str:name>", volume_metadata.OneMeta.as_view(), name="volume-volume-meta"),
    path("snapshots", volume_snapshots.Snapshots.as_view(), name="volume-snapshots"),
    path("snapshots/detail", volume_snapshots.SnapshotsInDetail.as_view(), name="volume-snapshots-detail"),
    path(_SNAPSHOT, volume_snapshots.OneSnapshot.as_view(), name="volume-snapshot"),
    path(f"{_SNAPSHOT}/action", volume_snapshots.Action.as_view(), name="volume-snapshot-action"),
    path(
        f"{_SNAPSHOT}/metadata", volume_metadata.SnapshotMetadata.as_view(), name="volume-snapshot-metadata"
    ),
    path(
        f"{_SNAPSHOT}/metadata/<str:name>",
        volume_metadata.OneSnapshotMeta.as_view(),
        name="volume-snapshot-meta",
    ),
    path("backups", backups.Backups.as_view(), name="volume-backups"),
    path("backups/detail", backups.BackupsInDetail.as_view(), name="volume-backups-detail"),
    path("backups/import_record", backups.ImportedRecord.as_view(), name="volume-backup-import"),
    path(_BACKUP, backups.OneBackup.as_view(), name="volume-backup"),
    path(f"{_BACKUP}/restore", backups.Restoration.as_view(), name="volume-backup-restore"),
    path(f"{_BACKUP}/action", backups.Action.as_view(), name="volume-backup-action"),
    path(f"{_BACKUP}/export_record", backups.ExportedRecord.as_view(), name="volume-backup-export"),
    path("types", volume_types.Types.as_view(), name="volume-types"),
    path("types/<str:key>", volume_types.OneType.as_view(), name="volume-type"),
    path("types/<str:key>/action", volume_types.Action.as_view(), name="volume-type-action"),
    path("types/<str:key>/extra_specs", volume_types.Specs.as_view(), name="volume-type-specs"),
    path("types/<str:key>/extra_specs/<str:name>", volume_types.OneSpec.as_view(), name="volume-type-spec"),
    path("types/<str:key>/os-volume-type-access", volume_types.Access.as_view(), name="volume-type-access"),
    path("qos-specs", qos_specs.Qos.as_view(), name="volume-qos"),
    path("qos-specs/<str:key>", qos_specs.OneQos.as_view(), name="volume-one-qos"),
    path("qos-specs/<str:key>/delete_keys", qos_specs.DeletedKeys.as_view(), name="volume-qos-delete-keys"),
    path(
        "qos-specs/<str:key>/associations", qos_specs.Associations.as_view(), name="volume-qos-associations"
    ),
    path("qos-specs/<str:key>/associate", qos_specs.Associated.as_view(), name="volume-qos-associate"),
    path(
        "qos-specs/<str:key>/disassociate", qos_specs.Disassociated.as_view(), name="volume-qos-disassociate"
    ),
    path(
        "qos-specs/<str:key>/disassociate_all",
        qos_specs.AllDisassociated.as_view(),
        name="volume-qos-disassociate-all",
    ),
    *_transfers("volume-transfers", "volume-transfer"),
    # The same by its name before 3.55.
    *_transfers("os-volume-transfer", "volume-os-transfer"),
    path("limits", quotas.Limits.as_view(), name="volume-limits"),
    path("os-quota-sets/<str:project>", quotas.QuotaSet.as_view(), name="volume-quota-set"),
    path(
        "os-quota-sets/<str:project>/defaults", quotas.QuotaDefaults.as_view(), name="volume-quota-defaults"
    ),
    path("os-quota-class-sets/<str:name>", quotas.QuotaClassSet.as_view(), name="volume-quota-class-set"),
    path("os-availability-zone", cloud.Zones.as_view(), name="volume-zones"),
    path("os-services", cloud.Services.as_view(), name="volume-services"),
    path("os-services/<str:verb>", cloud.Service.as_view(), name="volume-service"),
    path("capabilities/<str:name>", cloud.Capabilities.as_view(), name="volume-capabilities"),
    path("scheduler-stats/get_pools", cloud.Pools.as_view(), name="volume-pools"),
    path("attachments", attachments.Attachments.as_view(), name="volume-attachments"),
    path("attachments/detail", attachments.AttachmentsInDetail.as_view(), name="volume-attachments-detail"),
    path("attachments/<str:key>", attachments.OneAttachment.as_view(), name="volume-attachment"),
    path("messages", messages.Messages.as_view(), name="volume-messages"),
    path("messages/<str:key>", messages.OneMessage.as_view(), name="volume-message"),
    path("extensions", cloud.Extensions.as_view(), name="volume-extensions"),
    path("resource_filters", cloud.ResourceFilters.as_view(), name="volume-resource-filters"),
]

urlpatterns = [
    re_path(r"^\Z", discovery.Versions.as_view(), name="volume-versions"),
    re_path(r"^v3/?\Z", discovery.OneVersion.as_view(), name="volume-version"),
    path("v3/", include(_resources)),
    # Older catalogs have the project in the address.
    re_path(r"^v3/[0-9a-f]{32}/", include((_resources, "volume"), namespace="volume-of-project")),
    re_path(r"^.*\Z", discovery.Unknown.as_view(), name="volume-unknown"),
]
