"""Bakes simulations into the opened file, and saves a copy of it."""

from __future__ import annotations

from typing import Any, List

import bpy

from .faults import SlotFault
from .simulations import HAIR, Simulation

_KEPT_IN_FILES = ("cloth", "soft body", "rigid body", "particles", "simulation zone")
"""Simulations whose caches a blendfile can hold. Others need folders, or are programs."""


def bake(scene: Any, simulations: List[Simulation], path: str) -> None:
    """The scene is the window's. Raises SlotFault with the reason if that cannot be done."""
    for each in simulations:
        if each.kind != HAIR and each.kind not in _KEPT_IN_FILES:
            raise SlotFault("UNSUPPORTED", "no bake in a blendfile keeps %s (%s)" % each)
    scene.frame_set(scene.frame_start)
    bpy.ops.ptcache.bake_all(bake=True)
    if any(each.kind == "simulation zone" for each in simulations):
        _bake_zones(scene)
    bpy.ops.wm.save_as_mainfile(filepath=path, copy=True, compress=False, relative_remap=False)


def _bake_zones(scene: Any) -> None:
    """Without a folder of its own, a zone's bake is kept in the file."""
    for thing in scene.objects:
        chosen = thing.library is None and any(modifier.type == "NODES" for modifier in thing.modifiers)
        thing.select_set(chosen)
        if chosen:
            for modifier in thing.modifiers:
                if hasattr(modifier, "bake_directory"):
                    modifier.bake_directory = ""
    bpy.ops.object.simulation_nodes_cache_bake(selected=True)
