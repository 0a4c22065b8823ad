"""A canary test: one small instance from launch to purge, which detects what single checks cannot."""

import secrets
import socket
import time
from collections.abc import Callable

from django.conf import settings
from django.utils.translation import gettext as _
from websockets.exceptions import WebSocketException
from websockets.sync.client import connect
from websockets.typing import Subprotocol

from accounts import context as contexts
from accounts.context import Context
from accounts.errors import MeridianError, Unavailable
from accounts.models import Assignment
from compute.engine.models import Operation
from compute.images.models import Image
from compute.instances.actions import begin
from compute.instances.actions.launch import launch
from compute.instances.models import Flavor, Instance
from compute.instances.services import console_views, consoles
from compute.instances.services.launch_request import LaunchRequest
from compute.management import front_door

CLAIM_SECONDS = 20
OPERATION_SECONDS = 120
BOOT_SECONDS = 120


class CanaryFailed(Exception):
    """A stage of the canary test failed. The text names the stage and the reason."""


def run(report: Callable[[str], None]) -> None:
    """Launch, boot, inspect and purge an instance. Call `report` after each stage. Raise CanaryFailed."""
    context = _admin_context()
    instance = _launch(context)
    report(_("launch accepted"))
    try:
        _finish(Operation.objects.on(instance.pk).get(kind="instance.launch"))
        instance.refresh_from_db()  # it has a host now
        report(_("guest started"))
        log = _wait_for_login(instance)
        report(_("guest booted to its login"))
        _check_address(instance, log)
        report(_("guest has its address"))
        _check_screen(context, instance)
        report(_("screen answers"))
    finally:
        removal = begin(context, "instance.purge", instance.pk)
    if removal is not None:
        _finish(removal)
    report(_("guest removed"))


def _admin_context() -> Context:
    admins = Assignment.objects.filter(role__name="admin", project__name="admin", user__enabled=True)
    assignment = admins.select_related("user").first()
    if assignment is None or assignment.user is None:
        raise CanaryFailed(
            _("Set-up: there is no administrator yet. Open the link that `manage.py setup_link` prints.")
        )
    return contexts.for_user(assignment.user, assignment.project_id, request_id="canary")


def _launch(context: Context) -> Instance:
    image = Image.objects.filter(name="Tiny Linux", visibility="public", status=Image.Status.ACTIVE).first()
    if image is None:
        raise CanaryFailed(_("Image: there is no tiny image. Run `manage.py build_image tiny`."))
    flavors = Flavor.objects.filter(ram_mib__gte=image.min_ram_mib, disk_gib__gte=image.min_disk_gib)
    flavor = flavors.order_by("ram_mib", "vcpus", "disk_gib").first()
    if flavor is None:
        raise CanaryFailed(_("Flavor: none is large enough for %(image)s.") % {"image": image.name})
    name = f"canary-{secrets.token_hex(3)}"
    try:
        return launch(context, LaunchRequest(name=name, flavor_id=flavor.pk, image_id=image.pk))[0]
    except MeridianError as error:
        reasons = " ".join([str(error), *(str(text) for text in error.fields.values())])
        raise CanaryFailed(_("Launch: %(reason)s") % {"reason": reasons}) from error


def _finish(operation: Operation) -> None:
    def state() -> str:
        operation.refresh_from_db()
        return operation.state

    _wait(
        lambda: state() != Operation.State.PENDING,
        CLAIM_SECONDS,
        _("Worker: nobody took up the %(kind)s. See the lines of `worker`, `watch` and `redis`."),
        operation,
    )
    _wait(
        lambda: state() not in Operation.OPEN,
        OPERATION_SECONDS,
        _("%(kind)s: the step “%(step)s” does not end. See the lines of `worker`."),
        operation,
    )
    if operation.state != Operation.State.SUCCEEDED:
        reason = (operation.error or {}).get("message", operation.state)
        step = operation.timeline[-1]["name"] if operation.timeline else operation.step
        raise CanaryFailed(
            _("%(kind)s: the step “%(step)s” failed: %(reason)s")
            % {"kind": operation.kind, "step": step, "reason": reason}
        )


def _wait(condition: Callable[[], bool], seconds: float, sentence: str, operation: Operation) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise CanaryFailed(sentence % {"kind": operation.kind, "step": operation.step})
        time.sleep(0.2)


def _wait_for_login(instance: Instance) -> str:
    """Wait for the guest's login prompt. Return its console log. Raise CanaryFailed."""
    deadline = time.monotonic() + BOOT_SECONDS
    while True:
        try:
            text = console_views.log(instance).text
        except Unavailable as error:
            raise CanaryFailed(_("Console: %(reason)s") % {"reason": error}) from error
        if "login:" in text:
            return text
        if time.monotonic() > deadline:
            last_line = text.strip().splitlines()[-1:] or [_("nothing")]
            raise CanaryFailed(
                _("Boot: no login within %(seconds)s s; the last line was: %(line)s")
                % {"seconds": BOOT_SECONDS, "line": last_line[0]}
            )
        time.sleep(0.5)


def _check_address(instance: Instance, log: str) -> None:
    address = instance.ports.get().address
    if address not in log:
        raise CanaryFailed(
            _(
                "Network: the guest did not get its address %(address)s. See `manage.py doctor` and dnsmasq's lines."
            )
            % {"address": address}
        )


def _check_screen(context: Context, instance: Instance) -> None:
    """Open the screen as a browser would, through the front door. Raise CanaryFailed."""
    path = consoles.screen_path(instance, consoles.issue(context, instance))
    try:
        connection = socket.create_connection(front_door.reachable_address(), timeout=5)
        with connect(
            f"ws://{settings.PUBLIC_HOST}{path}",
            sock=connection,
            subprotocols=[Subprotocol("binary")],
            compression=None,
        ) as screen:
            greeting = screen.recv(5, decode=False)
    except (OSError, WebSocketException) as error:
        raise CanaryFailed(_("Screen: it does not answer: %(reason)s") % {"reason": error}) from error
    if not greeting.startswith(b"RFB"):
        raise CanaryFailed(_("Screen: it speaks no VNC."))
