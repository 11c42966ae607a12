"""Which frames Blender goes through to bake simulations."""

from __future__ import annotations

from typing import Any, Iterable, Set, Tuple

import bpy

from .unbaked import of_points


def frames_of_scene(scene: Any, caches: Iterable[Any]) -> range:
    """Those of the scene, until the last of these caches ends too."""
    ends = [each.frame_end for cache in caches for each in cache.point_caches]
    return range(scene.frame_start, max([scene.frame_end, *ends]) + 1)


def frames_of_points(scene: Any, used: Set[Any]) -> range:
    """Those at which Blender bakes all point caches at once. `used`: the data that decides pixels."""
    systems = {system.point_cache.as_pointer(): system for thing in bpy.data.objects for system in thing.particle_systems}
    spans = [_span(scene, cache, systems.get(cache.as_pointer())) for _, cache in of_points(used)]
    return _around(spans)


def frames_of_zones(scene: Any) -> range:
    """Those at which Blender bakes all simulation zones at once."""
    usual = scene.frame_start, scene.frame_end
    if getattr(scene, "use_custom_simulation_range", False):
        usual = scene.simulation_frame_start, scene.simulation_frame_end
    bakes = [bake for thing in scene.objects for each in thing.modifiers for bake in getattr(each, "bakes", ())]
    own = [(bake.frame_start, bake.frame_end) for bake in bakes if bake.use_custom_simulation_frame_range]
    return _around([*own, *([usual] if not bakes or len(own) < len(bakes) else [])])


def _span(scene: Any, cache: Any, system: Any) -> Tuple[int, int]:
    """As Blender has it when it bakes: it sets that of particles then."""
    if system is None:
        return cache.frame_start, cache.frame_end
    settings = system.settings
    latest = max(scene.frame_preview_end, scene.frame_end)
    return max(1, int(settings.frame_start)), min(int(settings.frame_end + settings.lifetime + 1), latest)


def _around(spans: Iterable[Tuple[int, int]]) -> range:
    firsts, lasts = list(zip(*spans)) or ([1], [0])
    return range(min(firsts), max(lasts) + 1)
