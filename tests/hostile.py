"""Inputs that people, scripts and attackers really send."""

FIVE_THOUSAND_DIGITS = "9" * 5000

NO_NUMBERS: dict[str, object] = {
    "empty": "",
    "blank": "  ",
    "none": None,
    "not a number": "NaN",
    "float not a number": float("nan"),
    "infinity": float("inf"),
    "1e999": "1e999",
    "1.5 as text": "1.5",
    "1.5": 1.5,
    "1.0": 1.0,
    "true": True,
    "true as text": "true",
    "2^63": 2**63,
    "2^63 as text": str(2**63),
    "-2^63": -(2**63),
    "5,000 digits": FIVE_THOUSAND_DIGITS,
    "an int too long to print": 10**5000,
    "arabic digits": "١٢",
    "superscript": "²",
    "hexadecimal": "0x10",
    "underscore": "1_0",
    "two minuses": "--1",
    "minus alone": "-",
    "plus": "+5",
    "list": [1],
    "bytes": b"1",
}
"""What is no whole number that we take, whatever its range."""

BAD_NAMES: dict[str, object] = {
    "empty": "",
    "blank": " \t ",
    "none": None,
    "number": 7,
    "list": ["web"],
    "newline": "web\n1",
    "carriage return": "web\r1",
    "zero byte": "web\0",
    "escape": "web\x1b[31m",
    "delete": "web\x7f",
    "C1 control": "web\x851",
    "right-to-left override": "web‮gpj.exe",
    "isolate": "web⁦1",
    "zero-width space": "we\u200bb",
    "zero-width joiner in ASCII": "we\u200db",
    "zero-width joiner at the end": "خانه\u200c",
    "two zero-width joiners": "می\u200c\u200cخواهم",
    "Hangul filler": "web\u3164",
    "grapheme joiner": "we\u034fb",
    "no character": "web\uffff",
    "byte order mark": "\ufeffweb",
    "soft hyphen": "we\xadb",
    "line separator": "web\u20281",
    "paragraph separator": "web\u20291",
    "lone high surrogate": "web\ud800",
    "lone low surrogate": "web\udc00",
    "private use": "web\ue000",
    "unassigned": "web\U000e0fff",
    "256 characters": "x" * 256,
    "256 of two bytes": "é" * 256,
    "10 MB": "x" * 10_000_000,
}

STRANGE_BUT_TRUE_NAMES = [
    "</name><disk type='file'>",
    "&xxe;",
    "<script>alert(1)</script>",
    "' OR 1=1 --",
    "../../etc/passwd",
    "{{ 7*7 }}%s%(name)s{0}",
    "数据库一号",
    "e\u0301te\u0301",
    "سيرفر",
    "🐧 penguin",
    "می\u200cخواهم",
    "👩🏽\u200d🔬 lab",
    "newer than Python \U0001fadf",
    "x" * 255,
    "é" * 255,
]
"""Unusual, but text like any other."""

VALUES: dict[str, object] = {
    "null": None,
    "true": True,
    "zero": 0,
    "minus one": -1,
    "1.5": 1.5,
    "1e999": float("inf"),
    "2^63": 2**63,
    "2^200": 2**200,
    "empty text": "",
    "zero byte": "a\0b",
    "lone surrogate": "\ud800",
    "right-to-left override": "a\u202eb",
    "10,000 characters": "x" * 10_000,
    "5,000 digits": FIVE_THOUSAND_DIGITS,
    "markup": "<script>alert(1)</script>",
    "SQL": "' OR 1=1 --",
    "format": "%s%(name)s{0}",
    "path": "../../etc/passwd",
    "base64 of no text": "/w==",
    "empty list": [],
    "list of lists": [[[]]],
    "list of text": ["a", "a"],
    "list of null": [None],
    "empty object": {},
    "object": {"a": {"b": "c"}},
    "object with strange keys": {"": 1, "a\0": 2, "\ud800": 3, "x" * 300: 4},
}
"""One of every kind of value, in the place of any field."""


def deep(levels: int = 300) -> object:
    """Return lists in lists."""
    found: object = []
    for _level in range(levels):
        found = [found]
    return found
