"""Finds what a scene has that depends on the frames before, and is not baked: jumped to, such a frame comes out wrong."""

from __future__ import annotations

import ctypes
import os
from typing import Any, Dict, Iterator, List, NamedTuple, Optional, Set, Tuple

import bpy

from . import fluids
from .caches import needs_folder, point_caches

MAX_SIMULATIONS = 100

HAIR = "hair dynamics"
"""No bake keeps it, and each way to render it looks different."""

HANDLER = "handler"
"""Python that Blender runs at each frame."""

_OWN_MODULES = ("farm_slot", "bl_", "bpy", "pose_library", "cycles")
"""Of handlers that are Blender's or a slot's."""

_KINDS = {"CLOTH": "cloth", "SOFT_BODY": "soft body", "DYNAMIC_PAINT": "dynamic paint", "RIGID_BODY": "rigid body"}

Uses = Dict[Any, List[Any]]


class Simulation(NamedTuple):
    """`owner` names the object and its part, for the user; `needs_folder`: see `caches`."""

    kind: str
    owner: str
    needs_folder: bool = False

    def to_message(self) -> Dict[str, str]:
        return {"kind": self.kind[:64], "owner": self.owner[:256]}


def unbaked(scene: Any, scripts: bool) -> List[Simulation]:
    """Those that can decide pixels of the scene; `scripts`: whether scripts in the file run. Call it before `confine`."""
    used = used_by(scene)
    found = [*(each for each, _ in of_points(used)), *_of_modifiers(used), *(_of_scripts(used) if scripts else ())]
    return list(dict.fromkeys(found))


def all_uses() -> Uses:
    """What each data-block of the file uses itself."""
    uses = {}  # type: Uses
    for used, users in bpy.data.user_map().items():
        for user in users:
            uses.setdefault(user, []).append(used)
    return uses


def used_by(scene: Any, uses: Optional[Uses] = None) -> Set[Any]:
    """The scene and all data that it uses, directly or not: other scenes in strips and nodes, instanced collections, and
    what modifiers and constraints name. `uses`: those of the file, if they are known: finding them takes long.
    """
    uses = all_uses() if uses is None else uses
    found, waiting = set(), [scene]  # type: Set[Any], List[Any]
    while waiting:
        each = waiting.pop()
        if each in found:
            continue
        found.add(each)
        waiting += uses.get(each, ())
        if isinstance(each, bpy.types.Scene):
            waiting += each.collection.all_objects
        elif isinstance(each, bpy.types.Collection):
            waiting += each.all_objects
    return found


def of_points(used: Set[Any]) -> Iterator[Tuple[Simulation, Any]]:
    """Those with a point cache, and that cache."""
    for owner, kind, cache in point_caches():
        if owner not in used or _is_baked(cache):
            continue
        label = "%s '%s'" % (owner.bl_rna.name, owner.name)
        if kind in _KINDS and (kind != "RIGID_BODY" or _falls(owner.rigidbody_world)):
            yield Simulation(_KINDS[kind], label, needs_folder(owner, kind)), cache
        elif kind == "PARTICLES":
            for system in owner.particle_systems:
                if system.point_cache == cache and _has_state(system):
                    named = "%s, particle system '%s'" % (label, system.name)
                    its_kind = HAIR if system.settings.type == "HAIR" else "particles"
                    yield Simulation(its_kind, named, needs_folder(owner, kind)), cache


def _is_baked(cache: Any) -> bool:
    """`is_baked` is True also for an overridden cloth without a single frame."""
    return all(each.is_baked and not each.info.startswith("0 frames") for each in cache.point_caches)


def _falls(world: Any) -> bool:
    """Whether a rigid body moves by itself."""
    if not world.enabled or world.collection is None:
        return False
    bodies = [thing.rigid_body for thing in world.collection.all_objects if thing.rigid_body is not None]
    return any(body.type == "ACTIVE" for body in bodies)


def _has_state(system: Any) -> bool:
    settings = system.settings
    if settings.type == "HAIR":
        return bool(system.use_hair_dynamics)
    return settings.physics_type not in ("NO", "FLUID" if settings.type != "EMITTER" else "NO") and settings.type != "REACTOR"


def _of_modifiers(used: Set[Any]) -> Iterator[Simulation]:
    for thing in sorted((each for each in used if isinstance(each, bpy.types.Object)), key=lambda each: each.name):
        for modifier in thing.modifiers:
            label = "%s '%s', modifier '%s'" % (thing.bl_rna.name, thing.name, modifier.name)
            domain = fluids.domain_of(modifier)
            if domain is not None and fluids.is_simulated(domain):
                yield Simulation("fluid", label)
            elif modifier.type == "NODES" and any(not is_there for is_there in _zones_of(modifier, thing)):
                yield Simulation("simulation zone", label)


def _zones_of(modifier: Any, thing: Any) -> Iterator[bool]:
    """For each simulation zone, whether its bake is there."""
    if not _has_zone(modifier.node_group, set()):
        return
    bakes = list(getattr(modifier, "bakes", ()))
    if not bakes:  # 3.6 to 4.0 know one bake of the whole modifier
        yield bool(_files_in(getattr(modifier, "simulation_bake_directory", ""), thing))
    for bake in bakes:
        node = bake.node
        if node is None or node.bl_idname == "GeometryNodeSimulationOutput":
            folder = bake.directory if bake.use_custom_path else os.path.join(modifier.bake_directory, str(bake.bake_id))
            yield _is_packed(bake) or bool(_files_in(folder, thing))


def _has_zone(tree: Any, seen: Set[Any]) -> bool:
    if tree is None or tree in seen:
        return False
    seen.add(tree)
    return any(
        node.bl_idname == "GeometryNodeSimulationOutput" or _has_zone(getattr(node, "node_tree", None), seen)
        for node in tree.nodes
    )


def _files_in(folder: str, thing: Any) -> List[str]:
    meta = os.path.join(bpy.path.abspath(folder, library=thing.library), "meta")
    return os.listdir(meta) if folder and os.path.isdir(meta) else []


def _is_packed(bake: Any) -> bool:
    """Whether the bake is in the blendfile. No property says so: this reads `NodesModifierBake.packed`, which since 4.3
    comes after three numbers that are known, as makesdna/DNA_modifier_types.h has them. Up to 4.2 the structure ends there.
    """
    if not hasattr(bake, "bake_target"):  # since 4.3, as a bake in the blendfile is
        return False
    at = bake.as_pointer()
    numbers = (ctypes.c_int * 12).from_address(at)
    if (numbers[0], numbers[6], numbers[7]) != (bake.bake_id, bake.frame_start, bake.frame_end):
        return False  # another layout
    return bool(ctypes.c_void_p.from_address(at + 48).value)


def _of_scripts(used: Set[Any]) -> Iterator[Simulation]:
    """What Python may remember from frame to frame: handlers, and drivers that need the whole of Python."""
    for name in ("frame_change_pre", "frame_change_post", "render_pre", "depsgraph_update_pre", "depsgraph_update_post"):
        for handler in getattr(bpy.app.handlers, name):
            module = getattr(handler, "__module__", None) or ""
            if not module.startswith(_OWN_MODULES):
                yield Simulation(HANDLER, "%s in %s" % (getattr(handler, "__name__", "?"), name))
    for owner in used:
        animation = getattr(owner, "animation_data", None)
        for curve in animation.drivers if animation is not None else ():
            if curve.driver.type == "SCRIPTED" and not getattr(curve.driver, "is_simple_expression", True):
                yield Simulation("driver", "%s '%s', %s" % (owner.bl_rna.name, owner.name, curve.data_path))
