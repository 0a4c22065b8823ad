"""SSH keys: add, generate and delete them."""

from django import forms
from django.http import HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from accounts.errors import MeridianError
from compute.instances.services import keypairs
from portal.forms import Form
from portal.requests import Request, away, done, page


class PublicKey(Form):
    name = forms.CharField(label=gettext_lazy("Name"), max_length=255, required=False)
    public_key = forms.CharField(
        label=gettext_lazy("Public key"),
        required=False,
        help_text=gettext_lazy("The content of a .pub file, such as ~/.ssh/id_ed25519.pub."),
        widget=forms.Textarea(
            attrs={"rows": 3, "spellcheck": "false", "class": "form-control font-monospace"}
        ),
    )


def listing(request: Request) -> HttpResponse:
    """Show the user's keys and the form that adds one."""
    form = PublicKey(request.POST or None)
    status = 200
    if request.method == "POST" and form.is_valid():
        try:
            keypair = keypairs.create(
                request.context, form.cleaned_data["name"], form.cleaned_data["public_key"]
            )
        except MeridianError as error:
            form.refuse(error)
            status = error.status
        else:
            return away(request, _("Added the key %(name)s.") % {"name": keypair.name}, request.path)
    values = {"form": form, "keypairs": keypairs.listing(request.context)}
    return page(request, "keypairs/keypairs.html", values, status=status)


@require_POST
def generate(request: Request) -> JsonResponse:
    """Make a key pair. The private key goes to the browser once, which saves it as a file."""
    keypair, private_key = keypairs.generate(request.context, request.POST.get("name", ""))
    values = {
        "name": keypair.name,
        "private_key": private_key,
        "file": f"{keypair.name}.pem",
        "said": _("%(name)s was made. Keep the downloaded file: we have no copy.") % {"name": keypair.name},
    }
    return JsonResponse(values, headers={"Cache-Control": "no-store"})


@require_POST
def delete(request: Request) -> HttpResponse:
    """Delete a key. The name is in the body, since it may contain slashes."""
    name = request.POST.get("name", "")
    keypairs.delete(request.context, name)
    return done(request, _("Deleted the key %(name)s.") % {"name": name}, "/keypairs/", changed=("keypairs",))
