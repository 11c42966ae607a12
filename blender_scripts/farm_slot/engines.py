"""Finds scenes whose render engine this Blender does not have: it would render them with EEVEE, and not say so."""

from __future__ import annotations

import ctypes
from typing import Any, Iterator, Optional, Tuple

import bpy

from .faults import SlotFault
from .rendered_scenes import rendered_scenes

_SEARCHED_BYTES = 3072
"""Of a scene's render settings. The engine's name is in these on every version, and a scene is longer than that."""

_LONGEST_NAME = 32
"""Bytes, with the zero at its end."""

_OF_OTHER = (
    "If an add-on has the engine: install it on the node, start the node with --allow-addons NAME, and render with --addons NAME."
    " Or choose another engine for the scene '%s' in Blender, as --engine changes only the scene '%s'"
)


def require(scene: Any) -> None:
    """Raises SlotFault if an engine that renders a part of this scene is missing."""
    missing = dict(_missing())
    for each in rendered_scenes(scene) if missing else ():
        if each in missing:
            named = each.name, missing[each]
            what = "The scene '%s' is rendered by '%s', an engine that this Blender does not have" % named
            raise SlotFault("ENGINE_MISSING", what, "" if each == scene else _OF_OTHER % (each.name, scene.name))


def _missing() -> Iterator[Tuple[Any, str]]:
    """Scenes of the file with an unknown engine, and its name."""
    # Blender shows an unknown engine as its own first one: only such a scene is in doubt.
    first = bpy.types.RenderSettings.bl_rna.properties["engine"].enum_items[0].identifier
    unclear = [each for each in bpy.data.scenes if each.render.engine == first]
    offset = _offset_of_name() if unclear else None
    if offset is None:
        return
    for each in unclear:
        name = _read(each, offset + _LONGEST_NAME)[offset:].split(b"\0")[0].decode("utf-8", "replace")
        if name not in ("", first):  # without a name Blender's own engine is meant
            yield each, name


def _offset_of_name() -> Optional[int]:
    """Where the render settings of a scene have the engine's name, in bytes: no property shows one that is unknown.

    Found by a scene whose engine is known: the place must be the only one that follows the property. None if this Blender
    is so different that there is no such place.
    """
    probe = bpy.data.scenes.new("renderfarm engines")
    try:
        found = None
        for engine in ("BLENDER_WORKBENCH", "CYCLES"):
            probe.render.engine = engine
            memory, wanted = _read(probe, _SEARCHED_BYTES), engine.encode("ascii") + b"\0"
            if memory.count(wanted) != 1 or found not in (None, memory.index(wanted)):
                return None
            found = memory.index(wanted)
        return found
    except TypeError:
        return None  # built without one of them
    finally:
        bpy.data.scenes.remove(probe)


def _read(scene: Any, count: int) -> bytes:
    return ctypes.string_at(scene.render.as_pointer(), count)
