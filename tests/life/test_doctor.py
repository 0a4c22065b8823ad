"""`manage.py doctor` on an installation that is well."""

from tests.stack import Browserless, Stack, wait_for

LINKS = [
    "launch accepted",
    "guest started",
    "guest booted to its login",
    "guest has its address",
    "screen answers",
    "guest removed",
]


def test_all_parts_are_well_and_the_canary_lives(stack: Stack, admin: Browserless) -> None:
    wait_for(lambda: stack.manage("doctor", check=False).returncode == 0, "all parts to be well")
    said = stack.manage("doctor", "--canary").stdout
    assert [line.removeprefix("canary  ") for line in said.splitlines() if "canary  " in line] == LINKS
