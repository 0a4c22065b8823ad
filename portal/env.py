"""Every setting of the environment, typed, with a default that works.

This table is the only place that reads the environment; README shows it, and a test compares the two. A wrong value
stops the start with one sentence.
"""

import ipaddress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

BASE_DIR = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True)
class Option:
    """A setting: its name in the environment, type, default as text, and purpose."""

    name: str
    type: type
    default: str
    help: str


OPTIONS: tuple[Option, ...] = (
    Option("MERIDIAN_DATA", str, "var", "Folder of the database, secrets, logs and sockets."),
    Option(
        "MERIDIAN_STORAGE", str, "/var/lib/meridian", "Folder of images and disks; QEMU's user must reach it."
    ),
    Option(
        "MERIDIAN_IMAGES_BUCKET",
        str,
        "",
        "Bucket of an S3 service that keeps image files. Empty: they lie in MERIDIAN_STORAGE.",
    ),
    Option("MERIDIAN_IMAGES_BUCKET_URL", str, "", "Address of that service, if it is not Amazon's."),
    Option("MERIDIAN_IMAGES_BUCKET_REGION", str, "us-east-1", "Its region."),
    Option(
        "MERIDIAN_IMAGES_BUCKET_KEY",
        str,
        "",
        "Id of the access key. Empty: from AWS's own variables, files or the machine's role.",
    ),
    Option("MERIDIAN_IMAGES_BUCKET_SECRET_FILE", str, "", "File with the secret of that key."),
    Option(
        "MERIDIAN_BACKUPS",
        str,
        "",
        "Folder of backups, best on another disk or machine. Empty: `backups` in MERIDIAN_STORAGE.",
    ),
    Option(
        "MERIDIAN_BACKUPS_BUCKET",
        str,
        "",
        "Bucket of an S3 service that keeps backups. Empty: they lie in MERIDIAN_BACKUPS.",
    ),
    Option("MERIDIAN_BACKUPS_BUCKET_URL", str, "", "Address of that service, if it is not Amazon's."),
    Option("MERIDIAN_BACKUPS_BUCKET_REGION", str, "us-east-1", "Its region."),
    Option(
        "MERIDIAN_BACKUPS_BUCKET_KEY",
        str,
        "",
        "Id of the access key. Empty: from AWS's own variables, files or the machine's role.",
    ),
    Option("MERIDIAN_BACKUPS_BUCKET_SECRET_FILE", str, "", "File with the secret of that key."),
    Option(
        "MERIDIAN_IMPORT_PORTS",
        list,
        "80,443,8080,8443",
        "Ports from which images may be imported, by http and https.",
    ),
    Option(
        "MERIDIAN_IMPORT_NETWORKS",
        list,
        "",
        "Networks from which they may be imported though they are private, like 10.0.0.0/24. "
        "All public addresses are allowed.",
    ),
    Option(
        "MERIDIAN_URL",
        str,
        "http://localhost:8000",
        "The address people type; links and Origin checks use it.",
    ),
    Option("MERIDIAN_LISTEN", str, "127.0.0.1:8000", "Address and port of the one front door."),
    Option("MERIDIAN_HOSTS", list, "", "Further host names that may be used, separated by commas."),
    Option("MERIDIAN_DEBUG", bool, "false", "Developer pages on errors. Never on a real installation."),
    Option(
        "MERIDIAN_SECRET_KEY",
        str,
        "",
        "Signs sessions, seals second factors and EC2 keys. Empty: made once and kept.",
    ),
    Option("MERIDIAN_REGION", str, "RegionOne", "The region named in the catalog."),
    Option("MERIDIAN_NETWORK", str, "10.48.0.0/20", "Addresses of the first network, in CIDR form."),
    Option("MERIDIAN_WEB_WORKERS", int, "1", "Web processes."),
    Option("MERIDIAN_WORKERS", int, "2", "Operations that one worker runs at the same time."),
    Option("MERIDIAN_VIRTUALIZATION", str, "detect", "detect, kvm or qemu: what runs the guests."),
    Option(
        "MERIDIAN_STOP_GRACE",
        int,
        "60",
        "Seconds that a guest gets to shut down before it is forced off; an image may say `os_shutdown_timeout`.",
    ),
    Option("MERIDIAN_RECYCLE_HOURS", int, "24", "Hours that a deleted instance can be restored."),
    Option(
        "MERIDIAN_EXPIRY_DAYS",
        int,
        "0",
        "Days after which new instances go to the recycle bin unless extended; 0: never.",
    ),
    Option(
        "MERIDIAN_OPERATION_DAYS",
        int,
        "90",
        "Days that finished operations are kept, which Activity lists; 0: for ever.",
    ),
    Option(
        "MERIDIAN_DELETED_DAYS",
        int,
        "90",
        "Days that rows of deleted instances are kept, which usage reports count; 0: for ever.",
    ),
    Option(
        "MERIDIAN_USER_DATA_DAYS",
        int,
        "7",
        "Days after which a deleted instance's user data is forgotten; 0: with its row.",
    ),
    Option(
        "MERIDIAN_AUDIT_DAYS",
        int,
        "365",
        "Days that the audit log is kept; 0: for ever. `manage.py audit_export` keeps it elsewhere.",
    ),
    Option(
        "MERIDIAN_QUOTA_REQUEST_DAYS",
        int,
        "365",
        "Days that decided and withdrawn quota requests are kept; 0: for ever.",
    ),
    Option("MERIDIAN_LEASE", int, "20", "Seconds after which a dead worker's operation is taken over."),
    Option(
        "MERIDIAN_FAILPOINTS",
        str,
        "",
        "Folder of failpoints, at which a worker kills itself. For tests only.",
    ),
    Option("MERIDIAN_LOG_LEVEL", str, "INFO", "DEBUG, INFO, WARNING or ERROR."),
    Option("MERIDIAN_PROXIES", int, "1", "Proxies in front that set X-Forwarded-For; our own nginx is one."),
    Option("MERIDIAN_PASSWORD_LENGTH", int, "10", "Least number of characters of a password."),
    Option("MERIDIAN_PASSWORD_DAYS", int, "0", "Days after which a password must be changed; 0 means never."),
    Option(
        "MERIDIAN_PASSWORD_HISTORY",
        int,
        "1",
        "How many of a person's last passwords they cannot choose again.",
    ),
    Option("MERIDIAN_MAIL_FROM", str, "", "Sender of mails. Empty: meridian at the host of MERIDIAN_URL."),
    Option(
        "EMAIL_URL",
        str,
        "",
        "Mail server, such as smtp+tls://user:password@host:587. Empty: links are shown, not mailed.",
    ),
    Option(
        "DATABASE_URL",
        str,
        "",
        "Database. Empty: SQLite in the data folder. Real installations: postgres://…; "
        "a pooler before it must keep prepared statements.",
    ),
    Option("REDIS_URL", str, "", "Redis. Empty: our own, on a socket in the data folder."),
    Option("MERIDIAN_HOST", str, "", "Name of this machine among the hosts. Empty: its host name."),
    Option(
        "MERIDIAN_CONSOLE_LISTEN",
        str,
        "",
        "Where other machines reach this one's consoles, like 10.0.0.5:8100; the next port is used too. Empty: not at all.",
    ),
    Option("LIBVIRT_URI", str, "qemu:///system", "The libvirt of this machine."),
    Option(
        "MERIDIAN_LDAP_URL",
        str,
        "",
        "Directory whose people may sign in, like ldaps://ldap.example.org. Empty: none.",
    ),
    Option("MERIDIAN_LDAP_STARTTLS", bool, "true", "Encrypt connections to ldap:// addresses by StartTLS."),
    Option(
        "MERIDIAN_LDAP_CA_FILE",
        str,
        "",
        "Certificates that may vouch for the directory. Empty: those of the system.",
    ),
    Option(
        "MERIDIAN_LDAP_BIND_DN",
        str,
        "",
        "Account that searches the directory. Empty: it may be searched by all.",
    ),
    Option("MERIDIAN_LDAP_PASSWORD_FILE", str, "", "File with that account's password."),
    Option("MERIDIAN_LDAP_BASE", str, "", "Where its people are, like ou=people,dc=example,dc=org."),
    Option("MERIDIAN_LDAP_FILTER", str, "(objectClass=person)", "Which of them may sign in."),
    Option("MERIDIAN_LDAP_NAME", str, "uid", "Attribute with the name that people type."),
    Option("MERIDIAN_LDAP_EMAIL", str, "mail", "Attribute with the mail address."),
    Option(
        "MERIDIAN_LDAP_ID",
        str,
        "entryUUID",
        "Attribute that stays when a person is renamed; objectGUID in AD.",
    ),
    Option("MERIDIAN_LDAP_DOMAIN", str, "default", "Domain that its users belong to, by id or name."),
    Option("MERIDIAN_LDAP_GROUP_BASE", str, "", "Where its groups are, like ou=groups,dc=example,dc=org."),
    Option(
        "MERIDIAN_LDAP_GROUPS", list, "", "Groups whose members are put into groups of the same names here."
    ),
    Option(
        "MERIDIAN_OIDC_ISSUER",
        str,
        "",
        "OpenID Connect provider to sign in with, like https://login.example.org. Empty: none.",
    ),
    Option("MERIDIAN_OIDC_CLIENT_ID", str, "", "What the provider calls this installation."),
    Option("MERIDIAN_OIDC_SECRET_FILE", str, "", "File with the client's secret. Empty: a public client."),
    Option("MERIDIAN_OIDC_LABEL", str, "OpenID Connect", "What the button says after “Sign in with”."),
    Option("MERIDIAN_OIDC_SCOPE", str, "openid profile email", "What to ask the provider for."),
    Option("MERIDIAN_OIDC_NAME", str, "preferred_username", "Claim with the user's name."),
    Option("MERIDIAN_OIDC_EMAIL", str, "email", "Claim with the mail address."),
    Option("MERIDIAN_OIDC_GROUPS_CLAIM", str, "groups", "Claim with the names of the user's groups."),
    Option(
        "MERIDIAN_OIDC_GROUPS", list, "", "Groups whose members are put into groups of the same names here."
    ),
    Option(
        "MERIDIAN_OIDC_ALLOWED_GROUPS",
        list,
        "",
        "Only members of one of these groups may sign in. Empty: all.",
    ),
    Option(
        "MERIDIAN_OIDC_ALLOWED_MAIL_DOMAINS",
        list,
        "",
        "Only people with a verified mail address in one of these domains may sign in. Empty: all.",
    ),
    Option(
        "MERIDIAN_OIDC_MAKES_USERS",
        bool,
        "true",
        "Make a user at a person's first sign-in; else strangers stay out.",
    ),
    Option(
        "MERIDIAN_OIDC_DOMAIN", str, "default", "Domain that the provider's users belong to, by id or name."
    ),
)


