"""`/extensions`: the parts of the API by their old names, which clients asked for before there were microversions."""

from typing import Any

from django.http import HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from rest_framework.request import Request

from accounts.errors import NotFound
from accounts.openstack.contract import contract
from compute.api import schemas
from compute.api.base import ComputeView

NAMES = {
    "OS-DCF": "DiskConfig",
    "OS-EXT-AZ": "ExtendedAvailabilityZone",
    "OS-EXT-IPS": "ExtendedIps",
    "OS-EXT-IPS-MAC": "ExtendedIpsMac",
    "OS-EXT-SRV-ATTR": "ExtendedServerAttributes",
    "OS-EXT-STS": "ExtendedStatus",
    "OS-FLV-DISABLED": "FlavorDisabled",
    "OS-FLV-EXT-DATA": "FlavorExtraData",
    "OS-SCH-HNT": "SchedulerHints",
    "OS-SRV-USG": "ServerUsage",
    "os-access-ips": "AccessIPs",
    "os-admin-actions": "AdminActions",
    "os-admin-password": "AdminPassword",
    "os-aggregates": "Aggregates",
    "os-availability-zone": "AvailabilityZone",
    "os-config-drive": "ConfigDrive",
    "os-console-output": "ConsoleOutput",
    "os-consoles": "Consoles",
    "os-create-backup": "CreateBackup",
    "os-deferred-delete": "DeferredDelete",
    "os-extended-quotas": "ExtendedQuotas",
    "os-flavor-access": "FlavorAccess",
    "os-flavor-extra-specs": "FlavorExtraSpecs",
    "os-flavor-manage": "FlavorManage",
    "os-flavor-rxtx": "FlavorRxtx",
    "os-flavor-swap": "FlavorSwap",
    "os-hypervisors": "Hypervisors",
    "os-instance-actions": "InstanceActions",
    "os-keypairs": "Keypairs",
    "os-lock-server": "LockServer",
    "os-migrations": "Migrations",
    "os-multiple-create": "MultipleCreate",
    "os-pause-server": "PauseServer",
    "os-quota-class-sets": "QuotaClasses",
    "os-quota-sets": "Quotas",
    "os-rescue": "Rescue",
    "os-server-diagnostics": "ServerDiagnostics",
    "os-server-groups": "ServerGroups",
    "os-services": "Services",
    "os-shelve": "Shelve",
    "os-simple-tenant-usage": "SimpleTenantUsage",
    "os-suspend-server": "SuspendServer",
    "os-used-limits": "UsedLimits",
    "os-user-data": "UserData",
    "os-user-quotas": "UserQuotas",
}
"""{alias: name} of the extensions whose parts exist here."""

NAMESPACE = "http://docs.openstack.org/compute/ext/fake_xml"
UPDATED = "2014-12-03T00:00:00Z"


class Extensions(ComputeView):
    @contract(answers={200: schemas.EXTENSIONS})
    def get(self, request: Request) -> HttpResponse:
        return JsonResponse({"extensions": [describe(alias, name) for alias, name in NAMES.items()]})


class OneExtension(ComputeView):
    @contract(answers={200: schemas.EXTENSION})
    def get(self, request: Request, alias: str) -> HttpResponse:
        if alias not in NAMES:
            raise NotFound(_("There is no extension %(alias)s.") % {"alias": alias[:64]})
        return JsonResponse({"extension": describe(alias, NAMES[alias])})


def describe(alias: str, name: str) -> dict[str, Any]:
    """Return an extension as Nova and Cinder show it."""
    return {
        "alias": alias,
        "name": name,
        "description": "",
        "links": [],
        "namespace": NAMESPACE,
        "updated": UPDATED,
    }
