"""Set password: have the guest agent change a user's password."""

from typing import Any, ClassVar

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop

from accounts.context import Context
from accounts.errors import BadInput
from accounts.names import is_text
from accounts.openstack.schema import explained, object_of, text
from compute.driver.guest.agent import Agent
from compute.engine.moves import Move
from compute.engine.operations import Run, Step
from compute.instances.actions.base import InstanceAction
from compute.instances.actions.passwords import ADMIN_PASSWORD, password_of, secret_password
from compute.instances.models import Instance
from compute.instances.services import guests
from compute.instances.states import TaskState, VmState

DEFAULT_USER = "root"


class SetGuestPassword(Step):
    name: ClassVar[str] = "set_password"
    label: ClassVar[str] = gettext_noop("Set the password")

    def do(self, run: Run) -> None:
        run.check()
        instance = run.subject
        agent = Agent(guests.uri(instance), str(instance.pk))
        agent.set_password(run.operation.parameters["user"], password_of(run))


class SetPassword(InstanceAction):
    """Set a user's password. Takes `admin_password` and `user` (default: root)."""

    verb = "set_password"
    label = gettext_lazy("Set password")
    icon = "password"
    order = 210
    intro = gettext_lazy("The agent in the guest gives one of its users a new password.")
    move = Move(
        start=frozenset({VmState.ACTIVE}),
        task=TaskState.UPDATING_PASSWORD,
        end=None,
    )
    doing = gettext_lazy("Setting the password")
    api_name = "changePassword"
    api_body = object_of({"adminPass": explained(text(255), gettext_lazy("Give the new password as text."))})
    api_history = "changePassword"
    bulk = False
    fields = (ADMIN_PASSWORD, "user")
    asks = True
    steps = (SetGuestPassword(),)

    def blocker(self, instance: Instance) -> str:
        if reason := super().blocker(instance):
            return reason
        if instance.agent is not None:
            return ""
        return _("Guest agent not running. Install qemu-guest-agent in the instance.")

    def initial(self, instance: Instance) -> dict[str, str]:
        return {"user": DEFAULT_USER}

    def prepare(self, context: Context, instance: Instance, parameters: dict[str, Any]) -> dict[str, Any]:
        password, user = parameters.get(ADMIN_PASSWORD), parameters.get("user") or DEFAULT_USER
        errors = {}
        if not is_text(password):
            errors[ADMIN_PASSWORD] = _("Give a password of at most 255 characters.")
        if not is_text(user, 32):
            errors["user"] = _("Name a user of the guest.")
        if errors:
            raise BadInput(fields=errors)
        return {"user": user}

    def hidden(self, parameters: dict[str, Any]) -> dict[str, str]:
        return secret_password(parameters)