def read(name: str) -> Any:
    """Return the option `name`, converted to its type. Raise ImproperlyConfigured."""
    option = next(option for option in OPTIONS if option.name == name)
    reader = environ.Env()
    try:
        match option.type.__name__:
            case "bool":
                return _BOOLEANS[reader.str(name, default="").strip().lower() or option.default]
            case "int":
                return reader.int(name, default=int(option.default))
            case "list":
                default = option.default.split(",")
                return [item.strip() for item in reader.list(name, default=default) if item.strip()]
            case _:
                return reader.str(name, default=option.default)
    except (ValueError, KeyError) as error:
        raise ImproperlyConfigured(
            f"{name}={reader.str(name)!r} is not {_words[option.type.__name__]}. {option.help}"
        ) from error


_BOOLEANS = {
    "true": True,
    "yes": True,
    "on": True,
    "1": True,
    "false": False,
    "no": False,
    "off": False,
    "0": False,
}
_words = {"bool": "yes or no", "int": "a whole number", "list": "a list with commas", "str": "text"}


def count(name: str) -> int:
    """Return the option `name` as a number of processes. Raise ImproperlyConfigured if it is below one."""
    value = int(read(name))
    if value < 1:
        raise ImproperlyConfigured(f"{name}={value} must be at least 1.")
    return value


