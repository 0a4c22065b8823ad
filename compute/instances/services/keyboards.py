"""Keyboard layouts: the strokes that write a character, for text that is typed into a guest.

The layouts are those of the distribution (package xkb-data), read by libxkbcommon.
"""

import ctypes
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from django.utils.translation import gettext as _

from accounts.errors import BadInput, Unavailable
from compute.instances.models import Instance

LAYOUTS: dict[str, tuple[str, str, str]] = {
    "us": ("us", "", "English (US)"),
    "gb": ("gb", "", "English (UK)"),
    "de": ("de", "", "Deutsch"),
    "ch": ("ch", "", "Deutsch (Schweiz)"),
    "ch-fr": ("ch", "fr", "Français (Suisse)"),
    "fr": ("fr", "", "Français"),
    "es": ("es", "", "Español"),
    "it": ("it", "", "Italiano"),
    "pt": ("pt", "", "Português"),
    "br": ("br", "", "Português (Brasil)"),
    "dk": ("dk", "", "Dansk"),
    "no": ("no", "", "Norsk"),
    "se": ("se", "", "Svenska"),
    "fi": ("fi", "", "Suomi"),
    "pl": ("pl", "", "Polski"),
    "cz": ("cz", "", "Čeština"),
    "tr": ("tr", "", "Türkçe"),
    "ru": ("ru", "", "Русский"),
    "jp": ("jp", "", "日本語"),
}
"""{name: layout and variant of xkb-data, the language's own name}."""

_EVDEV = 8
"""What X adds to the kernel's key codes."""
_ROWS = {
    2: "Digit1 Digit2 Digit3 Digit4 Digit5 Digit6 Digit7 Digit8 Digit9 Digit0 Minus Equal",
    16: "KeyQ KeyW KeyE KeyR KeyT KeyY KeyU KeyI KeyO KeyP BracketLeft BracketRight",
    30: "KeyA KeyS KeyD KeyF KeyG KeyH KeyJ KeyK KeyL Semicolon Quote Backquote",
    43: "Backslash KeyZ KeyX KeyC KeyV KeyB KeyN KeyM Comma Period Slash",
    57: "Space",
    86: "IntlBackslash",
    89: "IntlRo",
    124: "IntlYen",
}
"""Key codes of the kernel from which rows begin, and the browsers' names of their keys (W3C, UI Events code values)."""
_KEYS = {first + place: code for first, row in _ROWS.items() for place, code in enumerate(row.split())}
_MARKS = {
    "dead_grave": "\u0300",
    "dead_acute": "\u0301",
    "dead_circumflex": "\u0302",
    "dead_tilde": "\u0303",
    "dead_abovedot": "\u0307",
    "dead_diaeresis": "\u0308",
    "dead_abovering": "\u030a",
    "dead_doubleacute": "\u030b",
    "dead_caron": "\u030c",
    "dead_cedilla": "\u0327",
    "dead_ogonek": "\u0328",
}
"""Dead keys, and the mark that each puts on the next letter."""
_ALONE = {"dead_grave": "`", "dead_circumflex": "^", "dead_tilde": "~"}
"""What dead keys write before a space, where systems agree."""


@dataclass(frozen=True, slots=True)
class Stroke:
    """A key, by its code in browsers and X11's number of what it writes, with Shift and AltGr held or not."""

    code: str
    keysym: int
    shift: bool
    altgr: bool


def set_layout(instance: Instance, name: str) -> None:
    """Keep the layout inside the guest. Raise BadInput."""
    if name not in LAYOUTS:
        raise BadInput(fields={"layout": _("There is no such layout.")})
    Instance.objects.filter(pk=instance.pk).update(keyboard=name)


@cache
def strokes(name: str) -> dict[str, list[Stroke]]:
    """Return {character: its strokes, one after the other}. Raise BadInput, Unavailable without the library."""
    if name not in LAYOUTS:
        raise BadInput(fields={"layout": _("There is no such layout.")})
    direct: dict[str, list[Stroke]] = {}
    dead: dict[str, Stroke] = {}
    for stroke, character, symbol in sorted(_strokes(name), key=_effort):
        if symbol in _MARKS:
            dead.setdefault(symbol, stroke)
        elif character:
            direct.setdefault(character, [stroke])
    composed: dict[str, list[Stroke]] = {}
    for symbol, accent in dead.items():
        for letter, then in direct.items():
            whole = unicodedata.normalize("NFC", letter + _MARKS[symbol])
            if len(whole) == 1:
                composed.setdefault(whole, [accent, *then])
        if symbol in _ALONE and " " in direct:
            composed.setdefault(_ALONE[symbol], [accent, *direct[" "]])
    return composed | direct


