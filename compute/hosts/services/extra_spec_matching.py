"""Matching of extra specs of flavors and volume types with values of hosts and pools.

The operators are Nova's (guide, extra specs); Cinder has the same and `<is>`.
"""

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


def matches(value: str, required: str) -> bool:
    """Return whether a host's value meets the required one: a text, or an operator with its operand.

    `= 5` matches numbers from 5, and `<in> a` a part of the value. `<or> a <or> b` matches one of several texts.
    """
    operator_name, _space, operand = required.strip().partition(" ")
    operand = operand.strip()
    if operator_name == "<is>":  # Cinder's, of booleans
        return value.lower() == operand.lower()
    if operator_name == "<or>":
        return value in {choice.strip() for choice in operand.split("<or>")}
    if operator_name == "<in>":
        return operand in value
    if operator_name == "<all-in>":
        return all(word in value for word in operand.replace("<all-in>", " ").split())
    if operator_name in _TEXTS and operand:
        return _TEXTS[operator_name](value, operand)
    if operator_name in _NUMBERS and operand:
        try:
            return _NUMBERS[operator_name](float(value), float(operand))
        except ValueError:
            return False
    return value == required
