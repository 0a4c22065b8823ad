"""Runs a command in forked children of a process that has loaded it, for any interpreter.

Each line of input is a JSON object with `arguments`, `environment`, and the `files` to read from, to write to, and to
write errors to; each line of output is an exit code.
"""

import json
import os
import signal
import sys
import traceback
from collections.abc import Callable
from typing import Any

LONGEST_SECONDS = 120


def serve(name: str, main: Callable[[], int | None]) -> None:
    for line in sys.stdin:
        asked = json.loads(line)
        child = os.fork()
        if child == 0:
            _become(name, main, asked)
        _pid, status = os.waitpid(child, 0)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(status)}\n")
        sys.stdout.flush()


def _become(name: str, main: Callable[[], int | None], asked: dict[str, Any]) -> None:
    """Do what the command's own script does, and end."""
    signal.alarm(LONGEST_SECONDS)
    for descriptor, path in enumerate(asked["files"]):
        os.dup2(os.open(path, os.O_WRONLY if descriptor else os.O_RDONLY), descriptor)
    os.environ.clear()
    os.environ.update(asked["environment"])
    sys.argv = [name, *asked["arguments"]]
    try:
        code = main()
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else 1
        if isinstance(ended.code, str):
            sys.stderr.write(ended.code)
    except BaseException:  # noqa: BLE001 - as the interpreter would
        traceback.print_exc()
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code or 0)
