"""Decides how a slot uses its process for one frame after another. See docs/fidelity.md for what was measured."""

from __future__ import annotations

from typing import Any, Dict, Iterator, NamedTuple, Sequence, Set

import bpy

from .animation import animated_paths
from .simulations.unbaked import HANDLER, HAIR, Simulation, used_by

PERSISTENT = "persistent"
"""Cycles keeps its data from frame to frame, which saves half the time of a scene in which little changes."""

KEPT = "kept"
"""The process renders all frames; the engine begins each of them anew."""

REOPENED = "reopened"
"""The blendfile is opened anew before each frame."""

SEQUENTIAL = "sequential"
"""The process plays the scene from its start up to each frame. One that it has passed is played from the start again."""

_ENGINES = ("CYCLES", "BLENDER_EEVEE", "BLENDER_EEVEE_NEXT", "BLENDER_WORKBENCH")

_MODIFIERS = frozenset(
    """ARMATURE ARRAY BEVEL BOOLEAN BUILD CAST COLLISION CORRECTIVE_SMOOTH CURVE DATA_TRANSFER DECIMATE DISPLACE EDGE_SPLIT
    HOOK LAPLACIANDEFORM LAPLACIANSMOOTH LATTICE MASK MESH_CACHE MESH_DEFORM MESH_SEQUENCE_CACHE MESH_TO_VOLUME MIRROR
    MULTIRES NODES NORMAL_EDIT OCEAN PARTICLE_SYSTEM REMESH SCREW SHRINKWRAP SIMPLE_DEFORM SKIN SMOOTH SOLIDIFY SUBSURF
    SURFACE SURFACE_DEFORM TRIANGULATE UV_PROJECT UV_WARP VERTEX_WEIGHT_EDIT VERTEX_WEIGHT_MIX VERTEX_WEIGHT_PROXIMITY WARP
    WAVE WEIGHTED_NORMAL WELD WIREFRAME""".split()
)
"""Those that were screened. Particle systems have reasons of their own below, and simulations where they are played."""

_SIMULATED = frozenset("CLOTH DYNAMIC_PAINT EXPLODE FLUID PARTICLE_INSTANCE SOFT_BODY".split())
"""A process may be kept for these: they are baked, or played."""

_ANIMATED_IN_SCENES = (
    "cycles.film_exposure",
    "cycles.filter_width",
    "cycles.max_bounces",
    "cycles.sample_clamp",
    "cycles.seed",
    "frame_",
    "nodes[",
    "render.film_transparent",
    "sequence_editor.",
    "view_settings.",
)
"""Properties whose animation Cycles notices also when it keeps its data."""

_MOST_ANIMATED_LIGHTS = 2
"""More of them came out wrong on 3.4 in one of two scenes."""


class Reuse(NamedTuple):
    """`way` is one of the constants above, `why` the reason, for the user."""

    way: str
    why: str

    def to_message(self) -> Dict[str, str]:
        return {"way": self.way, "why": self.why}


def decide(scene: Any, simulations: Sequence[Simulation], are_played: bool, addons: Sequence[str]) -> Reuse:
    """For the scene that is rendered, after the blendfile was opened. `simulations`: those that are not baked. `addons`:
    those that were enabled for it.
    """
    played = [each for each in simulations if each.kind != HAIR]
    if played and are_played:
        return Reuse(SEQUENTIAL, "it is simulated: %s (%s)" % (played[0].kind, played[0].owner))
    used = used_by(scene)
    for why in _unscreened(scene, used, simulations, addons):
        return Reuse(REOPENED, "nobody has screened " + why)
    if scene.render.engine != "CYCLES":
        return Reuse(KEPT, "the engine keeps no data")
    for why in _unsafe_for_kept_data(scene, used):
        return Reuse(KEPT, "Cycles might keep outdated data: " + why)
    return Reuse(PERSISTENT, "everything in it is known to be safe")


def _unscreened(
    scene: Any, used: Set[Any], simulations: Sequence[Simulation], addons: Sequence[str]
) -> Iterator[str]:
    for name in addons:
        yield "the add-on " + name  # it may remember frames
    if scene.render.engine not in _ENGINES:
        yield "the engine " + scene.render.engine
    for thing in _objects(used):
        for modifier in thing.modifiers:
            if modifier.type not in _MODIFIERS and modifier.type not in _SIMULATED:
                yield "the modifier '%s' of '%s' (%s)" % (modifier.name, thing.name, modifier.type)
    for each in simulations:
        if each.kind == HANDLER:
            yield "the handler " + each.owner


def _unsafe_for_kept_data(scene: Any, used: Set[Any]) -> Iterator[str]:
    if any(isinstance(each, bpy.types.Scene) and each != scene for each in used):
        yield "several scenes"
    if len(scene.view_layers) > 1:
        yield "several view layers"
    if scene.render.use_freestyle:
        yield "Freestyle"
    for thing in _objects(used):
        if len(thing.particle_systems) > 0:
            yield "particles of '%s'" % thing.name
        elif _is_subdivided_by_distance(thing):
            yield "adaptive subdivision of '%s'" % thing.name
        elif any(modifier.type in _SIMULATED for modifier in thing.modifiers):
            yield "a simulation of '%s'" % thing.name
        elif thing.type == "CURVES":
            yield "hair curves '%s'" % thing.name
    for path in _animated_paths(scene):
        if not path.startswith(_ANIMATED_IN_SCENES):
            yield "the animation of %s" % path
    lights = [each for each in used if isinstance(each, bpy.types.Light) and any(_animated_paths(each))]
    if len(lights) > _MOST_ANIMATED_LIGHTS:
        yield "%d animated lights" % len(lights)


def _objects(used: Set[Any]) -> Sequence[Any]:
    return sorted((each for each in used if isinstance(each, bpy.types.Object)), key=lambda each: str(each.name))


def _is_subdivided_by_distance(thing: Any) -> bool:
    """Up to 4.5 an object's setting, which needs experimental features; then the modifier's."""
    if any(getattr(modifier, "use_adaptive_subdivision", False) for modifier in thing.modifiers):
        return True
    settings = getattr(thing, "cycles", None)
    return bool(getattr(settings, "use_adaptive_subdivision", False))


def _animated_paths(owner: Any) -> Iterator[str]:
    """Of the properties of a data-block, and of its node tree."""
    for part in (owner, getattr(owner, "node_tree", None)):
        yield from animated_paths(part)
