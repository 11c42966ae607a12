"""What the coordinator wants to know of the file (`sceneInfo` in docs/protocol.md)."""

from __future__ import annotations

from typing import Any, Dict, List, Tuple

import bpy

from .outside_files import Stock, digest_of, is_there, take_stock
from .output_size import rendered_size
from .settings import output_color_mode, output_depth

MAX_SCENES = 1000
MAX_CAMERAS = 100
MAX_REFERENCES = 10000
_KINDS = (
    ("image", "images"),
    ("movieclip", "movieclips"),
    ("sound", "sounds"),
    ("font", "fonts"),
    ("library", "libraries"),
    ("cache", "cache_files"),
    ("volume", "volumes"),
)


def describe(scene: Any, active: str, stock: Stock) -> Dict[str, Any]:
    """All but `device`. `scene` is the one to be rendered, `active` the name of the one that the file has active."""
    major, minor = bpy.data.version[:2]
    return {
        "activeScene": active,
        "scene": scene.name,
        "savedBy": "%d.%d" % (major, minor) if major else None,
        "scenes": [describe_scene(each) for each in bpy.data.scenes[:MAX_SCENES]],
        "references": references(),
        "files": digest_of(stock),
    }


def describe_scene(scene: Any) -> Dict[str, Any]:
    render = scene.render
    width, height = rendered_size(scene)
    return {
        "name": scene.name,
        "frameStart": scene.frame_start,
        "frameEnd": scene.frame_end,
        "frameStep": scene.frame_step,
        "fps": render.fps,
        "fpsBase": render.fps_base,
        "width": width,
        "height": height,
        "engine": render.engine,
        "camera": scene.camera.name if scene.camera else None,
        "cameras": [each.name for each in scene.objects if each.type == "CAMERA"][:MAX_CAMERAS],
        "sequencer": uses_sequencer(scene),
        "depth": output_depth(scene),
        "colorMode": output_color_mode(scene),
        "transparent": render.film_transparent,
        "views": [view.name for view in render.views if view.use] if render.use_multiview else [],
    }


def uses_sequencer(scene: Any) -> bool:
    """Whether the picture comes from the sequencer, which needs no camera."""
    editor = scene.sequence_editor
    if not scene.render.use_sequencer or editor is None:
        return False
    strips = editor.strips if hasattr(editor, "strips") else editor.sequences
    return any(not strip.mute and strip.type != "SOUND" for strip in strips)


def references() -> List[Dict[str, Any]]:
    """Files outside the blendfile, as the file names them (`//` is the blendfile's own folder); missing ones first."""
    kinds = {}  # type: Dict[str, str]
    for kind, collection in _KINDS:
        for block in getattr(bpy.data, collection, ()):
            kinds[getattr(block, "filepath", "")] = kind
    found = {}  # type: Dict[str, Dict[str, Any]]
    for name, path in _outside():
        found[name] = {"kind": kinds.get(name, "file"), "path": name[:4096], "missing": not is_there(path)}
    return sorted(found.values(), key=lambda each: not each["missing"])[:MAX_REFERENCES]


def _outside() -> List[Tuple[str, str]]:
    """The name in the blendfile and the absolute path of what is not in it."""
    stored = bpy.utils.blend_paths(absolute=False, packed=False)
    absolute = bpy.utils.blend_paths(absolute=True, packed=False)
    named = zip(stored, absolute)
    return [(name, path) for name, path in named if name and not name.startswith("<")]  # "<builtin>" is Blender's own font


def stock_of_files() -> Stock:
    """The files outside the blendfile: a texture that was painted over decides pixels as the blendfile does."""
    return take_stock(_outside())