def days(name: str) -> int:
    """Return the option `name` as a number of days. Raise ImproperlyConfigured below zero or over a century."""
    value = int(read(name))
    if not 0 <= value <= 36_500:
        raise ImproperlyConfigured(f"{name}={value} must be from 0 to 36500 days.")
    return value


def folder(name: str) -> Path:
    """Return the option `name` as an absolute folder; relative ones begin at the checkout."""
    return (BASE_DIR / Path(read(name)).expanduser()).resolve()


def ports(name: str) -> frozenset[int]:
    """Return the option `name` as numbers of ports. Raise ImproperlyConfigured for anything else."""
    values = read(name)
    if wrong := [value for value in values if not (value.isdecimal() and 0 < int(value) < 65_536)]:
        raise ImproperlyConfigured(f"{name}: {wrong[0]!r} must be a port, like 443.")
    return frozenset(map(int, values))


def networks(name: str) -> tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]:
    """Return the option `name` as networks. Raise ImproperlyConfigured for anything else."""
    try:
        return tuple(ipaddress.ip_network(value) for value in read(name))
    except ValueError as error:
        raise ImproperlyConfigured(f"{name} must list networks like 10.0.0.0/24: {error}.") from error


def content(name: str) -> str:
    """Return the content of the file that the option names; empty if it names none. Raise ImproperlyConfigured."""
    file = read(name)
    if not file:
        return ""
    try:
        return Path(file).expanduser().read_text().rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise ImproperlyConfigured(f"{name}={file!r} cannot be read: {error}.") from error


