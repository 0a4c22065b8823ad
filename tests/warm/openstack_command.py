"""The `openstack` command, with all its plugins loaded."""

from importlib.metadata import distributions

from openstackclient import shell

from tests.warm.fork_server import serve

if __name__ == "__main__":
    for distribution in distributions():
        for point in distribution.entry_points:
            if point.group.startswith("openstack."):
                point.load()
    serve("openstack", shell.main)
