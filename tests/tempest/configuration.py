"""What Tempest is told about our cloud."""

import configparser
import subprocess
from pathlib import Path

from compute.api.microversions import NEWEST
from compute.volumes.api.microversions import NEWEST as NEWEST_OF_VOLUMES
from tests.stack import PASSWORD, Stack, wait_for
from tests.tempest import image_formats
from tests.web_server import WebServer

SERVICES: frozenset[str] = frozenset({"nova", "glance", "neutron", "cinder"})
"""Which of Tempest's services there are, beside Identity."""

FURTHER_SERVICES = ("nova", "glance", "neutron", "cinder", "swift", "horizon")


SECOND_IMAGE = """
import shutil
from compute.models import Flavor, Image
from compute.hosts.services import hosts
image = Image.objects.get()
other = Image.objects.get(pk=image.pk)
other.pk, other.name = None, "Tiny Linux again"
other._state.adding = True
other.save()
shutil.copyfile(hosts.IMAGES / str(image.pk), hosts.IMAGES / str(other.pk))
Flavor.objects.create(id="larger", name="larger", vcpus=1, ram_mib=160, disk_gib=1)
print(image.pk, other.pk)
"""
"""Some tests go from one image to another, and from one flavor to another."""


SECOND_POOL = """
from accounts.context import for_user
from accounts.models import User
from compute.hosts.models import Hypervisor
from compute.hosts.services import added_pools
added_pools.add(for_user(User.objects.get(name="admin"), None), Hypervisor.objects.get().pk, "further", {folder!r})
"""


def _compute(stack: Stack) -> dict[str, str]:
    """Images and flavors to use."""
    image, other = stack.manage("shell", "-v", "0", "-c", SECOND_IMAGE).stdout.split()
    return {"image_ref": image, "image_ref_alt": other, "flavor_ref": "1", "flavor_ref_alt": "larger"}


def _pools(stack: Stack) -> list[str]:
    """Add a second storage pool, to which volumes move. Return the names of both."""
    folder = stack.root / "further"
    folder.mkdir(mode=0o755)
    stack.manage("shell", "-v", "0", "-c", SECOND_POOL.format(folder=str(folder)))
    rows = "select name from compute_pool where state = 'ready' order by created_at"
    wait_for(lambda: len(stack.rows(rows)) == 2, "the second pool")
    return [str(row["name"]) for row in stack.rows(rows)]


def environment(web: WebServer) -> dict[str, str]:
    """The settings of the installation, which may import from the web server."""
    return {
        "MERIDIAN_RECYCLE_HOURS": "0",
        "MERIDIAN_IMPORT_NETWORKS": "127.0.0.0/8",
        "MERIDIAN_IMPORT_PORTS": f"80,{web.port}",
    }


def image_url(stack: Stack, web: WebServer) -> str:
    """Where the web server has an image."""
    made = stack.root / "web.qcow2"
    subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", made, "1M"], check=True)
    return web.serve("/web.qcow2", made.read_bytes())


def write(stack: Stack, workspace: Path, image_address: str) -> None:
    """Write tempest.conf into the workspace. Tempest makes the accounts that it needs as our administrator."""
    parser = configparser.ConfigParser(interpolation=None)
    parser.read_dict(
        {
            "DEFAULT": {"log_dir": str(workspace / "logs")},
            "oslo_concurrency": {"lock_path": str(workspace / "lock")},
            "auth": {
                "use_dynamic_credentials": "True",
                # Networks come with the installation; Tempest need not make one for each project.
                "create_isolated_networks": "False",
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
            "compute": {
                **_compute(stack),
                "min_microversion": "2.1",
                "max_microversion": str(NEWEST),
                "min_compute_nodes": "1",
                "shelved_offload_time": "0",
                "fixed_network_name": "default",
                "build_timeout": "180",
                "ready_wait": "0",
            },
            "compute-feature-enabled": {
                "resize": "True",
                "pause": "True",
                "suspend": "True",
                "shelve": "True",
                "rescue": "True",
                "snapshot": "True",
                "vnc_console": "True",
                # These need hosts, or cards to plug in.
                "interface_attach": "False",
                "cold_migration": "False",
                "live_migration": "False",
                "stable_rescue": "False",
                "personality": "False",
            },
            "image": {
                "http_qcow2_image": image_address,
                # Tests of lists fill images of the first six formats with random data, which is none but raw.
                "container_formats": "bare,ovf",
                "disk_formats": "raw,ami,ari,aki,raw,ami,qcow2,vmdk,vdi,vhd,vhdx,iso",
                "images_manifest_file": str(image_formats.write(workspace / "formats")),
            },
            # The first switches tests of lists on, and nothing off. Formats are converted where they are launched.
            "image-feature-enabled": {"image_format_enforcement": "False", "image_conversion": "True"},
            "volume": {
                "vendor_name": "Meridian",
                "storage_protocol": "file",
                "catalog_type": "block-storage",
                "min_microversion": "3.0",
                "max_microversion": str(NEWEST_OF_VOLUMES),
                "build_timeout": "180",
                "backend_names": ",".join(_pools(stack)),
            },
            "volume-feature-enabled": {
                "backup": "True",
                "manage_volume": "False",
                "manage_snapshot": "False",
                "multi_backend": "True",
            },
            "network": {"project_networks_reachable": "False"},
            "validation": {"run_validation": "False"},
            "service_available": {name: str(name in SERVICES) for name in FURTHER_SERVICES},
        }
    )
    with (workspace / "etc" / "tempest.conf").open("w") as file:
        parser.write(file)
