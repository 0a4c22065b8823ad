"""Commands that are loaded once and forked for each run: loading them takes longer than most of what they do."""

import json
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

BASE = Path(__file__).parents[2]


class Command:
    """A command of an interpreter: `module` of this package is what the interpreter loads for it."""

    def __init__(self, python: str | Path, module: str, environment: Mapping[str, str] | None = None) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="meridian-warm-")
        self._process = subprocess.Popen(
            [python, "-m", f"{__name__}.{module}"],
            cwd=BASE,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def run(
        self, arguments: list[str], environment: Mapping[str, str], text: str = ""
    ) -> subprocess.CompletedProcess[str]:
        files = {name: Path(self._folder.name, name) for name in ("in", "out", "err")}
        for name, file in files.items():
            file.write_text(text if name == "in" else "")
        asked = {
            "arguments": arguments,
            "environment": dict(environment),
            "files": [str(file) for file in files.values()],
        }
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(f"{json.dumps(asked)}\n")
        self._process.stdin.flush()
        code = int(self._process.stdout.readline())
        return subprocess.CompletedProcess(
            arguments, code, files["out"].read_text(), files["err"].read_text()
        )

    def close(self) -> None:
        self._process.communicate(timeout=10)
        self._folder.cleanup()
