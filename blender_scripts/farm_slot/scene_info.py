"""What the coordinator wants to know of the file (`sceneInfo` in docs/protocol.md)."""

from __future__ import annotations

import glob
import hashlib
import os
from typing import Any, Dict, List, Optional

import bpy

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


def describe(scene: Any, active: str) -> Dict[str, Any]:
    """All but `device`. `scene` is the one to be rendered, `active` the name of the one that the file has active."""
    major, minor = bpy.data.version[:2]
    return {
        "activeScene": active,
        "scene": scene.name,
        "savedBy": "%d.%d" % (major, minor) if major else None,
        "scenes": [describe_scene(each) for each in bpy.data.scenes[:MAX_SCENES]],
        "references": references(),
        "files": digest_of_files(),
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
    stored = bpy.utils.blend_paths(absolute=False, packed=False)
    absolute = bpy.utils.blend_paths(absolute=True, packed=False)
    found = {}  # type: Dict[str, Dict[str, Any]]
    for name, path in zip(stored, absolute):
        if name and not name.startswith("<"):  # "<builtin>" is Blender's own font
            found[name] = {"kind": kinds.get(name, "file"), "path": name[:4096], "missing": not _exists(path)}
    return sorted(found.values(), key=lambda each: not each["missing"])[:MAX_REFERENCES]


def digest_of_files() -> Optional[str]:
    """SHA-256 over names and contents of the files outside the blendfile, None when there are none.

    They decide pixels as the blendfile does: a texture that was painted over, or that differs from node to node, must not go
    unnoticed. Of an image sequence or a cache folder only what Blender itself names is seen.
    """
    named = set()
    stored = bpy.utils.blend_paths(absolute=False, packed=False)
    for name, path in zip(stored, bpy.utils.blend_paths(absolute=True, packed=False)):
        if name and not name.startswith("<"):
            named.update((name, file) for file in _files_of(path))
    if not named:
        return None
    whole = hashlib.sha256()
    for name, file in sorted(named):
        content = hashlib.sha256()
        try:
            with open(file, "rb") as stream:
                for piece in iter(lambda: stream.read(1 << 20), b""):
                    content.update(piece)
        except OSError as error:
            content.update(("unreadable: %s" % error.errno).encode())
        about = "%s\0%s\0%s\n" % (name, os.path.basename(file), content.hexdigest())
        whole.update(about.encode("utf-8", "surrogateescape"))
    return whole.hexdigest()


def _exists(path: str) -> bool:
    return os.path.exists(path) or bool(_tiles_of(path))


def _files_of(path: str) -> List[str]:
    return [path] if os.path.isfile(path) else _tiles_of(path)


def _tiles_of(path: str) -> List[str]:
    for token in ("<UDIM>", "<UVTILE>"):
        if token in path:
            return glob.glob(glob.escape(path).replace(token, "*"))
    return []
