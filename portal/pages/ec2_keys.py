"""EC2 keys, on the page of application credentials: make one for the present project, delete it."""

from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_POST

from accounts import policy
from accounts.errors import Forbidden
from accounts.services import ec2_credentials
from portal.pages import credentials
from portal.requests import Request, done


@require_POST
@sensitive_variables("secret")
def create(request: Request) -> HttpResponse:
    """Make a key. Its secret is shown once, in this answer."""
    policy.enforce(request.context, "credential:write")
    project = request.context.project
    if project is None:
        raise Forbidden(_("Work in a project first: an EC2 key is for one project."))
    key = ec2_credentials.create(request.context, request.user.id, project.id)
    secret = ec2_credentials.secret(key)
    return credentials.show(request, status=201, made_ec2_key=key, secret=secret)


@require_POST
def delete(request: Request) -> HttpResponse:
    """Delete a key; its tokens end with it."""
    ec2_credentials.delete(request.context, request.user.id, request.POST.get("access", ""))
    return done(request, _("Deleted the EC2 key."), reverse("credentials"), changed=("ec2-keys",))
