"""Add an image: a file of the browser's machine, or one from the web."""

from pathlib import PurePosixPath
from typing import Any, cast
from urllib.parse import unquote, urlsplit

from django import forms
from django.http import HttpResponse
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from accounts import policy
from accounts.context import Context
from accounts.errors import BadInput, Conflict, MeridianError
from compute.images.models import Image
from compute.images.services import gate, images, imports, resumable
from compute.images.services.catalog import CATALOG
from compute.store import PIECE_BYTES
from portal.forms import Form, description_field
from portal.image_rows import FORMATS, VISIBILITIES
from portal.requests import Request, away, page


class ImageForm(Form):
    """Parses only; services validate each field."""

    MAIN = ("uri", "name", "description", "visibility")
    """Fields that are not folded away."""

    name = forms.CharField(label=gettext_lazy("Name"), required=False, max_length=255)
    description = description_field()
    visibility = forms.ChoiceField(
        label=gettext_lazy("Who may launch from it"), required=False, choices=list(VISIBILITIES.items())
    )
    os_admin_user = forms.CharField(
        label=gettext_lazy("User to sign in as"),
        required=False,
        max_length=64,
        help_text=gettext_lazy("The one that the system makes for SSH keys, such as debian."),
    )
    min_ram = forms.IntegerField(label=gettext_lazy("Least memory (MiB)"), required=False, min_value=0)
    min_disk = forms.IntegerField(label=gettext_lazy("Least disk (GiB)"), required=False, min_value=0)

    @property
    def has_further_errors(self) -> bool:
        """Return whether something is wrong in the fields that are folded away."""
        return bool(self.errors.keys() - {*self.MAIN})


class NewForm(ImageForm):
    """The same for an image that gets its data."""

    disk_format = forms.ChoiceField(
        label=gettext_lazy("Format"),
        required=False,
        choices=[
            ("", gettext_lazy("Tell it from the data")),
            *((name, FORMATS[name]) for name in gate.FORMATS),
        ],
        help_text=gettext_lazy("Compressed files and appliances (OVA) are unpacked."),
    )

    def image_fields(self) -> dict[str, Any]:
        """Return the fields that are filled in. Raise BadInput naming each wrong one."""
        if not self.is_valid():
            raise BadInput(fields={name: str(texts[0]) for name, texts in self.errors.items()})
        data = {name: value for name, value in self.cleaned_data.items() if value not in (None, "")}
        return {"visibility": "private"} | {name: data[name] for name in NewForm.base_fields if name in data}


class WebForm(NewForm):
    """The same with the address of the data."""

    uri = forms.URLField(
        label=gettext_lazy("Address"),
        assume_scheme="https",
        max_length=2048,
        widget=forms.URLInput(attrs={"autofocus": True, "placeholder": "https://"}),
        help_text=gettext_lazy("Of an image file, compressed or not. It must be a public address."),
    )
    checksum = forms.CharField(
        label=gettext_lazy("SHA-256 or SHA-512"),
        required=False,
        max_length=128,
        help_text=gettext_lazy("If you know it, the data must have it."),
    )
    entry = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)
    field_order = ("uri", "name")

    @property
    def catalog_entry(self) -> str:
        """Return the key of the catalog's image whose address this still is."""
        key = self.cleaned_data["entry"]
        return key if any((one.key, one.url) == (key, self.cleaned_data["uri"]) for one in CATALOG) else ""


@require_http_methods(["GET", "HEAD", "POST"])
def new(request: Request) -> HttpResponse:
    """Upload a file, with `?image=` the rest of one, or with `?source=web` fetch an image from the web."""
    policy.enforce(request.context, "image:create")
    if request.GET.get("source") == "web":
        return _from_web(request)
    image = _without_data(request.context, request.GET["image"]) if "image" in request.GET else None
    form = NewForm(initial={"visibility": "private"})
    narrow_visibility(form, request.context)
    values = {
        "form": form,
        "image": image,
        "state": resumable.state_of(image) if image else None,
        "piece_bytes": PIECE_BYTES,
    }
    return page(request, "images/new.html", values)


def _from_web(request: Request) -> HttpResponse:
    form = WebForm(request.POST or None, initial={"visibility": "private"} | _of_catalog(request))
    narrow_visibility(form, request.context)
    status = 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            url = form.cleaned_data["uri"]
            try:
                image = imports.import_new(
                    request.context,
                    {"name": _name_in(url)} | form.image_fields(),
                    url,
                    checksum=form.cleaned_data["checksum"].strip(),
                    entry=form.catalog_entry,
                )
            except MeridianError as error:
                form.refuse(error)
                status = error.status
            else:
                message = _("Importing the image %(name)s.") % {"name": image.name}
                return away(request, message, reverse("images"))
    values = {"form": form, "is_web": True, "catalog": CATALOG, "entry": request.GET.get("entry", "")}
    return page(request, "images/new.html", values, status=status)


def _of_catalog(request: Request) -> dict[str, Any]:
    """Return the form's values for the catalog's image in the address; none if it names none."""
    entry = next((one for one in CATALOG if one.key == request.GET.get("entry")), None)
    if entry is None:
        return {}
    return {
        "entry": entry.key,
        "uri": entry.url,
        "name": entry.name,
        "os_admin_user": entry.default_user,
        "min_ram": entry.min_ram_mib,
        "min_disk": entry.min_disk_gib,
    }


def _without_data(context: Context, image_id: str) -> Image:
    """Return an image without data, or with a part of them. Raise NotFound, Forbidden, Conflict."""
    image = images.get_visible(context, image_id)
    images.enforce_own(context, image, "update")
    if image.status != Image.Status.QUEUED and resumable.state_of(image) is None:
        raise Conflict(_("The image has data already, or is just getting them."))
    return image


def narrow_visibility(form: Form, context: Context, present: str = "private") -> None:
    """Leave out whom the asker may not show an image to."""
    field = cast("forms.ChoiceField", form.fields["visibility"])
    field.choices = [
        (name, label)
        for name, label in VISIBILITIES.items()
        if name in {"private", "shared", present} or policy.allows(context, f"image:make_{name}")
    ]


def _name_in(url: str) -> str:
    """Return the name of the file that an address ends with."""
    return unquote(PurePosixPath(urlsplit(url).path).name)[:255]


urlpatterns = [path("images/new/", new, name="image-new")]
