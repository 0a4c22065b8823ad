"""`python -m tests.tempest [REGEX…]`: run Tempest's known tests, or those that fit, against a private installation.

The known ones stand in the lists beside this file, one id a line; a further list is run by being there. Prints
`n of m` and exits 1 unless all passed.
"""

import re
import subprocess
import sys
from pathlib import Path

from tests import web_server
from tests.stack import QUICK_HASHES, running
from tests.tempest import configuration
from tests.venvs import venv_of

HERE = Path(__file__).parent
REQUIREMENTS = HERE / "requirements.txt"
PASSED = re.compile(r"^ - Passed: (\d+)$", re.MULTILINE)
TOTAL = re.compile(r"^Ran: (\d+) tests", re.MULTILINE)


def known() -> list[str]:
    """The ids of all lists, with their brackets: without these Tempest does not find them."""
    lists = sorted(set(HERE.glob("*.txt")) - {REQUIREMENTS})
    return [line for file in lists for line in file.read_text().split("\n") if line.strip()]


def main(patterns: list[str]) -> int:
    """The exit status."""
    tempest = venv_of(REQUIREMENTS) / "tempest"
    with web_server.running() as web, running(**configuration.environment(web), **QUICK_HASHES) as stack:
        stack.bootstrap()
        workspace = stack.root / "tempest"
        # Named by its path, so that nothing is kept in the home folder.
        registry = ["--workspace-path", stack.root / "workspaces.yaml"]
        subprocess.run([tempest, "init", *registry, workspace], check=True, capture_output=True)
        configuration.write(stack, workspace, configuration.image_url(stack, web))
        if patterns:
            wanted = ["--regex", "|".join(patterns)]
        else:
            (workspace / "known").write_text("\n".join(known()) + "\n")
            wanted = ["--load-list", "known"]
        said = _run([tempest, "run", "--serial", *wanted], workspace)
    passed = _number(PASSED, said)
    total = _number(TOTAL, said) if patterns else len(known())
    sys.stdout.write(f"\ntempest  {passed} of {total}\n")
    return 0 if passed == total > 0 else 1


def _run(command: list[str | Path], workspace: Path) -> str:
    """What Tempest prints, passed on as it comes."""
    lines = []
    with subprocess.Popen(
        command, cwd=workspace, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        for line in process.stdout or ():
            sys.stdout.write(line)
            lines.append(line)
    return "".join(lines)


def _number(pattern: re.Pattern[str], said: str) -> int:
    found = pattern.search(said)
    return int(found[1]) if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
