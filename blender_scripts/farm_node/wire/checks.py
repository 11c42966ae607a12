"""Checks of single values in messages. Pure."""

from __future__ import annotations

from typing import Any, Callable

MAX_NAME = 256

Check = Callable[[Any], bool]


def whole(low: int, high: int) -> Check:
    return lambda value: type(value) is int and low <= value <= high


def is_name(value: Any) -> bool:
    return isinstance(value, str) and len(value) <= MAX_NAME
