"""Describes the file for the coordinator (`sceneInfo` in docs/protocol.md)."""

from __future__ import annotations

import os
from typing import AbstractSet, Any, Dict, Iterable, List, Optional, Tuple

import bpy

from .caches import folder_beside
from .external_files import Stock, digest_of, is_there, take_stock
from .output_size import rendered_size
from .settings import output_color_mode, output_depth

Names = Dict[str, str]
"""The paths in the file, by the paths to which they were led."""

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


def describe(
    scene: Any, active: str, stock: Stock, absent: Iterable[str], project: str, original: Names
) -> Dict[str, Any]:
    """Everything except `device`. `scene` is the one to be rendered, `active` the name of the file's active one.

    `absent` names simulations with missing caches, in addition to the files that Blender itself can name. `project` is the
    folder in which the job's files are, and `original` has the paths in the file of those that were led there.
    """
    major, minor = bpy.data.version[:2]
    return {
        "activeScene": active,
        "scene": scene.name,
        "savedBy": "%d.%d" % (major, minor) if major else None,
        "scenes": [describe_scene(each) for each in bpy.data.scenes[:MAX_SCENES]],
        "references": references(absent, project, original),
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


def references(absent: Iterable[str], project: str, original: Names) -> List[Dict[str, Any]]:
    """External files, as the blendfile names them (`//` is the folder of the file that names it); missing ones first.

    `at` is where Blender looks for it, from the project's folder, with slashes; None for an absolute path. `form` is
    "sequence" if the path names one of several numbered files, and "tiles" if it has a placeholder for numbers.
    """
    kinds = {}  # type: Dict[str, Tuple[str, Optional[str]]]
    for kind, collection in _KINDS:
        for block in getattr(bpy.data, collection, ()):
            path = getattr(block, "filepath", "")
            kinds[original.get(path, path)] = kind, _form_of(block)
    found = {}  # type: Dict[Tuple[str, str], Dict[str, Any]]
    for name, path in _outside(original):
        kind, form = kinds.get(name, ("file", None))
        reference = {"kind": kind, "path": name[:4096], "missing": not is_there(path)}
        found[name, path] = {**reference, "at": _place_in(project, name, path), "form": form}
    for name in absent:
        found[name, ""] = {"kind": "simulation", "path": name[:4096], "missing": True, "at": None, "form": None}
    return sorted(found.values(), key=lambda each: not each["missing"])[:MAX_REFERENCES]


def _form_of(block: Any) -> Optional[str]:
    source = getattr(block, "source", "")
    if source == "SEQUENCE" or getattr(block, "is_sequence", False) is True:
        return "sequence"
    return "tiles" if source == "TILED" else None


def _place_in(project: str, name: str, path: str) -> Optional[str]:
    if not name.startswith("//"):
        return None
    return os.path.relpath(path, project).replace(os.sep, "/")[:4096]


def _outside(original: Names) -> List[Tuple[str, str]]:
    """The name in the blendfile and the absolute path of each external file that a render may use."""
    stored = bpy.utils.blend_paths(absolute=False, packed=False)
    absolute = bpy.utils.blend_paths(absolute=True, packed=False)
    libraries = {library.filepath for library in bpy.data.libraries}
    used = [(name, path) for name, path in zip(stored, absolute) if _decides_pixels(name, path, libraries)]
    return [(original.get(name, name), path) for name, path in used]


def _decides_pixels(name: str, path: str, libraries: AbstractSet[str]) -> bool:
    if not name or name.startswith("<"):  # "<builtin>" is Blender's own font
        return False
    if name.lower().endswith(".blend") and name not in libraries:
        return False  # an asset brush of the artist's tools: 5.x stores its file, but does not load it
    folder = os.path.normpath(path)
    if folder == folder_beside(None):
        return False  # 5.x also names it for simulations without a disk cache; missing caches are in `absent`
    return not folder.startswith(os.path.normpath(bpy.app.tempdir) + os.sep)  # put there by `caches.confine`


def stock_of_files(original: Names) -> Stock:
    """Takes stock of the external files: like the blendfile, a texture decides pixels and may be changed."""
    return take_stock(_outside(original))
