"""An instance's life by openstacksdk, as scripts write it. Runs in the clients' environment; prints what it saw as JSON.

`python -m tests.clients.sdk_story CLOUD` with OS_CLIENT_CONFIG_FILE.
"""

import json
import sys
import time
from typing import Any

import openstack

SECONDS = 120


def main(cloud: str) -> None:
    connection = openstack.connect(cloud=cloud)
    compute = connection.compute
    image = connection.image.find_image("Halting", ignore_missing=False)
    flavor = compute.find_flavor("tiny", ignore_missing=False)
    key = compute.create_keypair(name="sdk-key")
    seen: dict[str, object] = {"key": key.private_key.splitlines()[0]}
    server = compute.create_server(
        name="sdk",
        image_id=image.id,
        flavor_id=flavor.id,
        key_name=key.name,
        networks="auto",
        metadata={"stage": "test"},
    )
    server = compute.wait_for_server(server, wait=SECONDS)
    seen["made"] = [server.status, server.key_name, server.metadata, server.flavor["original_name"]]
    seen["found"] = [one.name for one in compute.servers(details=True, status="ACTIVE", name="^sdk$")]
    seen["addresses"] = sorted(server.addresses)
    steps = (
        (compute.stop_server, "SHUTOFF"),
        (compute.start_server, "ACTIVE"),
        (compute.pause_server, "PAUSED"),
        (compute.unpause_server, "ACTIVE"),
    )
    seen["states"] = []
    for act, status in steps:
        act(server)
        server = compute.wait_for_server(server, status=status, wait=SECONDS)
        seen["states"] += [server.status]
    compute.set_server_metadata(server, owner="ann")
    seen["metadata"] = dict(compute.get_server_metadata(server).metadata)
    seen["console"] = compute.create_console(server, console_type="novnc")["type"]
    seen["log"] = _has_log(compute, server)
    seen["quota"] = compute.get_quota_set(connection.current_project_id).cores
    seen["hypervisors"] = [one.state for one in compute.hypervisors(details=True)]
    compute.delete_server(server)
    compute.wait_for_delete(server, wait=SECONDS)
    compute.delete_keypair(key)
    seen["left"] = [one.name for one in compute.servers()]
    json.dump(seen, sys.stdout)


def _has_log(compute: Any, server: Any) -> bool:
    """Return whether its guest writes to the log within SECONDS."""
    until = time.monotonic() + SECONDS
    while not compute.get_server_console_output(server)["output"]:
        if time.monotonic() > until:
            return False
        time.sleep(0.5)
    return True


if __name__ == "__main__":
    main(sys.argv[1])
