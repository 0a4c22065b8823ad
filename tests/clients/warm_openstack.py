"""Runs the `openstack` command in forked children of one process, which has imported the client once for all.

For the client's own interpreter. Each line of input is a JSON object with `arguments`, `environment`, and the files
`out` and `err` to write to; each line of output is an exit code.
"""

import json
import os
import signal
import sys
import traceback
from importlib.metadata import distributions
from typing import Any

from openstackclient import shell

LONGEST_SECONDS = 120


def serve() -> None:
    points = [point for distribution in distributions() for point in distribution.entry_points]
    for point in points:
        if point.group.startswith("openstack."):
            point.load()
    for line in sys.stdin:
        asked = json.loads(line)
        child = os.fork()
        if child == 0:
            _become(asked)
        _pid, status = os.waitpid(child, 0)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(status)}\n")
        sys.stdout.flush()


def _become(asked: dict[str, Any]) -> None:
    """Do what the console script of the client does, and end."""
    signal.alarm(LONGEST_SECONDS)
    for descriptor, path, mode in (
        (0, os.devnull, os.O_RDONLY),
        (1, asked["out"], os.O_WRONLY),
        (2, asked["err"], os.O_WRONLY),
    ):
        os.dup2(os.open(path, mode), descriptor)
    os.environ.clear()
    os.environ.update(asked["environment"])
    sys.argv = ["openstack", *asked["arguments"]]
    try:
        code = shell.main()
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else 1
    except BaseException:  # noqa: BLE001 - as the interpreter would
        traceback.print_exc()
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code or 0)


if __name__ == "__main__":
    serve()
