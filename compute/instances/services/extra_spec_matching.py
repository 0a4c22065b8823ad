"""Compares what a flavor asks of hosts with what they have (Nova guide, extra specs, operators)."""

import operator
from collections.abc import Callable

_NUMBERS: dict[str, Callable[[float, float], bool]] = {
    "=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
    ">=": operator.ge,
    "<=": operator.le,
}
_TEXTS: dict[str, Callable[[str, str], bool]] = {
    "s==": operator.eq,
    "s!=": operator.ne,
    "s<": operator.lt,
    "s<=": operator.le,
    "s>": operator.gt,
    "s>=": operator.ge,
}


def matches(has: str, asked: str) -> bool:
    """Whether a host's value is what is asked: a text, or an operator and what it compares with.

    `= 5` is a number of at least 5; `<or> a <or> b` is one of several; `<in> a` is a part.
    """
    first, _space, rest = asked.strip().partition(" ")
    rest = rest.strip()
    if first == "<or>":
        return has in {choice.strip() for choice in rest.split("<or>")}
    if first == "<in>":
        return rest in has
    if first == "<all-in>":
        return all(word in has for word in rest.replace("<all-in>", " ").split())
    if first in _TEXTS and rest:
        return _TEXTS[first](has, rest)
    if first in _NUMBERS and rest:
        try:
            return _NUMBERS[first](float(has), float(rest))
        except ValueError:
            return False
    return has == asked
