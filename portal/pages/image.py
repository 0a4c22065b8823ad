"""An image's page: what it is, who may launch from it, and its form."""

from typing import Any
from uuid import UUID

from django import forms
from django.http import HttpResponse
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from accounts import policy
from compute.engine.services import admin_reads
from compute.images.models import Image, ImageMember
from compute.images.services import images, members
from portal.form_pages import form_page
from portal.forms import Pairs
from portal.image_rows import rows_of
from portal.pages.image_new import ImageForm, narrow_visibility
from portal.requests import Request, done, is_htmx, live_page

ANSWERS = {
    ImageMember.Status.PENDING: gettext_lazy("not answered yet"),
    ImageMember.Status.ACCEPTED: gettext_lazy("accepted"),
    ImageMember.Status.REJECTED: gettext_lazy("declined"),
}
PART = {"image": "images/facts.html"}


class EditForm(ImageForm):
    """Parses only; the action validates each field."""

    tags = forms.CharField(
        label=gettext_lazy("Tags"), required=False, help_text=gettext_lazy("Divided by commas.")
    )
    properties = Pairs(
        label=gettext_lazy("Properties"),
        rows=4,
        help_text=gettext_lazy("Lines of key=value, such as hw_firmware_type=uefi."),
    )
    protected = forms.BooleanField(label=gettext_lazy("Protected: nobody can delete it"), required=False)
    os_hidden = forms.BooleanField(
        label=gettext_lazy("Left out of lists, as a version that has a newer one"), required=False
    )

    def image_fields(self) -> dict[str, Any]:
        """Return all fields but the properties, emptied ones too. Raise BadInput naming each wrong one."""
        data = {name: self.cleaned_data[name] for name in EditForm.base_fields if name != "properties"}
        sizes = {name: data[name] or 0 for name in ("min_ram", "min_disk")}
        tags = [tag.strip() for tag in data["tags"].split(",") if tag.strip()]
        return data | sizes | {"tags": tags}


@require_safe
def overview(request: Request, image_id: UUID) -> HttpResponse:
    """Show the image, and with whom it is shared."""
    context = request.context
    image = images.get_visible(context, image_id)
    if not is_htmx(request):
        admin_reads.record_row(context, image)
    row = rows_of(context, [image])[0]
    is_shared = image.visibility == "shared"
    shared_with = members.listing(context, image.pk) if is_shared else []
    own = context.project.pk if context.project else ""
    values = {
        "image": image,
        "row": row,
        "may_share": is_shared and row.may_change and policy.allows(context, "image:share"),
        "members": [(member, ANSWERS[ImageMember.Status(member.status)]) for member in shared_with],
        "offer": next((member for member in shared_with if member.project_id == own), None),
        "is_deactivated": image.status == Image.Status.DEACTIVATED,
    }
    return live_page(request, "images/image.html", PART, values)


def edit(request: Request, image_id: UUID) -> HttpResponse:
    """Change the image."""
    image = images.get_visible(request.context, image_id)
    images.enforce_own(request.context, image, "update")
    form = EditForm(request.POST or None, initial=_initial(image))
    narrow_visibility(form, request.context, image.visibility)

    def save(data: dict[str, Any]) -> tuple[str, str]:
        fields = form.image_fields() | data["properties"]
        gone = image.properties.keys() - data["properties"].keys()
        changes = [{"op": "add", "path": _pointer(name), "value": value} for name, value in fields.items()]
        changes += [{"op": "remove", "path": _pointer(name)} for name in sorted(gone)]
        changed = images.update(request.context, image.pk, changes)
        return _("Changed the image %(name)s.") % {"name": changed.name}, _address(image.pk)

    heading = _("Edit the image %(name)s") % {"name": image.name}
    return form_page(
        request,
        form,
        save,
        heading=heading,
        button=_("Save"),
        back=_address(image.pk),
        values={"image": image},
    )


@require_POST
def share(request: Request, image_id: UUID) -> HttpResponse:
    """Share the image with a project."""
    member = members.add(request.context, image_id, request.POST.get("project", "").strip())
    message = _("Offered the image to the project %(name)s, which may take it.") % {
        "name": member.project.name
    }
    return done(request, message, _address(image_id), changed=("images",))


@require_POST
def unshare(request: Request, image_id: UUID, member: str) -> HttpResponse:
    """End the sharing with a project."""
    members.remove(request.context, image_id, member)
    return done(request, _("The image is shared no more."), _address(image_id), changed=("images",))


@require_POST
def answer(request: Request, image_id: UUID) -> HttpResponse:
    """Take an image that is shared with one's project, or decline it."""
    project = request.context.project
    status = request.POST.get("status", "")
    members.answer(request.context, image_id, project.pk if project else "", status)
    accepted = status == ImageMember.Status.ACCEPTED
    message = _("The image is among this project's now.") if accepted else _("Declined the image.")
    return done(request, message, reverse("images"), changed=("images",))


@require_POST
def deactivate(request: Request, image_id: UUID) -> HttpResponse:
    """Withhold the data from all but administrators."""
    images.set_active(request.context, image_id, "deactivate")
    return done(request, _("Deactivated the image."), _address(image_id), changed=("images",))


@require_POST
def reactivate(request: Request, image_id: UUID) -> HttpResponse:
    """Allow the data again."""
    images.set_active(request.context, image_id, "reactivate")
    return done(request, _("Reactivated the image."), _address(image_id), changed=("images",))


def _address(image_id: UUID) -> str:
    return reverse("image-page", args=[image_id])


def _pointer(name: str) -> str:
    """Return the JSON Pointer of a property, whose name may have slashes."""
    return "/" + name.replace("~", "~0").replace("/", "~1")


def _initial(image: Image) -> dict[str, Any]:
    return {
        "name": image.name,
        "description": image.description,
        "visibility": image.visibility,
        "os_admin_user": image.default_user,
        "min_ram": image.min_ram_mib,
        "min_disk": image.min_disk_gib,
        "tags": ", ".join(image.tags),
        "properties": image.properties,
        "protected": image.protected,
        "os_hidden": image.hidden,
    }


urlpatterns = [
    path("images/<uuid:image_id>/", overview, name="image-page"),
    path("images/<uuid:image_id>/edit/", edit, name="image-edit"),
    path("images/<uuid:image_id>/members/", share, name="image-share"),
    path("images/<uuid:image_id>/members/<str:member>/end/", unshare, name="image-unshare"),
    path("images/<uuid:image_id>/answer/", answer, name="image-answer"),
    path("images/<uuid:image_id>/deactivate/", deactivate, name="image-deactivate"),
    path("images/<uuid:image_id>/reactivate/", reactivate, name="image-reactivate"),
]
