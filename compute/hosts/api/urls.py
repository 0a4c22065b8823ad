"""The addresses of hosts below /compute/v2.1/."""

from django.urls import path

from compute.hosts.api import aggregates, hosts, old_hosts, zones

urlpatterns = [
    path("os-availability-zone", zones.Zones.as_view(), name="compute-zones"),
    path("os-availability-zone/detail", zones.ZonesInDetail.as_view(), name="compute-zones-detail"),
    path("os-services", hosts.Services.as_view(), name="compute-services"),
    path("os-services/<str:key>", hosts.Service.as_view(), name="compute-service"),
    path("os-hosts", old_hosts.Hosts.as_view(), name="compute-hosts"),
    path("os-hosts/<str:name>", old_hosts.Host.as_view(), name="compute-host"),
    path("os-hosts/<str:name>/startup", old_hosts.Power.as_view(), name="compute-host-startup"),
    path("os-hosts/<str:name>/shutdown", old_hosts.Power.as_view(), name="compute-host-shutdown"),
    path("os-hosts/<str:name>/reboot", old_hosts.Power.as_view(), name="compute-host-reboot"),
    path("os-hypervisors", hosts.Hypervisors.as_view(), name="compute-hypervisors"),
    path("os-hypervisors/detail", hosts.HypervisorsInDetail.as_view(), name="compute-hypervisors-detail"),
    path("os-hypervisors/statistics", hosts.Statistics.as_view(), name="compute-hypervisors-statistics"),
    path("os-hypervisors/<str:key>", hosts.OneHypervisor.as_view(), name="compute-hypervisor"),
    path("os-hypervisors/<str:key>/uptime", hosts.Uptime.as_view(), name="compute-hypervisor-uptime"),
    path("os-hypervisors/<str:pattern>/search", hosts.Search.as_view(), name="compute-hypervisors-search"),
    path(
        "os-hypervisors/<str:pattern>/servers",
        hosts.Search.as_view(with_servers=True),
        name="compute-hypervisors-servers",
    ),
    path("os-aggregates", aggregates.Aggregates.as_view(), name="compute-aggregates"),
    path("os-aggregates/<str:key>", aggregates.OneAggregate.as_view(), name="compute-aggregate"),
    path("os-aggregates/<str:key>/action", aggregates.Action.as_view(), name="compute-aggregate-action"),
]
