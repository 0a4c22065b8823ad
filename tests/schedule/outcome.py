"""What must hold two minutes after the last fault."""

import time
from uuid import UUID

from tests.schedule.people import Person
from tests.stack import Browserless, Stack

QUIET_SECONDS = 120
OPEN = "('pending', 'running', 'undoing')"
UNCOUNTED = "('deleted', 'soft-delete')"
USED = {
    "totalInstancesUsed": "count(*)",
    "totalCoresUsed": "coalesce(sum(vcpus), 0)",
    "totalRAMUsed": "coalesce(sum(ram_mib), 0)",
}


class Outcome:
    """Looks, waits, looks again; then removes all that is left, which must work too."""

    def __init__(self, stack: Stack, person: Person) -> None:
        self._stack = stack
        self._person = person
        self.quiet_seconds = 0.0

    def wrong(self) -> list[str]:
        """Return a sentence about each thing that is not as it must be."""
        began = time.monotonic()
        while (restless := self._restless()) and time.monotonic() - began < QUIET_SECONDS:
            time.sleep(0.5)
        self.quiet_seconds = time.monotonic() - began
        found = [*restless, *self._stuck(), *self._audited(), *self._counts()]
        return found + self._removing()

    def _restless(self) -> list[str]:
        """Operations that go on, rows in somebody's hands, what the audit calls a difference."""
        operations = self._stack.rows(
            f"select kind, state, step, attempt, error from compute_operation where state in {OPEN}"  # noqa: S608
        )
        tasks = self._stack.rows(
            "select name, vm_state, task_state from compute_instance where task_state is not null "
            "or vm_state = 'building'"
        )
        images = self._stack.rows(
            "select name, status, task_state from compute_image where status in ('queued', 'saving') "
            "or task_state is not null"
        )
        return [f"not quiet: {row}" for row in (*operations, *tasks, *images)] or self._audited()

    def _stuck(self) -> list[str]:
        rows = self._stack.rows(
            "select kind, \"left\" from compute_operation where state = 'stuck' or "  # noqa: S608
            f"(state not in {OPEN} and finished_at is null)"
        )
        return [f"stuck or without an end: {row}" for row in rows]

    def _audited(self) -> list[str]:
        return [f"audit: {line}" for line in self._stack.audit().splitlines() if line.strip()]

    def _counts(self) -> list[str]:
        """What the quotas count, against rows."""
        limits = self._person.limits()
        wrong = []
        for name, sql in USED.items():
            query = f"select {sql} as used from compute_instance where vm_state not in {UNCOUNTED}"  # noqa: S608
            (row,) = self._stack.rows(query)
            if limits[name] != row["used"]:
                wrong.append(f"{name} is {limits[name]}, rows say {row['used']}")
        return wrong

    def _removing(self) -> list[str]:
        """Purge every instance; nothing is left in the pool."""
        admin: Browserless = self._stack.sign_in("admin")
        left = "select name, id, vm_state from compute_instance where vm_state != 'deleted'"
        wrong = []
        for row in self._stack.rows(left):
            answer = admin.post(f"/instances/{UUID(row['id'])}/actions/purge/")
            if answer.status != 200:
                wrong.append(f"{row['name']} cannot be purged: {answer.status}, {answer.text[:200]}")
        deadline = time.monotonic() + QUIET_SECONDS
        while (rows := self._stack.rows(left)) and time.monotonic() < deadline:
            time.sleep(0.5)
        wrong += [f"not purged: {row}" for row in rows]
        wrong += [f"left in the pool: {name}" for name in sorted(self._stack.stray_volumes())]
        return wrong + self._audited()
