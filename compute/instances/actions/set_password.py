"""Set password: have the agent in the guest give one of its users a password."""

from typing import Any, ClassVar

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop

from accounts.context import Context
from accounts.errors import BadInput
from accounts.names import is_text
from compute.driver.guest.agent import Agent
from compute.engine.actions.base import CARRIED_PASSWORD, Action, password_of, secret
from compute.engine.operations import Run, Step
from compute.hosts.services import hosts
from compute.instances.models import Instance

DEFAULT_USER = "root"


class TellAgent(Step):
    name: ClassVar[str] = "set_password"
    label: ClassVar[str] = gettext_noop("Set the password")

    def do(self, run: Run) -> None:
        run.check()
        instance = run.instance
        agent = Agent(hosts.uri(instance), str(instance.pk))
        agent.set_password(run.operation.parameters["user"], password_of(run))


class SetPassword(Action):
    """Takes `admin_password` and `user`, who is root unless another is named."""

    verb = "set_password"
    label = gettext_lazy("Set password")
    icon = "password"
    bulk = False
    fields = (CARRIED_PASSWORD, "user")
    asks = True
    steps = (TellAgent(),)

    def hindrance(self, instance: Instance) -> str:
        if instance.agent is not None:
            return ""
        return _("No guest agent answers in it. Install and start qemu-guest-agent there.")

    def prepare(self, context: Context, instance: Instance, parameters: dict[str, Any]) -> dict[str, Any]:
        password, user = parameters.get(CARRIED_PASSWORD), parameters.get("user") or DEFAULT_USER
        wrong = {}
        if not is_text(password):
            wrong[CARRIED_PASSWORD] = _("Give a password of at most 255 characters.")
        if not is_text(user, 32):
            wrong["user"] = _("Name a user of the guest.")
        if wrong:
            raise BadInput(fields=wrong)
        return {"user": user} | secret(password)
