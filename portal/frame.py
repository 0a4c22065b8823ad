"""The frame of every page: navigation, project switcher, operations in progress, theme."""

from dataclasses import dataclass
from functools import cached_property

from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts import policy
from accounts.context import Context
from accounts.models import Project
from accounts.services import quota_requests
from compute.engine.models import Operation
from compute.engine.services import operations_log
from portal import words
from portal.activity_entries import Entry, make_entries
from portal.themes import ROWS, THEME_COOKIE, THEMES


@dataclass(frozen=True, slots=True, kw_only=True)
class NavigationItem:
    """A page in the navigation, shown to users whom `rule` allows, if only within a domain."""

    name: str
    label: str | Promise
    icon: str
    rule: str

    @property
    def url(self) -> str:
        return reverse(self.name)


WORK = (
    NavigationItem(name="overview", label=_("Overview"), icon="layout-dashboard", rule="instance:read"),
    NavigationItem(name="instances", label=_("Instances"), icon="server-2", rule="instance:read"),
    NavigationItem(name="images", label=_("Images"), icon="disc", rule="image:read"),
    NavigationItem(name="volumes", label=_("Volumes"), icon="database", rule="volume:read"),
    NavigationItem(name="backups", label=_("Backups"), icon="archive", rule="backup:read"),
    NavigationItem(
        name="server-groups", label=_("Server groups"), icon="affiliate", rule="server_group:read"
    ),
    NavigationItem(name="keypairs", label=_("SSH keys"), icon="key", rule="keypair:write"),
    NavigationItem(name="credentials", label=_("Credentials"), icon="robot", rule="credential:write"),
    NavigationItem(name="activity", label=_("Activity"), icon="history", rule="activity:read"),
    NavigationItem(name="recycle-bin", label=_("Recycle bin"), icon="trash", rule="instance:read"),
)
ADMINISTRATION = (
    NavigationItem(name="cloud", label=_("Cloud"), icon="cloud", rule="hypervisor:read"),
    NavigationItem(name="hosts", label=_("Hosts"), icon="server", rule="hypervisor:read"),
    NavigationItem(name="projects", label=_("Projects and quotas"), icon="chart-bar", rule="project:read"),
    NavigationItem(name="usage", label=_("Usage"), icon="chart-histogram", rule="usage:read_all"),
    NavigationItem(name="users", label=_("Users"), icon="user", rule="user:read"),
    NavigationItem(name="groups", label=_("Groups"), icon="users", rule="group:read"),
    NavigationItem(name="roles", label=_("Roles"), icon="shield-check", rule="role:write"),
    NavigationItem(name="aggregates", label=_("Host aggregates"), icon="stack-2", rule="hypervisor:read"),
    NavigationItem(name="flavors", label=_("Flavors"), icon="ruler-2", rule="flavor:write"),
    NavigationItem(name="volume-types", label=_("Volume types"), icon="category", rule="volume_type:write"),
    NavigationItem(name="quota-requests", label=_("Quota requests"), icon="hand-stop", rule="quota:write"),
    NavigationItem(name="audit", label=_("Audit log"), icon="clipboard-list", rule="audit:read"),
    NavigationItem(name="health", label=_("Health"), icon="heartbeat", rule="health:read"),
)
FURTHER = (NavigationItem(name="domains", label=_("Domains"), icon="sitemap", rule="domain:read"),)
"""Pages that other pages lead to, and the palette."""

PARTS_OF = {
    "launch": "instances",
    "ec2": "credentials",
    "host": "hosts",
    "instance": "instances",
    "image": "images",
    "volume": "volumes",
    "volume-type": "volume-types",
    "project": "projects",
    "domain": "projects",
    "user": "users",
    "group": "groups",
    "role": "roles",
    "server": "server-groups",
    "aggregate": "aggregates",
    "flavor": "flavors",
}
"""By the first words of a page's name, the navigation item that it belongs to."""


