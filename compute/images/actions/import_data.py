"""Import: let an image's data in, which were staged or are fetched from the web."""

from typing import Any, ClassVar

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop

from accounts.context import Context
from accounts.errors import Conflict
from compute.engine.actions.base import Action
from compute.engine.moves import Move
from compute.engine.operations import Run, Step, Where
from compute.engine.services import transitions
from compute.images.models import Image
from compute.images.services import imports, web_download

Status = Image.Status


class Fetch(Step):
    """Fetch the data from the web, unless they were staged or an earlier attempt has them."""

    name: ClassVar[str] = imports.FETCH
    label: ClassVar[str] = gettext_noop("Fetch the data")
    where: ClassVar[Where] = Where.ANYWHERE

    def do(self, run: Run) -> None:
        if run.operation.parameters["method"] == imports.WEB and run.subject.staged is None:
            imports.fetch(run, run.secrets["uri"])

    def undo(self, run: Run) -> None:
        imports.forget(run)


class Store(Step):
    """Inspect what came, and make it the image's file."""

    name: ClassVar[str] = "store"
    label: ClassVar[str] = gettext_noop("Store the image")
    where: ClassVar[Where] = Where.ANYWHERE

    def do(self, run: Run) -> None:
        imports.store(run)

    def undo(self, run: Run) -> None:
        imports.forget(run)


class Import(Action):
    """Takes the `method` of the Image API, and the `uri` of data to fetch. An image whose import fails has no data."""

    noun = "image"
    verb = "import"
    label = gettext_lazy("Import")
    icon = "download"
    order = 80
    bulk = False
    move = Move(
        start=frozenset({Status.QUEUED, Status.UPLOADING}),
        task=Image.IMPORTING,
        end=Status.ACTIVE,
        failed=Status.QUEUED,
    )
    doing = gettext_lazy("Importing")
    rules: ClassVar[dict[str, str]] = {"image:import_public": "admin"}
    cancellable = True
    steps = (Fetch(), Store())

    def applies(self, image: Image) -> bool:
        return False

    def rule(self, context: Context, image: Image) -> str:
        return "image:import_public" if image.visibility == "public" else "image:import"

    def blocker(self, image: Image) -> str:
        return _("The image is just getting its data.") if image.upload else ""

    def prepare(self, context: Context, image: Image, parameters: dict[str, Any]) -> dict[str, Any]:
        method = parameters["method"]
        if method == imports.DIRECT and image.awaits_pieces:
            raise Conflict(_("The image is just getting its data."))
        if method == imports.DIRECT and image.status != Status.UPLOADING:
            raise Conflict(_("Send the data to the image's address “stage” first."))
        if method == imports.WEB and image.status != Status.QUEUED:
            raise Conflict(_("The image has data already, or is just getting them."))
        transitions.change(image, status=Status.IMPORTING, fault=None)
        url = {"uri": web_download.without_query(parameters["uri"])} if "uri" in parameters else {}
        digest = {name: parameters[name] for name in ("checksum", "entry") if parameters.get(name)}
        return {"method": method, "request": parameters.get("request", {})} | url | digest

    def hidden(self, parameters: dict[str, Any]) -> dict[str, str]:
        """Return the whole URL, whose query may be a secret."""
        return {"uri": parameters["uri"]} if "uri" in parameters else {}
