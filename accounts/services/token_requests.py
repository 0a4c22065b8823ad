"""Answer POST /auth/tokens: check the methods, find the scope, issue the token.

Unknown names and wrong passwords fail with the same words and take the same time.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.contrib.auth.hashers import make_password
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.authentication import LONGEST_PASSWORD
from accounts.errors import BadInput, Forbidden, NotSignedIn
from accounts.models import ApplicationCredential, Domain, Project, User
from accounts.names import is_text
from accounts.services import (
    application_credentials,
    assignments,
    lockouts,
    passwords,
    receipts,
    second_factor,
    tokens,
)
from accounts.services.tokens import CACHE_SIZE, Issued, Scope, Valid


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """The result of one method, with the epoch's mark if the same query has read it."""

    user: User
    credential: ApplicationCredential | None = None
    parent: Valid | None = None
    mark: str | None = None


def answer(request: HttpRequest, auth: Mapping[str, Any]) -> Issued:
    """Issue the token that a valid `{"auth": …}` requests. Raise BadInput, NotSignedIn, Forbidden.

    If the second factor is missing, raise OneFactorOnly, with a receipt for the first.
    """
    identity = auth["identity"]
    methods: list[str] = identity["methods"]
    if not set(methods) <= PROVERS.keys():
        raise NotSignedIn
    # The password first: without it nobody learns anything about codes.
    methods = [name for name in PROVERS if name in methods]
    if missing := [name for name in methods if name not in identity]:
        raise BadInput(fields=dict.fromkeys(missing, _("This field is missing.")))
    proofs = [PROVERS[name](request, identity[name]) for name in methods]
    user = proofs[0].user
    credential = next((proof.credential for proof in proofs if proof.credential), None)
    parent = next((proof.parent for proof in proofs if proof.parent), None)
    if any(proof.user != user for proof in proofs):
        raise NotSignedIn
    methods = receipts.require_both(user, methods, request.headers.get(receipts.HEADER))
    if not receipts.COMPLETE & set(methods):
        lockouts.succeed(request, user.domain_id, user.name)
    mark = next((proof.mark for proof in proofs if proof.mark), None) or tokens.current_mark()
    credential = credential or (parent.token.credential if parent else None)
    scope = _scope(user, auth.get("scope"), credential, mark)
    return tokens.issue(
        user, methods, scope, mark=mark, credential=credential, parent=parent.token if parent else None
    )


def _by_password(request: HttpRequest, data: Mapping[str, Any]) -> Proof:
    user_data = data["user"]
    name, domain = _user_key(user_data)
    password = user_data.get("password")
    if not is_text(name) or not is_text(password, LONGEST_PASSWORD):
        raise NotSignedIn
    user = lockouts.authenticate(request, name, password, domain)
    if user is None:
        raise NotSignedIn
    if passwords.has_expired(user):
        raise NotSignedIn(
            _("The password is expired and needs to be changed for user: %(id)s.") % {"id": user.id}
        )
    return Proof(user=user, mark=getattr(user, "mark", None))


def _by_code(request: HttpRequest, data: Mapping[str, Any]) -> Proof:
    user_data = data["user"]
    name, domain = _user_key(user_data)
    if not is_text(name):
        raise NotSignedIn
    rows = User.objects.select_related("domain", "second_factor")
    user = rows.filter(name=name, domain=domain, enabled=True, domain__enabled=True).first()
    if user is None:
        lockouts.refuse_locked(request, domain, name)
        lockouts.record_failure(request, domain, name)
        raise NotSignedIn
    if not second_factor.accept(request, user, user_data.get("passcode"), recovery=False):
        raise NotSignedIn
    return Proof(user=user)


def _by_token(request: HttpRequest, data: Mapping[str, Any]) -> Proof:
    valid = tokens.check(data.get("id"))
    if valid is None:
        raise NotSignedIn
    if valid.token.ec2_key_id is not None:
        raise Forbidden(_("A token of an EC2 key is for one project, and issues no others."))
    return Proof(user=valid.token.user, parent=valid, mark=valid.mark)


