"""`python -m tests.words`: names that use a word of CONTRIBUTING's list. `make check` runs it."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path


def names(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """Yield what a module defines: functions, classes, arguments, variables."""
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield name, node.lineno
            case ast.arg(arg=name):
                yield name, node.lineno
            case ast.Name(id=name, ctx=ast.Store()):
                yield name, node.lineno


def main() -> int:
    rule = re.search(r"^6\. .*$", Path("CONTRIBUTING.md").read_text(), re.MULTILINE)
    forbidden = set(re.findall(r"`(\w+)`", rule[0])) if rule else set()
    files = subprocess.check_output(["git", "ls-files", "accounts", "compute", "portal"], text=True).split()
    wrong = [
        f"{file}:{line}: {name}"
        for file in files
        if file.endswith(".py") and "/migrations/" not in file
        for name, line in [(Path(file).stem, 1), *names(ast.parse(Path(file).read_text()))]
        if name in forbidden
    ]
    print("\n".join(wrong) or f"words    none of {len(forbidden)} words to avoid")  # noqa: T201
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
