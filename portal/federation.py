"""The environment's settings of a directory and an OpenID Connect provider."""

from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

from accounts.federation import LdapServer, OidcProvider
from portal import env

LOOPBACK = {"localhost", "127.0.0.1", "::1"}
LONGEST_GROUP_NAME = 64


def ldap() -> LdapServer | None:
    """Return the directory, or None without a URL. Raise ImproperlyConfigured."""
    url = env.read("MERIDIAN_LDAP_URL")
    if not url:
        return None
    if urlsplit(url).scheme not in {"ldap", "ldaps"} or not urlsplit(url).hostname:
        raise ImproperlyConfigured(f"MERIDIAN_LDAP_URL={url!r} must look like ldaps://ldap.example.org")
    search_filter = _required("MERIDIAN_LDAP_FILTER", url)
    if not (
        search_filter.startswith("(")
        and search_filter.endswith(")")
        and search_filter.count("(") == search_filter.count(")")
    ):
        raise ImproperlyConfigured(
            f"MERIDIAN_LDAP_FILTER={search_filter!r} must look like (objectClass=person)"
        )
    ca_file = env.read("MERIDIAN_LDAP_CA_FILE")
    if ca_file:
        env.content("MERIDIAN_LDAP_CA_FILE")
    return LdapServer(
        url=url,
        starttls=env.read("MERIDIAN_LDAP_STARTTLS"),
        ca_file=ca_file,
        bind_dn=env.read("MERIDIAN_LDAP_BIND_DN"),
        bind_password=env.content("MERIDIAN_LDAP_PASSWORD_FILE"),
        base=_required("MERIDIAN_LDAP_BASE", url),
        filter=search_filter,
        name=_required("MERIDIAN_LDAP_NAME", url),
        email=_required("MERIDIAN_LDAP_EMAIL", url),
        identifier=_required("MERIDIAN_LDAP_ID", url),
        group_base=env.read("MERIDIAN_LDAP_GROUP_BASE"),
        groups=_group_names("MERIDIAN_LDAP_GROUPS"),
        domain=_required("MERIDIAN_LDAP_DOMAIN", url),
    )


def oidc() -> OidcProvider | None:
    """Return the provider, or None without an issuer. Raise ImproperlyConfigured."""
    issuer = env.read("MERIDIAN_OIDC_ISSUER")
    if not issuer:
        return None
    parts = urlsplit(issuer)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in LOOPBACK):
        raise ImproperlyConfigured(
            f"MERIDIAN_OIDC_ISSUER={issuer!r} must look like https://login.example.org"
        )
    return OidcProvider(
        issuer=issuer,
        client_id=_required("MERIDIAN_OIDC_CLIENT_ID", issuer),
        client_secret=env.content("MERIDIAN_OIDC_SECRET_FILE"),
        label=_required("MERIDIAN_OIDC_LABEL", issuer),
        scope=_required("MERIDIAN_OIDC_SCOPE", issuer),
        name_claim=_required("MERIDIAN_OIDC_NAME", issuer),
        email_claim=_required("MERIDIAN_OIDC_EMAIL", issuer),
        groups_claim=_required("MERIDIAN_OIDC_GROUPS_CLAIM", issuer),
        groups=_group_names("MERIDIAN_OIDC_GROUPS"),
        allowed_groups=frozenset(env.read("MERIDIAN_OIDC_ALLOWED_GROUPS")),
        allowed_mail_domains=frozenset(
            domain.lower() for domain in env.read("MERIDIAN_OIDC_ALLOWED_MAIL_DOMAINS")
        ),
        makes_users=env.read("MERIDIAN_OIDC_MAKES_USERS"),
        domain=_required("MERIDIAN_OIDC_DOMAIN", issuer),
    )


def _required(name: str, because: str) -> str:
    value = str(env.read(name)).strip()
    if not value:
        raise ImproperlyConfigured(f"{name} must not be empty with {because}.")
    return value


def _group_names(name: str) -> frozenset[str]:
    names = frozenset(str(group).strip() for group in env.read(name))
    for group in names:
        if len(group) > LONGEST_GROUP_NAME:
            raise ImproperlyConfigured(f"{name}: {group!r} is longer than {LONGEST_GROUP_NAME} characters.")
    return names
