"""Bakes simulations into the opened file, and saves a copy of it."""

from __future__ import annotations

from typing import Any, Callable, List

import bpy

from .caches import point_caches
from .faults import SlotFault
from .simulations import HAIR, Simulation

_KEPT_IN_FILES = ("cloth", "soft body", "rigid body", "particles", "simulation zone")
"""Simulations whose caches a blendfile can hold. Others need folders, or are programs."""


def bake(scene: Any, simulations: List[Simulation], path: str, on_share: Callable[[float], None]) -> None:
    """The scene is the window's. `on_share` is told how much of it is done, 0 to 1. Raises SlotFault with the reason if that
    cannot be done.
    """
    for each in simulations:
        if each.kind != HAIR and each.kind not in _KEPT_IN_FILES:
            raise SlotFault("UNSUPPORTED", "no bake in a blendfile keeps %s (%s)" % each)
    saved_at = scene.frame_current
    scene.frame_set(scene.frame_start)
    last = max((each.frame_end for _, _, cache in point_caches() for each in cache.point_caches), default=scene.frame_end)

    def on_frame(its: Any, *_: Any) -> None:
        on_share(min(1.0, max(0.0, its.frame_current / max(1, last))))

    bpy.app.handlers.frame_change_post.append(on_frame)
    bpy.ops.ptcache.bake_all(bake=True)
    bpy.app.handlers.frame_change_post.remove(on_frame)
    if any(each.kind == "simulation zone" for each in simulations):
        _bake_zones()
    scene.frame_set(saved_at)
    bpy.ops.wm.save_as_mainfile(filepath=path, copy=True, compress=False, relative_remap=False)


def _bake_zones() -> None:
    """Without a folder of its own, a zone's bake is kept in the file."""
    for thing in bpy.context.view_layer.objects:  # Blender bakes what is selected, and others cannot be
        chosen = thing.library is None and any(modifier.type == "NODES" for modifier in thing.modifiers)
        thing.select_set(chosen)
        if chosen:
            for modifier in thing.modifiers:
                if hasattr(modifier, "bake_directory"):
                    modifier.bake_directory = ""
    bpy.ops.object.simulation_nodes_cache_bake(selected=True)
