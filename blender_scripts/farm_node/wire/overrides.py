"""What a job may have rendered otherwise than its blendfile says (docs/protocol.md, "Overrides"). Pure."""

from __future__ import annotations

from typing import Any

from .checks import Check, is_name, whole

_SAMPLES = whole(1, 2**24)
_PERCENT = whole(1, 1000)
_SIDE = whole(4, 65_536)


def _is_resolution(value: Any) -> bool:
    if not isinstance(value, dict):
        return False
    if set(value) == {"percent"}:
        return _PERCENT(value["percent"])
    return set(value) == {"width", "height"} and all(map(_SIDE, value.values()))


def _is_chosen(value: Any) -> bool:
    return is_name(value) and value != ""


OVERRIDES: dict[str, Check] = {
    "scale": whole(1, 100),
    "maxSamples": _SAMPLES,
    "samples": _SAMPLES,
    "resolution": _is_resolution,
    "engine": _is_chosen,
    "camera": _is_chosen,
    "viewLayer": _is_chosen,
    "seed": whole(0, 2**31 - 1),
    "transparent": lambda value: value is True,
    "denoise": lambda value: type(value) is bool,
    "simplify": whole(0, 32),
    "threads": whole(1, 1024),
    "timeLimit": whole(1, 10**9),
}
"""`node-info` names those that this node knows."""


def are_overrides(value: Any) -> bool:
    """Others than those above are refused: the job would be rendered without them."""
    return isinstance(value, dict) and all(name in OVERRIDES and OVERRIDES[name](each) for name, each in value.items())
