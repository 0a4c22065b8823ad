"""Names of browsers for people, from their user agents. Good enough to recognize one's own devices."""

from django.utils.translation import gettext as _

# The first that fits: nearly all browsers also claim to be others.
_BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chromium/", "Chromium"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
    ("curl/", "curl"),
)
_SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("CrOS", "ChromeOS"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
)


def name(user_agent: str) -> str:
    """Return a name like “Firefox on Linux”."""
    browser = _first_match(_BROWSERS, user_agent) or _("Unknown browser")
    system = _first_match(_SYSTEMS, user_agent)
    return _("%(browser)s on %(system)s") % {"browser": browser, "system": system} if system else browser


def icon(user_agent: str) -> str:
    """Return the icon of the kind of device."""
    return (
        "device-mobile" if _first_match(_SYSTEMS, user_agent) in {"iPhone", "Android"} else "device-desktop"
    )


def _first_match(signs: tuple[tuple[str, str], ...], user_agent: str) -> str:
    return next((word for sign, word in signs if sign in user_agent), "")
