"""Every address below /network/. None but version documents ends in a slash."""

from django.urls import path, re_path

from compute.networks.api import discovery, networks, quotas

urlpatterns = [
    path("", discovery.Versions.as_view(), name="network-versions"),
    re_path(r"^v2\.0/?\Z", discovery.Resources.as_view(), name="network-resources"),
    path("v2.0/extensions", discovery.Extensions.as_view(), name="network-extensions"),
    path("v2.0/networks", networks.Networks.as_view(), name="network-networks"),
    path("v2.0/networks/<str:key>", networks.OneNetwork.as_view(), name="network-network"),
    path("v2.0/quotas/<str:project>", quotas.Quota.as_view(), name="network-quota"),
    path("v2.0/quotas/<str:project>/default", quotas.Quota.as_view(), name="network-quota-default"),
    path("v2.0/quotas/<str:project>/details", quotas.QuotaDetails.as_view(), name="network-quota-details"),
    path("v2.0/subnets", networks.Subnets.as_view(), name="network-subnets"),
    path("v2.0/subnets/<str:key>", networks.OneSubnet.as_view(), name="network-subnet"),
    re_path(r"^.*\Z", discovery.Unknown.as_view(), name="network-unknown"),
]
