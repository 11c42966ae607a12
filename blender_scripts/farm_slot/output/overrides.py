"""Renders a scene otherwise than its file says, as `overrides` in docs/protocol.md asks: smaller, with fewer samples.

Call `apply` after each opening, before anything else looks at the scene. The file itself is never changed.
"""

from __future__ import annotations

import re
from typing import Any, Dict, Iterator

import bpy

from ..animation import curves_of


def apply(scene: Any, overrides: Dict[str, int]) -> None:
    """`scene` is the one that will be rendered."""
    if "scale" in overrides:
        _scale(scene.render, overrides["scale"])
    if "maxSamples" in overrides:
        for each in bpy.data.scenes:  # strips and nodes may render others
            _limit_cycles(each, overrides["maxSamples"])
            _limit_eevee(each, overrides["maxSamples"])


def _scale(render: Any, percent: int) -> None:
    """Nothing can animate it. Other scenes, in strips, keep their size: Blender scales their pictures with this one."""
    render.resolution_percentage = max(1, render.resolution_percentage * percent // 100)


def _limit_cycles(scene: Any, most: int) -> None:
    cycles = getattr(scene, "cycles", None)
    if cycles is None:
        return
    samples = cycles.samples
    if getattr(cycles, "use_square_samples", False):  # up to 2.93
        samples *= samples
    _fix(scene, "cycles.use_square_samples", False)
    _fix(scene, "cycles.samples", min(samples, most))
    _fix(scene, "cycles.progressive", "PATH")  # up to 2.93: branched paths multiply their samples
    # Otherwise view layers may have numbers of their own.
    if cycles.use_layer_samples == "USE":
        cycles.use_layer_samples = "BOUNDED"
    _free(scene, "cycles.use_layer_samples")


def _limit_eevee(scene: Any, most: int) -> None:
    _fix(scene, "eevee.taa_render_samples", min(scene.eevee.taa_render_samples, most))


def _fix(scene: Any, path: str, value: Any) -> None:
    """Sets a property for all frames, if this Blender has it."""
    owner, name = path.split(".")
    if hasattr(getattr(scene, owner), name):
        _free(scene, path)
        setattr(getattr(scene, owner), name, value)


def _free(scene: Any, path: str) -> None:
    """Removes whatever animates a property: Blender would set it again at each frame, and once more when it renders."""
    animation = scene.animation_data
    if animation is None:
        return
    for curves in [animation.drivers, *_curves_of(animation)]:
        for curve in [each for each in curves if _plain(each.data_path) == path]:
            curves.remove(curve)


def _curves_of(animation: Any) -> Iterator[Any]:
    """The collections of curves in its action and in all strips of its tracks."""
    strips = [strip for track in animation.nla_tracks for strip in track.strips]
    for strip in strips:
        strips += getattr(strip, "strips", ())  # those inside a meta strip are found while the list grows
    for action in [animation.action] + [strip.action for strip in strips]:
        if action is not None:
            yield from curves_of(action)


def _plain(path: str) -> str:
    """A property's path with dots only: `["cycles"]["samples"]` means `cycles.samples`."""
    return re.sub(r'\["(\w+)"\]', r".\1", path).lstrip(".")
