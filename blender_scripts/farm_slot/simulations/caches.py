"""Makes the disk caches of simulations and renders read-only. Their folders are chosen by the blendfile.

A slot keeps what it computes itself in memory or in its own temporary folder, because other slots compute the same at the
same time.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from typing import Any, Iterable, Iterator, List, Optional, Tuple

import bpy

from ..animation import curves_of
from . import fluids

_SWITCHES = ("cache_type", "is_cache_baking", "use_disk_cache", "use_external")
"""Properties that decide whether a cache is written, and that an animation can change."""

_FOLDER = "caches-"

NEVER_ON_DISK = ("RIGID_BODY", "FLUID")
"""Kinds of simulation whose point cache Blender never keeps on disk."""


def new_folder() -> str:
    """An empty one in this process's temporary folder, in place of the last: a scene that is opened again would continue
    from what it finds there.
    """
    for name in os.listdir(bpy.app.tempdir):
        if name.startswith(_FOLDER):
            shutil.rmtree(os.path.join(bpy.app.tempdir, name), ignore_errors=True)
    return tempfile.mkdtemp(prefix=_FOLDER, dir=bpy.app.tempdir)


def confine(folder: str) -> None:
    """`folder` need not exist: Blender makes it."""
    _stop_animating_switches()
    for number, domain in enumerate(fluids.domains()):
        fluids.confine(domain, os.path.join(folder, "fluid-%d" % number))
    for number, (_, kind, cache) in enumerate(point_caches()):
        _confine_point_cache(kind, cache, os.path.join(folder, "points-%d" % number))
    _confine_render(folder)


def _confine_point_cache(kind: str, cache: Any, folder: str) -> None:
    """A baked cache is only read. Any other is kept in memory, or in `folder` if that cannot be: that of Dynamic Paint, and
    one in a library, whose switch cannot be changed without Blender deleting existing files.
    """
    caches = cache.point_caches
    baked = [each.is_baked and kind not in NEVER_ON_DISK for each in caches]
    if kind != "DYNAMIC_PAINT":
        caches.foreach_set("use_disk_cache", [each.use_disk_cache and is_baked for each, is_baked in zip(caches, baked)])
    if kind not in NEVER_ON_DISK:
        is_written = [each.use_disk_cache or kind == "DYNAMIC_PAINT" for each in caches]
        place(cache, folder, [on_disk and not is_baked for on_disk, is_baked in zip(is_written, baked)])


def place(cache: Any, folder: str, chosen: Optional[List[bool]] = None) -> None:
    """Has Blender keep an object's caches, or the chosen ones, in this folder.

    In this order, Blender neither moves, renames nor deletes existing files. `foreach_set` changes nothing else, but also
    nothing in a library: there, Blender first looks for files in a folder of the library's choice, and only reads them.
    """
    caches = cache.point_caches
    chosen = [True] * len(caches) if chosen is None else chosen
    caches.foreach_set("use_external", [each.use_external or is_chosen for each, is_chosen in zip(caches, chosen)])
    for number, (each, is_chosen) in enumerate(zip(caches, chosen)):
        if is_chosen:
            if not each.use_external:
                each.use_external = True
            each.filepath = folder
            each.name = "points%d" % number


def _confine_render(folder: str) -> None:
    """A scene decides whether there is a cache of rendered pictures (named after the scene) and one of textures."""
    for scene in bpy.data.scenes:
        for name in ("use_render_cache", "use_save_buffers"):  # the latter up to 2.92
            if hasattr(scene.render, name):
                setattr(scene.render, name, False)
        if getattr(scene.render, "use_auto_generate_texture_cache", False):  # since 5.2
            bpy.context.preferences.filepaths.texture_cache_directory = os.path.join(folder, "textures")


def point_caches() -> Iterator[Tuple[Any, str, Any]]:
    """The owner, the kind of simulation, and the cache."""
    for thing in bpy.data.objects:
        for modifier in thing.modifiers:
            for holder in [modifier] + _surfaces(modifier) + [getattr(modifier, "domain_settings", None)]:
                if hasattr(holder, "point_cache"):
                    yield thing, modifier.type, holder.point_cache
        for system in thing.particle_systems:
            yield thing, "PARTICLES", system.point_cache
    for scene in bpy.data.scenes:
        if scene.rigidbody_world is not None and scene.rigidbody_world.point_cache is not None:
            yield scene, "RIGID_BODY", scene.rigidbody_world.point_cache


def needs_folder(owner: Any, kind: str) -> bool:
    """Whether a blendfile cannot hold the cache."""
    is_local = owner.library is None and owner.override_library is None
    return kind not in NEVER_ON_DISK and (kind == "DYNAMIC_PAINT" or not is_local)


def _surfaces(modifier: Any) -> Iterable[Any]:
    canvas = getattr(modifier, "canvas_settings", None)
    return list(canvas.canvas_surfaces) if canvas is not None else []


def _stop_animating_switches() -> None:
    for action in bpy.data.actions:
        for curves in curves_of(action):
            _remove_switches(curves)
    for owner in list(bpy.data.objects) + list(bpy.data.scenes):
        if owner.animation_data is not None:
            _remove_switches(owner.animation_data.drivers)


def _remove_switches(curves: Any) -> None:
    for curve in list(curves):
        if any(switch in curve.data_path for switch in _SWITCHES):
            curves.remove(curve)
