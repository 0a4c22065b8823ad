"""External identity sources of the settings: an LDAP directory and an OpenID Connect provider.

`settings.LDAP` and `settings.OIDC` hold one each, or None, which is the default.
"""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class LdapServer:
    """A directory that checks passwords. `identifier` names the attribute that stays when a person is renamed."""

    url: str
    starttls: bool = True
    ca_file: str = ""
    bind_dn: str = ""
    bind_password: str = field(default="", repr=False)
    base: str
    filter: str = "(objectClass=person)"
    name: str = "uid"
    email: str = "mail"
    identifier: str = "entryUUID"
    group_base: str = ""
    groups: frozenset[str] = frozenset()
    domain: str = "default"


@dataclass(frozen=True, slots=True, kw_only=True)
class OidcProvider:
    """An OpenID Connect provider. `groups` are mirrored; only members of `allowed_groups`, if any, may sign in."""

    issuer: str
    client_id: str
    client_secret: str = field(default="", repr=False)
    label: str = "OpenID Connect"
    scope: str = "openid profile email"
    name_claim: str = "preferred_username"
    email_claim: str = "email"
    groups_claim: str = "groups"
    groups: frozenset[str] = frozenset()
    allowed_groups: frozenset[str] = frozenset()
    allowed_mail_domains: frozenset[str] = frozenset()
    makes_users: bool = True
    domain: str = "default"


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A person as a source describes them. `source` and `subject` together identify them for ever."""

    source: str
    subject: str
    name: str
    email: str = ""
    groups: frozenset[str] = frozenset()