def _effort(way: tuple[Stroke, str, str]) -> tuple[bool, bool]:
    return way[0].altgr, way[0].shift


class _Names(ctypes.Structure):
    """`struct xkb_rule_names`."""

    _fields_ = [(name, ctypes.c_char_p) for name in ("rules", "model", "layout", "variant", "options")]


def _strokes(name: str) -> Iterator[tuple[Stroke, str, str]]:
    """Yield every stroke of a layout, the character that it writes, and the name of its symbol."""
    xkb = _library()
    layout, variant, _label = LAYOUTS[name]
    names = _Names(b"evdev", b"pc105", layout.encode(), variant.encode(), b"")
    context = xkb.xkb_context_new(0)
    keymap = xkb.xkb_keymap_new_from_names(context, ctypes.byref(names), 0)
    if not keymap:
        raise Unavailable(_("The keyboard layouts are not installed. Install the package xkb-data."))
    try:
        shift = 1 << xkb.xkb_keymap_mod_get_index(keymap, b"Shift")
        altgr = 1 << xkb.xkb_keymap_mod_get_index(keymap, b"Mod5")
        for key, code in _KEYS.items():
            for level in range(xkb.xkb_keymap_num_levels_for_key(keymap, key + _EVDEV, 0)):
                held = _held(xkb, keymap, key + _EVDEV, level, shift | altgr)
                symbol = _symbol(xkb, keymap, key + _EVDEV, level)
                if held is None or not symbol:
                    continue
                stroke = Stroke(code, symbol, shift=bool(held & shift), altgr=bool(held & altgr))
                point = xkb.xkb_keysym_to_utf32(symbol)
                yield stroke, chr(point) if point >= 0x20 else "", _symbol_name(xkb, symbol)
    finally:
        xkb.xkb_keymap_unref(keymap)
        xkb.xkb_context_unref(context)


def _held(xkb: ctypes.CDLL, keymap: int, key: int, level: int, usual: int) -> int | None:
    """Return the modifiers that reach a level, if Shift and AltGr do."""
    masks = (ctypes.c_uint32 * 16)()
    count = xkb.xkb_keymap_key_get_mods_for_level(keymap, key, 0, level, masks, len(masks))
    return min((mask for mask in masks[:count] if not mask & ~usual), default=None)


def _symbol(xkb: ctypes.CDLL, keymap: int, key: int, level: int) -> int:
    """Return the symbol of a level; 0 for none, or for several at once."""
    symbols = ctypes.POINTER(ctypes.c_uint32)()
    count = xkb.xkb_keymap_key_get_syms_by_level(keymap, key, 0, level, ctypes.byref(symbols))
    return int(symbols[0]) if count == 1 else 0


def _symbol_name(xkb: ctypes.CDLL, symbol: int) -> str:
    name = ctypes.create_string_buffer(64)
    xkb.xkb_keysym_get_name(symbol, name, len(name))
    return name.value.decode()


@cache
def _library() -> ctypes.CDLL:
    try:
        xkb = ctypes.CDLL("libxkbcommon.so.0")
    except OSError as error:
        sentence = _("The keyboard layouts are not installed. Install the package libxkbcommon0.")
        raise Unavailable(sentence) from error
    for function in ("xkb_context_new", "xkb_keymap_new_from_names"):
        getattr(xkb, function).restype = ctypes.c_void_p
    pointer, number = ctypes.c_void_p, ctypes.c_uint32
    xkb.xkb_keymap_new_from_names.argtypes = [pointer, pointer, ctypes.c_int]
    xkb.xkb_keymap_mod_get_index.argtypes = [pointer, ctypes.c_char_p]
    xkb.xkb_keymap_num_levels_for_key.argtypes = [pointer, number, number]
    xkb.xkb_keymap_key_get_mods_for_level.argtypes = [
        pointer,
        number,
        number,
        number,
        pointer,
        ctypes.c_size_t,
    ]
    xkb.xkb_keymap_key_get_syms_by_level.argtypes = [pointer, number, number, number, pointer]
    for function in ("xkb_keymap_unref", "xkb_context_unref"):
        getattr(xkb, function).argtypes = [pointer]
    return xkb
