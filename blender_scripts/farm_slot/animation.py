"""Reads animation data in all versions of Blender."""

from __future__ import annotations

from typing import Any, Iterator


def curves_of(action: Any) -> Iterator[Any]:
    """The collections of its curves."""
    if hasattr(action, "fcurves"):  # up to 4.5
        yield action.fcurves
    for layer in getattr(action, "layers", ()):
        for strip in layer.strips:
            for bag in strip.channelbags:
                yield bag.fcurves
