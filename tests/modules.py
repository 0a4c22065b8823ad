"""Modules of tests that need a process of their own, with settings of their own."""

import json
import os
import subprocess
import sys
from typing import Any

from django.conf import settings


def answer_of(module: str, *arguments: str, seconds: float, **environment: str) -> dict[str, Any]:
    """Run the module; return the JSON object that its last line is. It must succeed within `seconds`."""
    done = subprocess.run(
        [sys.executable, "-m", module, *arguments],
        cwd=settings.BASE_DIR,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer
