"""Bakes simulations into the opened file, and saves a copy of it."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import Any, Callable, Iterator, List, Optional, Tuple

import bpy

from ..faults import SlotFault
from ..loading import Opened
from . import cache_archive, kept_caches
from .bake_frames import frames_of_points, frames_of_scene, frames_of_zones
from .unbaked import HAIR, Simulation, used_by

_ZONE = "simulation zone"
_BAKED = ("cloth", "soft body", "rigid body", "particles", "dynamic paint", _ZONE)
"""Others are programs, or fluids: read from its cache, a fluid looks otherwise than while it is played."""

OnShare = Callable[[float], None]


def bake(
    open_file: Callable[[Optional[str]], Opened], pick: Callable[[], Any], path: str, on_share: OnShare
) -> Tuple[int, int]:
    """Saves the copy as `path`. `open_file` opens the file, with a folder for the caches that a blendfile cannot hold, and
    `pick` makes its scene the window's. `on_share` is told how much is done, 0 to 1. Returns the first and last frame of the
    scene. Raises SlotFault with the reason if that cannot be done.
    """
    folder = os.path.join(bpy.app.tempdir, "kept")
    opened = open_file(folder)
    kept = opened.kept
    _require_baked(opened.simulations)
    held = [each for each in opened.simulations if each.kind != HAIR and not each.needs_folder]
    scene = pick()
    used = used_by(scene)
    kept_frames = frames_of_scene(scene, kept_caches.caches_of(kept)) if kept else range(0)
    held_frames = frames_of_points(scene, used) if held else range(0)
    zone_frames = frames_of_zones(scene) if any(each.kind == _ZONE for each in held) else range(0)
    progress = _Progress(len(kept_frames) + len(held_frames) + len(zone_frames), on_share)
    archive = None
    if kept:
        with progress.over(kept_frames):
            for frame in kept_frames:
                scene.frame_set(frame)
        archive = cache_archive.pack(folder, kept)
        open_file(None)
        scene = pick()
    saved_at = scene.frame_current
    if held:
        scene.frame_set(scene.frame_start)
        with progress.over(held_frames):
            bpy.ops.ptcache.bake_all(bake=True)
        if zone_frames:
            with progress.over(zone_frames):
                _bake_zones()
        scene.frame_set(saved_at)
    if archive is not None:
        kept_caches.keep(scene, archive)
    bpy.ops.wm.save_as_mainfile(filepath=path, copy=True, compress=False, relative_remap=False)
    return scene.frame_start, scene.frame_end


def _require_baked(simulations: List[Simulation]) -> None:
    for each in simulations:
        if each.kind != HAIR and each.kind not in _BAKED:
            raise SlotFault("UNSUPPORTED", "no bake keeps %s (%s) as it is played" % (each.kind, each.owner))


class _Progress:
    """Tells the share that is done of all frames that Blender goes through, in one pass or more."""

    def __init__(self, count: int, on_share: OnShare) -> None:
        self._count = count
        self._on_share = on_share
        self._before = 0  # in earlier passes
        self._done = 0

    @contextmanager
    def over(self, frames: range) -> Iterator[None]:
        """While Blender goes through these."""

        def on_frame(its: Any, *_: Any) -> None:
            if its.frame_current in frames:
                self._tell(self._before + frames.index(its.frame_current) + 1)

        bpy.app.handlers.frame_change_post.append(on_frame)
        try:
            yield
        finally:
            bpy.app.handlers.frame_change_post.remove(on_frame)
            self._before += len(frames)

    def _tell(self, done: int) -> None:
        if done > self._done:  # at the end, Blender returns to an earlier frame
            self._done = done
            self._on_share(done / self._count)


def _bake_zones() -> None:
    """Without a folder of its own, a zone's bake is kept in the file."""
    layer = bpy.context.view_layer
    for thing in layer.objects:  # Blender bakes what is selected, and others cannot be
        chosen = thing.library is None and any(modifier.type == "NODES" for modifier in thing.modifiers)
        thing.select_set(chosen)
        if chosen:
            layer.objects.active = thing  # without one, Blender refuses
            for modifier in thing.modifiers:
                if hasattr(modifier, "bake_directory"):
                    modifier.bake_directory = ""
    bpy.ops.object.simulation_nodes_cache_bake(selected=True)
