"""Digests of what Blender has evaluated at a frame, to find out whether it depends on the frames before."""

from __future__ import annotations

import array
import hashlib
from typing import Any, Dict, Iterator

import bpy

MAX_NAMES = 5000
"""Data-blocks with a digest of their own. More would not fit into a line to the supervisor; they share one."""

OTHERS = "other objects"


def digests(scene: Any) -> Dict[str, str]:
    """By the name of the object or data-block, of the scene's current frame: places, shapes, particles, and values of
    materials, lights, worlds and cameras.
    """
    hashes = {}  # type: Dict[str, Any]

    def note(name: str, data: bytes) -> None:
        key = name if name in hashes or len(hashes) < MAX_NAMES else OTHERS
        hashes.setdefault(key, hashlib.sha1()).update(data)

    for layer in scene.view_layers:
        graph = layer.depsgraph
        graph.update()
        for instance in graph.object_instances:
            note("Object '%s'" % instance.object.name, _floats(value for row in instance.matrix_world for value in row))
        for thing in graph.objects:
            for data in _shapes_of(thing):
                note("Object '%s'" % thing.name, data)
        for block in _valued():
            note("%s '%s'" % (block.bl_rna.name, block.name), _floats(_values_of(block.evaluated_get(graph))))
    return {name: each.hexdigest() for name, each in hashes.items()}


def _shapes_of(thing: Any) -> Iterator[bytes]:
    """`thing` is evaluated."""
    if thing.type in ("MESH", "CURVE", "SURFACE", "FONT", "META"):
        try:
            mesh = thing.to_mesh()
        except RuntimeError:  # it has no geometry
            mesh = None
        if mesh is not None:
            yield _collected(mesh.vertices, "co", 3)
            thing.to_mesh_clear()
    elif thing.type in ("VOLUME", "CURVES", "POINTCLOUD"):
        yield _floats(value for corner in thing.bound_box for value in corner)
    for system in thing.particle_systems:
        yield _collected(system.particles, "location", 3)


def _collected(items: Any, name: str, size: int) -> bytes:
    values = array.array("f", bytes(4 * size * len(items)))
    items.foreach_get(name, values)
    return values.tobytes()


def _floats(values: Any) -> bytes:
    return array.array("d", [float(value) for value in values]).tobytes()


def _valued() -> Iterator[Any]:
    data = bpy.data
    for blocks in (data.materials, data.lights, data.worlds, data.cameras):
        yield from blocks


def _values_of(block: Any) -> Iterator[float]:
    for name in ("energy", "color", "diffuse_color", "lens", "shift_x", "shift_y", "ortho_scale"):
        yield from _numbers(getattr(block, name, None))
    tree = getattr(block, "node_tree", None)
    for node in tree.nodes if tree is not None else ():
        for socket in list(node.inputs) + list(node.outputs):
            yield from _numbers(getattr(socket, "default_value", None))


def _numbers(value: Any) -> Iterator[float]:
    if isinstance(value, (int, float)):
        yield value
    elif value is not None and not isinstance(value, (str, bpy.types.ID)) and hasattr(value, "__len__"):
        yield from (each for each in value if isinstance(each, (int, float)))
