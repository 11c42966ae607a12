"""Bakes simulations into the opened file, and saves a copy of it."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import Any, Callable, Iterator, List, Optional

import bpy

from ..faults import SlotFault
from ..loading import Opened
from . import cache_archive, kept_caches
from .caches import point_caches
from .unbaked import HAIR, Simulation

_BAKED = ("cloth", "soft body", "rigid body", "particles", "dynamic paint", "simulation zone")
"""Others are programs, or fluids: read from its cache, a fluid looks otherwise than while it is played."""


def bake(open_file: Callable[[Optional[str]], Opened], pick: Callable[[], Any], path: str, on_share: Callable[[float], None]) -> None:
    """Saves the copy as `path`. `open_file` opens the file anew, with a folder for the caches that a blendfile cannot hold,
    and `pick` makes its scene the window's. `on_share` is told how much is done, 0 to 1. Raises SlotFault with the reason
    if that cannot be done.
    """
    folder = os.path.join(bpy.app.tempdir, "kept")
    simulations, kept = open_file(folder)[2:]
    _require_baked(simulations)
    held = [each for each in simulations if each.kind != HAIR and not each.needs_folder]
    archive = None
    parts = 2 if kept and held else 1
    if kept:
        with _telling(lambda share: on_share(share / parts)):
            _play(pick())
        archive = cache_archive.pack(folder, kept)
        open_file(None)
    scene = pick()
    saved_at = scene.frame_current
    if held:
        scene.frame_set(scene.frame_start)
        with _telling(lambda share: on_share(1 - (1 - share) / parts)):
            bpy.ops.ptcache.bake_all(bake=True)
        if any(each.kind == "simulation zone" for each in held):
            _bake_zones()
        scene.frame_set(saved_at)
    if archive is not None:
        kept_caches.keep(scene, archive)
    bpy.ops.wm.save_as_mainfile(filepath=path, copy=True, compress=False, relative_remap=False)


def _require_baked(simulations: List[Simulation]) -> None:
    for each in simulations:
        if each.kind != HAIR and each.kind not in _BAKED:
            raise SlotFault("UNSUPPORTED", "no bake keeps %s (%s) as it is played" % (each.kind, each.owner))


def _last_frame(scene: Any) -> int:
    """Where the last of all caches ends."""
    return max((each.frame_end for _, _, cache in point_caches() for each in cache.point_caches), default=scene.frame_end)


def _play(scene: Any) -> None:
    for frame in range(scene.frame_start, max(scene.frame_end, _last_frame(scene)) + 1):
        scene.frame_set(frame)


@contextmanager
def _telling(on_share: Callable[[float], None]) -> Iterator[None]:
    """Tells the share of the frames that Blender has been at."""
    last = _last_frame(bpy.context.scene)

    def on_frame(its: Any, *_: Any) -> None:
        on_share(min(1.0, max(0.0, its.frame_current / max(1, last))))

    bpy.app.handlers.frame_change_post.append(on_frame)
    try:
        yield
    finally:
        bpy.app.handlers.frame_change_post.remove(on_frame)


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