class Permissions:
    """The rules as templates ask for them: `may.user_write` is whether `user:write` is allowed somewhere."""

    def __init__(self, context: Context | None) -> None:
        self._context = context

    def __getitem__(self, name: str) -> bool:
        noun, _separator, verb = name.rpartition("_")
        return self._context is not None and policy.allows_somewhere(self._context, f"{noun}:{verb}")


class Frame:
    """Values of the frame. Each is read when a template first shows it, so parts of pages cost nothing."""

    def __init__(self, request: HttpRequest) -> None:
        self._request = request
        self._context: Context | None = getattr(request, "context", None)

    @cached_property
    def signed_in(self) -> bool:
        return self._context is not None

    @cached_property
    def theme(self) -> str:
        """Return auto, light or dark: the user's own, before signing in the browser's last."""
        theme = self._context.user.theme if self._context else self._request.COOKIES.get(THEME_COOKIE, "")
        return theme if theme in THEMES else "auto"

    @cached_property
    def rows(self) -> str:
        """Return how high the rows of lists are."""
        return self._context.user.rows if self._context else ROWS[0]

    @cached_property
    def hidden_columns(self) -> list[str]:
        """Return the columns that the list of instances leaves out."""
        return self._context.user.hidden_columns if self._context else []

    @property
    def ago_sentences(self) -> list[tuple[float | None, int, str]]:
        return words.ago_sentences()

    @cached_property
    def project(self) -> Project | None:
        return self._context.project if self._context else None

    @cached_property
    def projects(self) -> tuple[Project, ...]:
        return self._context.projects if self._context else ()

    @cached_property
    def work(self) -> list[NavigationItem]:
        return permitted_items(self._context, WORK)

    @cached_property
    def administration(self) -> list[NavigationItem]:
        return permitted_items(self._context, ADMINISTRATION)

    @cached_property
    def may(self) -> Permissions:
        return Permissions(self._context)

    @cached_property
    def here(self) -> str:
        """Return the name of the navigation item that the page belongs to."""
        match = self._request.resolver_match
        name = (match.url_name or "") if match else ""
        words_of_name = name.split("-")
        beginnings = ("-".join(words_of_name[:count]).removesuffix("s") for count in (2, 1))
        return next((PARTS_OF[beginning] for beginning in beginnings if beginning in PARTS_OF), name)

    @cached_property
    def parent(self) -> NavigationItem | None:
        """Return the navigation item that the page belongs to; None if it is that item's own page."""
        match = self._request.resolver_match
        items = {item.name: item for item in (*WORK, *ADMINISTRATION, *FURTHER)}
        item = items.get(self.here)
        return item if item and match and match.url_name != item.name else None

    @cached_property
    def operations(self) -> list[Operation]:
        """Return the project's operations in progress."""
        if self._context is None or not policy.allows(self._context, "activity:read"):
            return []
        return operations_log.in_progress(self._context)

    @cached_property
    def waiting_requests(self) -> int:
        """Return the number of open quota requests, for the administrators' badge."""
        if self._context is None or not policy.allows(self._context, "quota:write"):
            return 0
        return quota_requests.count(self._context)

    @cached_property
    def entries(self) -> list[Entry]:
        return make_entries(self.operations)

    @cached_property
    def ended(self) -> list[Entry]:
        """Return the user's own operations that ended last."""
        if self._context is None or not policy.allows(self._context, "activity:read"):
            return []
        return make_entries(operations_log.ended(self._context))

    @cached_property
    def news(self) -> str:
        """Return the color of what ended since the user last looked: red if something failed, empty if nothing did."""
        seen_at = self._context.user.operations_seen_at if self._context else None
        colours = {
            entry.colour
            for entry in self.ended
            if seen_at and entry.operation.finished_at and entry.operation.finished_at > seen_at
        }
        return next((colour for colour in ("red", "yellow", "green") if colour in colours), "")


def permitted_items(context: Context | None, items: tuple[NavigationItem, ...]) -> list[NavigationItem]:
    """Return the items that the user may open."""
    return [item for item in items if context is not None and policy.allows_somewhere(context, item.rule)]


def frame(request: HttpRequest) -> dict[str, Frame]:
    """Return the frame for templates, as Django's context processor."""
    return {"frame": Frame(request)}