def origin(name: str) -> str:
    """Return the option `name` as scheme://host[:port]. Raise ImproperlyConfigured for anything else."""
    value = read(name).rstrip("/")
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.path:
        raise ImproperlyConfigured(f"{name}={value!r} must look like https://cloud.example.org")
    return value


def address(name: str) -> str:
    """Return the option `name` as IP:port; empty stays empty. Raise ImproperlyConfigured for anything else."""
    value = str(read(name))
    if value and not _is_address(value):
        raise ImproperlyConfigured(
            f"{name}={value!r} must be an address of this machine and a port, like 10.0.0.5:8100."
        )
    return value


def _is_address(value: str) -> bool:
    """Return whether the value is one IP address and a port that is not the last."""
    ip, _colon, port = value.rpartition(":")
    try:
        return not ipaddress.ip_address(ip.strip("[]")).is_unspecified and 0 < int(port) < 65535
    except ValueError:
        return False


def mail(name: str) -> dict[str, Any]:
    """Return the option `name` as Django's settings of a mail server.

    Raise ImproperlyConfigured for anything else.
    """
    value = str(read(name))
    if value and urlsplit(value).scheme not in environ.Env.EMAIL_SCHEMES:
        schemes = ", ".join(sorted(environ.Env.EMAIL_SCHEMES))
        raise ImproperlyConfigured(f"{name}={value!r} must begin with one of {schemes}.")
    return dict(environ.Env.email_url_config(value or "consolemail://"))


def choice(name: str, allowed: set[str]) -> str:
    """Return the option `name`. Raise ImproperlyConfigured unless it is one of `allowed`."""
    value = str(read(name))
    if value not in allowed:
        raise ImproperlyConfigured(f"{name}={value!r} must be one of {', '.join(sorted(allowed))}.")
    return value