def _by_credential(request: HttpRequest, data: Mapping[str, Any]) -> Proof:
    rows = ApplicationCredential.objects.select_related("user__domain", "project__domain")
    credential = None
    if is_text(data.get("id"), 64):
        credential = rows.filter(pk=data["id"]).first()
    elif is_text(data.get("name")):
        name, domain = _user_key(data.get("user") or {})
        if is_text(name) and is_text(domain):
            credential = rows.filter(name=data["name"], user__name=name, user__domain=domain).first()
        if credential is None or application_credentials.has_random_secret(credential):
            make_password("")  # takes as long as checking a slow hash
    else:
        raise BadInput(fields={"application_credential": _("Give its id, or its name and user.")})
    if credential is None:
        raise NotSignedIn
    chosen = not application_credentials.has_random_secret(credential)
    if chosen:
        lockouts.refuse_locked(request, "", credential.id)
    if not application_credentials.verify_secret(credential, data.get("secret")):
        if chosen:
            lockouts.record_failure(request, "", credential.id)
        raise NotSignedIn
    if chosen:
        lockouts.succeed(request, "", credential.id)
    if credential.expires_at and credential.expires_at <= timezone.now():
        raise NotSignedIn
    return Proof(user=credential.user, credential=credential)


PROVERS = {
    "password": _by_password,
    "totp": _by_code,
    "token": _by_token,
    "application_credential": _by_credential,
}


def _user_key(data: Mapping[str, Any]) -> tuple[Any, str]:
    """Return name and domain id of the user that the request names, which may not exist. Raise BadInput."""
    if "id" in data:
        user = User.objects.filter(pk=data["id"]).first() if is_text(data["id"], 64) else None
        return (user.name, user.domain_id) if user else (data["id"], "")
    if not isinstance(data.get("name"), str):
        raise BadInput(fields={"user": _("Give an id, or a name and a domain.")})
    return data["name"], _domain_id(data.get("domain"))


def _domain_id(value: object, mark: str | None = None) -> str:
    """Return the id of a domain that is named by id or name; empty if unknown. Raise BadInput."""
    if not isinstance(value, Mapping):
        raise BadInput(fields={"domain": _("Name the domain by id or name.")})
    if is_text(value.get("id"), 64):
        return str(value["id"])
    if not is_text(value.get("name"), 64):
        return ""
    return _read_domain_id(mark or tokens.current_mark(), value["name"])


def _scope(user: User, value: Any, credential: ApplicationCredential | None, mark: str) -> Scope:
    """Return the requested scope, by default the credential's or the user's. Raise BadInput, NotSignedIn."""
    if credential is not None:
        if value is not None and _project(value, mark) != credential.project:
            raise NotSignedIn
        return Scope(project=credential.project)
    if value == "unscoped":
        return Scope()
    if value is None:
        return _default(user)
    kinds = [kind for kind in ("project", "domain", "system", "unscoped") if kind in value]
    if len(kinds) != 1:
        raise BadInput(fields={"scope": _("Name exactly one of project, domain and system.")})
    if kinds == ["unscoped"]:
        return Scope()
    if kinds == ["system"]:
        return Scope(system=True)
    if kinds == ["project"]:
        project = _project(value, mark)
        if project is None:
            raise NotSignedIn
        return Scope(project=project)
    domain = Domain.objects.filter(pk=_domain_id(value["domain"], mark)).first()
    if domain is None:
        raise NotSignedIn
    return Scope(domain=domain)


def _project(value: Any, mark: str) -> Project | None:
    project = value.get("project") if isinstance(value, Mapping) else None
    if not isinstance(project, Mapping):
        return None
    if is_text(project.get("id"), 64):
        return _read_project(mark, pk=project["id"])
    if not is_text(project.get("name"), 64):
        return None
    return _read_project(mark, name=project["name"], domain=_domain_id(project.get("domain"), mark))


@lru_cache(CACHE_SIZE)
def _read_domain_id(_mark: str, name: str) -> str:
    return Domain.objects.filter(name=name).values_list("pk", flat=True).first() or ""


@lru_cache(CACHE_SIZE)
def _read_project(_mark: str, **lookup: str) -> Project | None:
    """Return the project, cached under the epoch's mark: to be read, not written."""
    return Project.objects.select_related("domain").filter(**lookup).first()


def _default(user: User) -> Scope:
    project = Project.objects.select_related("domain").filter(pk=user.default_project_id).first()
    if project is None or not (project.enabled and project.domain.enabled):
        return Scope()
    return Scope(project=project) if assignments.roles_of(user, project=project) else Scope()
