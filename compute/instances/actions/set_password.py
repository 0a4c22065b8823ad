"""Set password: have the agent in the guest give one of its users a password."""

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
from compute.instances.actions.passwords import ADMIN_PASSWORD, hide, password_of
from compute.instances.models import Instance
from compute.instances.services import guests
from compute.instances.states import TaskState, VmState

DEFAULT_USER = "root"


class TellAgent(Step):
    name: ClassVar[str] = "set_password"
    label: ClassVar[str] = gettext_noop("Set the password")

    def do(self, run: Run) -> None:
        run.check()
        instance = run.subject
        agent = Agent(guests.uri(instance), str(instance.pk))
        agent.set_password(run.operation.parameters["user"], password_of(run))


class SetPassword(InstanceAction):
    """Takes `admin_password` and `user`, who is root unless another is named."""

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
    steps = (TellAgent(),)

    def blocker(self, instance: Instance) -> str:
        if instance.agent is not None:
            return ""
        return _("No guest agent answers in it. Install and start qemu-guest-agent there.")

    def initial(self, instance: Instance) -> dict[str, str]:
        return {"user": DEFAULT_USER}

    def prepare(self, context: Context, instance: Instance, parameters: dict[str, Any]) -> dict[str, Any]:
        password, user = parameters.get(ADMIN_PASSWORD), parameters.get("user") or DEFAULT_USER
        wrong = {}
        if not is_text(password):
            wrong[ADMIN_PASSWORD] = _("Give a password of at most 255 characters.")
        if not is_text(user, 32):
            wrong["user"] = _("Name a user of the guest.")
        if wrong:
            raise BadInput(fields=wrong)
        return {"user": user}

    def hidden(self, parameters: dict[str, Any]) -> dict[str, str]:
        return hide(parameters)
