"""Reads animation data in all versions of Blender, and removes some of it from memory."""

from __future__ import annotations

import re
from typing import Any, Iterator, List


def curves_of(action: Any) -> Iterator[Any]:
    """The collections of its curves."""
    if hasattr(action, "fcurves"):  # up to 4.5
        yield action.fcurves
    for layer in getattr(action, "layers", ()):
        for strip in layer.strips:
            for bag in strip.channelbags:
                yield bag.fcurves


def free(scene: Any, pattern: str) -> List[str]:
    """Removes whatever animates properties of the scene whose paths match, and returns those paths: Blender would set them
    again at each frame, and once more when it renders.
    """
    animation = scene.animation_data
    freed = []  # type: List[str]
    for curves in [animation.drivers, *_all_curves(animation)] if animation is not None else ():
        for curve in list(curves):
            matching = [path for path in (curve.data_path, plain(curve.data_path)) if re.fullmatch(pattern, path)]
            if matching:
                freed.append(matching[0])
                curves.remove(curve)
    return freed


def _all_curves(animation: Any) -> Iterator[Any]:
    """The collections of curves in its action and in all strips of its tracks."""
    strips = [strip for track in animation.nla_tracks for strip in track.strips]
    for strip in strips:
        strips += getattr(strip, "strips", ())  # those inside a meta strip are found while the list grows
    for action in [animation.action] + [strip.action for strip in strips]:
        if action is not None:
            yield from curves_of(action)


def plain(path: str) -> str:
    """A property's path with dots: `["cycles"]["samples"]` means `cycles.samples`. Names of view layers stay as they are."""
    return re.sub(r'(?<!view_layers)\["(\w+)"\]', r".\1", path).lstrip(".")
