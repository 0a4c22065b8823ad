"""The watcher of one host, which handles its guests' events and keeps their rows up to date."""

import queue
import time
from collections.abc import Callable
from uuid import UUID

import structlog

from compute.driver import events
from compute.driver.errors import DriverError, GuestNotFound
from compute.driver.guest.domain import Guest
from compute.driver.specs import GuestEvent, GuestEventKind
from compute.engine import operations
from compute.engine.services import heartbeats
from compute.engine.services.duties import Duty, Rota
from compute.hosts.models import Hypervisor
from compute.hosts.services import hypervisors, liveness
from compute.instances.services import agents, boot_stages, reconcile

log = structlog.get_logger(__name__)

ENDING = {
    GuestEventKind.STOPPED,
    GuestEventKind.CRASHED,
    GuestEventKind.REBOOTED,
}
WAKING = ENDING | {GuestEventKind.DEVICE_REMOVED, GuestEventKind.DEVICE_REMOVAL_FAILED}
"""Events for which an operation may wait."""

STATE_CHANGING = ENDING | {
    GuestEventKind.STARTED,
    GuestEventKind.SUSPENDED,
    GuestEventKind.RESUMED,
    GuestEventKind.IO_ERROR,
    GuestEventKind.UNDEFINED,
}
"""Events after which a row may be wrong."""

CHECK_SECONDS = 4.0
"""Seconds between two checks that libvirt answers (`compute.engine.services.heartbeats.SILENT`)."""

AGENTS = {GuestEventKind.AGENT_CONNECTED, GuestEventKind.AGENT_DISCONNECTED}

LONGEST_PAUSE = 30.0
"""Most seconds between two attempts to connect to an unreachable hypervisor."""


class Watcher:
    """The event loop of one hypervisor. libvirt's event thread only fills its queue."""

    def __init__(
        self, hypervisor: Hypervisor, wake: Callable[[str, str, UUID], None], duties: list[Duty]
    ) -> None:
        self.hypervisor = hypervisor
        self._wake = wake
        self._agents = agents.AgentPoller(hypervisor)
        self._events: queue.SimpleQueue[GuestEvent | str | None] = queue.SimpleQueue()
        self._subscription: events.Subscription | None = None
        self._pause = 1.0
        self._retry_at = 0.0
        self._rota = Rota(
            [
                Duty("heartbeat", heartbeats.BEAT_SECONDS, lambda: heartbeats.beat("watch")),
                Duty("look", CHECK_SECONDS, self._check_host),
                Duty("sync", 30, self._sync),
                Duty("inspection", 60, self._inspect),
                Duty("boot stages", 1, lambda: boot_stages.update_all(self.hypervisor)),
                *duties,
            ]
        )

    def stop(self) -> None:
        """End `run` soon. Signal handlers may call it."""
        self._events.put(None)

    def run(self) -> None:
        """Watch until stopped."""
        while True:
            self._connect()
            self._rota.run_due()
            pause = max(0.05, min(self._rota.next_at, self._retry_time()) - time.monotonic())
            try:
                event = self._events.get(timeout=pause)
            except queue.Empty:
                continue
            if event is None:
                break
            self._handle(event)
        if self._subscription:
            self._subscription.close()

    def _connect(self) -> None:
        """Subscribe to events, then sync, so that no change between the two is missed."""
        if self._subscription or time.monotonic() < self._retry_at:
            return
        try:
            self._subscription = events.subscribe(
                self.hypervisor.uri, self._events.put, lambda reason: self._events.put(reason)
            )
            hypervisors.prepare(self.hypervisor)
            self._sync()
            self._agents.poll_all()
        except DriverError as error:
            self._disconnect(str(error))
            liveness.libvirt_is_away(self.hypervisor, str(error))
        else:
            self._pause = 1.0
            operations.retry_stuck_on(self.hypervisor.pk)
            log.info("watching", hypervisor=self.hypervisor.name)

    def _check_host(self) -> None:
        """Record that the host answers, or that its libvirt does not."""
        if self._subscription is None:
            return
        try:
            hypervisors.look(self.hypervisor)
        except DriverError as error:
            self._disconnect(str(error))
            liveness.libvirt_is_away(self.hypervisor, str(error))

    def _inspect(self) -> None:
        """Save the host's free space and its problems, for the health page."""
        if self._subscription is None:
            return
        try:
            hypervisors.inspect(self.hypervisor)
        except DriverError as error:
            log.warning("inspection failed", reason=str(error))
            return
        hypervisors.save(self.hypervisor)

    def _disconnect(self, reason: str) -> None:
        log.warning("hypervisor away", hypervisor=self.hypervisor.name, reason=reason)
        if self._subscription:
            self._subscription.close()
        self._subscription = None
        self._retry_at = time.monotonic() + self._pause
        self._pause = min(LONGEST_PAUSE, self._pause * 2)

    def _retry_time(self) -> float:
        return self._retry_at if self._subscription is None else float("inf")

    def _handle(self, event: GuestEvent | str) -> None:
        if isinstance(event, str):
            self._pause = 0.5
            self._disconnect(event)
            return
        log.debug("event", guest=event.uuid, kind=event.kind, detail=event.detail)
        if event.detail == "migrated":
            return  # the other host's watcher handles the guest now
        if event.kind in WAKING:
            self._wake(event.uuid, event.kind, self.hypervisor.pk)
        if event.kind in AGENTS:
            self._agents.poll(event.uuid)
        if event.kind in STATE_CHANGING:
            self._reconcile(event.uuid)

    def _reconcile(self, uuid: str) -> None:
        """Read one guest's facts and correct its row, unless an operation is open for it."""
        try:
            facts = Guest(self.hypervisor.uri, uuid).facts()
        except GuestNotFound:
            facts = None
        except DriverError as error:
            log.warning("cannot look at guest", guest=uuid, reason=str(error))
            return
        if facts is None or (facts.tag and facts.tag.installation == reconcile.installation_id()):
            reconcile.apply(self.hypervisor, uuid, facts)

    def _sync(self) -> None:
        if self._subscription is None:
            return
        try:
            unknown_guests = reconcile.full_sync(self.hypervisor)
        except DriverError as error:
            log.warning("full sync failed", reason=str(error))
            return
        for facts in unknown_guests:
            log.warning("a guest of ours has no row; `manage.py audit` names it", guest=facts.name)
