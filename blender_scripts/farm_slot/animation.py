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


def animated_paths(owner: Any) -> Iterator[str]:
    """The paths of the properties of a data-block that drivers, its action or its tracks animate."""
    animation = getattr(owner, "animation_data", None)
    if animation is None:
        return
    collections = [animation.drivers]
    for holder in _holders(animation):
        collections += curves_of(holder.action)
    for curves in collections:
        for curve in curves:
            yield str(curve.data_path)


def free(scene: Any, pattern: str) -> List[str]:
    """Removes whatever animates properties of the scene whose paths match, and returns those paths: Blender would set them
    again at each frame, and once more when it renders. Others that have the same action keep theirs.
    """
    animation = scene.animation_data
    if animation is None:
        return []
    _unshare(scene)
    freed = []  # type: List[str]
    for curves in [animation.drivers, *(curves for holder in _holders(animation) for curves in _curves_of_holder(holder))]:
        for curve in list(curves):
            matching = [path for path in (curve.data_path, plain(curve.data_path)) if re.fullmatch(pattern, path)]
            if matching:
                freed.append(matching[0])
                curves.remove(curve)
    return freed


def _unshare(scene: Any) -> None:
    """Gives the scene copies of the actions that others have too; in tweak mode Blender allows none for the tweaked one."""
    holders = _holders(scene.animation_data)
    for action in {holder.action for holder in holders}:
        its = [holder for holder in holders if holder.action == action]
        is_its_own = action.users - action.use_fake_user <= len(its)
        if is_its_own or any(holder.is_property_readonly("action") for holder in its):
            continue
        copy = action.copy()
        for holder in its:
            slot = getattr(holder, "action_slot", None)
            holder.action = copy
            if slot is not None:
                holder.action_slot = copy.slots[slot.identifier]


def _holders(animation: Any) -> List[Any]:
    """What has an action: the animation itself, and all strips of its tracks."""
    strips = [strip for track in animation.nla_tracks for strip in track.strips]
    for strip in strips:
        strips += getattr(strip, "strips", ())  # those inside a meta strip are found while the list grows
    return [holder for holder in [animation, *strips] if holder.action is not None]


def _curves_of_holder(holder: Any) -> Iterator[Any]:
    """The collections of its curves, without those of the action's other slots."""
    if not hasattr(holder, "action_slot"):  # up to 4.3
        yield holder.action.fcurves
    elif holder.action_slot is not None:
        for layer in holder.action.layers:
            for strip in layer.strips:
                yield from (bag.fcurves for bag in strip.channelbags if bag.slot_handle == holder.action_slot.handle)


def plain(path: str) -> str:
    """A property's path with dots: `["cycles"]["samples"]` means `cycles.samples`. Names of view layers stay as they are."""
    return re.sub(r'(?<!view_layers)\["(\w+)"\]', r".\1", path).lstrip(".")
