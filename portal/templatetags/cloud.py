"""Template tags and filters: icons, statuses, usage bars, sizes and times."""

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from django import template
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from accounts.services.quotas import Resource, Usage
from compute.images.models import Image
from compute.instances.models import Instance
from compute.instances.services import status_labels
from compute.volumes.models import Volume
from portal import amounts, first_visit, icons, preloads, volume_words, words

register = template.Library()


@register.simple_tag
def icon(name: str, extra_class: str = "") -> SafeString:
    """Return the SVG of {% icon "player-play" %}, hidden from screen readers."""
    return icons.svg(name, extra_class)


@register.simple_tag(takes_context=True)
def within(context: template.Context, name: str) -> SafeString:
    """Return the text of a static file at a browser's first visit, see `portal.first_visit`."""
    return first_visit.within(context.get("request"), name)


@register.simple_tag
def preload(name: str) -> SafeString:
    """Ask for a script, and for all that it imports, while the page is still being read."""
    return format_html_join(
        "", '<link rel="modulepreload" href="{}">', ((static(each),) for each in preloads.scripts(name))
    )


@register.simple_tag
def status(instance: Instance) -> SafeString:
    """Show the badge of an instance. Its task, if there is one, stands in place of its status."""
    task = status_labels.task(instance.task_state) if instance.task_state else ""
    return _badge(status_labels.status(instance.status), task, str(instance.colour))


@lru_cache(maxsize=256)
def _badge(label: str, task: str, colour: str) -> SafeString:
    """Return the badge of these words, which are in the page's language already."""
    return render_to_string("parts/status.html", {"label": label, "task": task, "colour": colour})


@register.simple_tag
def volume_status(volume: Volume) -> SafeString:
    """Show the badge of a volume. Its task, if there is one, stands in place of its state."""
    return _badge(str(volume.get_status_display()), volume_words.task(volume), volume_words.color(volume))


@register.filter
def volume_spoken(volume: Volume) -> str:
    """Return the state of a volume in words, for announcing that it changed."""
    return volume_words.spoken(volume)


@register.filter
def volume_source(volume: Volume) -> str:
    """Return what a volume was made of."""
    return volume_words.source(volume)


@register.inclusion_tag("parts/usage_bar.html")
def usage_bar(usage: Usage) -> dict[str, Any]:
    """Show a resource: its name, used of limit, and a bar. It turns yellow at 80 % and red when full."""
    return {
        "usage": usage,
        "label": usage.resource.label,
        "colour": bar_colour(usage),
        "unlimited": usage.left is None,
    }


@register.filter
def amount(value: int | None, unit: str = "") -> str:
    """Return an amount of a unit for people; MiB become GiB if that is shorter."""
    if value is None:
        return "∞"
    return mib(value) if unit == "MiB" else f"{value} {unit}".strip()


@register.filter
def typed_unit(resource: Resource) -> str:
    """Return the unit of what is typed for a resource without one."""
    return amounts.unit(resource)


@register.filter
def beside_limit(usage: Usage) -> str:
    """Return the used amount: 3 of “3 / 1000 GiB”. Zero, or the same unit as the limit's, goes without a unit."""
    used = amount(usage.used, usage.resource.unit)
    number, _space, unit = used.partition(" ")
    if usage.left is None:
        return used
    return number if not usage.used or amount(usage.limit, usage.resource.unit).endswith(f" {unit}") else used


@register.filter
def boot_stage(name: str) -> str:
    """Return the label of a boot stage."""
    return words.boot_stage(name)


@register.filter
def mib(value: int) -> str:
    """Return an amount of MiB for people: 512 → “512 MiB”, 2048 → “2 GiB”, 1536 → “1.5 GiB”."""
    return f"{value} MiB" if value < 1024 else f"{value / 1024:.4g} GiB"


@register.filter
def size(value: int) -> str:
    """Return bytes for people, in binary units."""
    number, units = float(value), ("B", "KiB", "MiB", "GiB", "TiB")
    for unit in units:
        if number < 1024 or unit == units[-1]:
            break
        number /= 1024
    return f"{number:.4g} {unit}" if number < 1000 else f"{number:.0f} {unit}"


@register.filter
def ago(when: datetime | str | None) -> SafeString:
    """Return a <time> element in words. static/js/ago.js keeps it up to date, and tells the time when pointed at."""
    moment = parse_datetime(when) if isinstance(when, str) else when
    if moment is None:
        return SafeString()
    return format_html(
        '<time datetime="{}">{}</time>',
        f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
        words.ago(timezone.now() - moment),
    )


@register.filter
def lasted(began: datetime | str | None, ended: datetime | str | None) -> str:
    """Return a duration, so far if it has no end: “0.4 s”, “12 s”, “3 min 5 s”."""
    start = parse_datetime(began) if isinstance(began, str) else began
    if start is None:
        return ""
    end = (parse_datetime(ended) if isinstance(ended, str) else ended) or timezone.now()
    return words.duration(max(end - start, timedelta(0)))


@register.filter
def percent(progress: dict[str, int] | None) -> int | None:
    """Return the progress of a step, 0 to 100; None if unknown."""
    if not progress or not progress.get("total"):
        return None
    return min(100, round(100 * progress["done"] / progress["total"]))


@register.filter
def spoken(instance: Instance) -> str:
    """Return the status in words, for announcing that it changed."""
    return (
        status_labels.task(instance.task_state)
        if instance.task_state
        else status_labels.status(instance.status)
    )


@register.filter
def left(until: datetime | None) -> str:
    """Return the time until then in words, “now” for the past."""
    if until is None:
        return ""
    remaining = until - timezone.now()
    return _("in %(time)s") % {"time": words.duration(remaining)} if remaining > timedelta(0) else _("now")


@register.filter
def os_icon(image: Image) -> str:
    """Return the icon of an image's system: a brand's if the name says one, else a terminal."""
    icon_names = {"ubuntu": "brand-ubuntu", "debian": "brand-debian", "windows": "brand-windows"}
    name = image.name.lower()
    return next((icon_name for word, icon_name in icon_names.items() if word in name), "terminal-2")


@register.filter
def bar_colour(usage: Usage) -> str:
    """Return the colour of a usage bar: yellow from 80 % on, red if nothing is left."""
    return fullness(usage.percent)


@register.filter
def fullness(percent: int) -> str:
    """Return the colour of a bar that is full to so many percent."""
    return "danger" if percent >= 100 else "warning" if percent >= 80 else "primary"


@register.filter
def hours(value: float) -> str:
    """Return hours for people, as exact as they need: 0.3, 12.5, 1,234."""
    return f"{value:.1f}" if value < 100 else f"{value:,.0f}"


@register.filter
def unlocalize(value: float) -> str:
    """Return a number for SVG, with a point in every language."""
    return f"{value:.2f}"


@register.filter
def commands(text: str) -> SafeString:
    """Return a sentence with its `commands` between backticks as code."""
    parts = str(text).split("`")
    pieces = (format_html("<code>{}</code>", part) if at % 2 else part for at, part in enumerate(parts))
    return format_html_join("", "{}", ((piece,) for piece in pieces))
