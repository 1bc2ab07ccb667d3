"""Checks single settings of a layer; each check returns what the layer is given."""

import math
from collections.abc import Callable
from typing import Any

from tlgui.ml.foreign import allowed, limits

Check = Callable[[Any], Any]


def integer(value: Any) -> int:
    """A whole number from -1 (an axis, a free side) to `limits.INTEGER`."""
    if type(value) is not int or not -limits.HDF5_RANK <= value <= limits.INTEGER:
        raise ValueError("expected a whole number of usual size")
    return value


def count(value: Any) -> int:
    """A whole number of at least one."""
    if integer(value) < 1:
        raise ValueError("expected a whole number of at least 1")
    return int(value)


def margin(value: Any) -> int:
    """A whole number of at least zero."""
    if integer(value) < 0:
        raise ValueError("expected a whole number of at least 0")
    return int(value)


def number(value: Any) -> float:
    """A finite number of usual size."""
    if type(value) not in (int, float) or not abs(value) <= limits.NUMBER:
        raise ValueError("expected a number of usual size")
    if not math.isfinite(value):
        raise ValueError("expected a finite number")
    return float(value)


def flag(value: Any) -> bool:
    """True or false; older files have 1 and 0."""
    if value not in (True, False):
        raise ValueError("expected true or false")
    return bool(value)


def word(*words: str) -> Check:
    """One of the given words."""

    def check(value: Any) -> str:
        if not isinstance(value, str) or value not in words:
            raise ValueError(f"expected one of {', '.join(words)}")
        return value

    return check


def maybe(check: Check) -> Check:
    """The same, or nothing."""
    return lambda value: None if value is None else check(value)


def either(*checks: Check) -> Check:
    """The first check that holds."""

    def check(value: Any) -> Any:
        for one in checks[:-1]:
            try:
                return one(value)
            except ValueError:
                continue
        return checks[-1](value)

    return check


def listed(check: Check, *lengths: int) -> Check:
    """A list of values that each hold; of one of these lengths, if any is given."""

    def check_all(value: Any) -> tuple[Any, ...]:
        if not isinstance(value, list) or len(value) > limits.INTEGER:
            raise ValueError("expected a list")
        if lengths and len(value) not in lengths:
            raise ValueError(f"expected {lengths[0]} values")
        return tuple(check(part) for part in value)

    return check_all


def sides(check: Check) -> Check:
    """A value for rows and columns, or one for both."""
    return either(check, listed(check, 2))


def activation(value: Any) -> str:
    """The name of an activation; Keras 3 sometimes wraps it into an object."""
    if isinstance(value, dict) and value.get("class_name") == "function":
        value = value.get("config")
    if value is None:
        return "linear"
    return str(word(*sorted(allowed.ACTIVATIONS))(value))


def channels_last(value: Any) -> None:
    """The only layout that is used here."""
    if value not in (None, "channels_last"):
        raise ValueError("expected channels_last")


def only(*values: Any) -> Check:
    """A setting that must not differ from its usual value."""

    def check(value: Any) -> None:
        if value not in values:
            raise ValueError(f"expected {values[0]!r}")

    return check
