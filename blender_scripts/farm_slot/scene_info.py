"""Describes the file for the coordinator (`sceneInfo` in docs/protocol.md)."""

from __future__ import annotations

import os
from typing import Any, Dict, Iterable, List, Optional, Sequence, Tuple

import bpy

from .files.abilities import lacking
from .files.external_files import FOLDER_MARK, Stock, digest_of, is_there, take_stock
from .files.frame_numbers import both
from .files.outside_files import FOLDER, SEQUENCE, OutsideFile
from .node_trees import node_trees
from .output.size import rendered_size
from .settings import output_color_mode, output_depth
from .simulations.unbaked import Uses, all_uses
from .sound import audible
from .files.visibility import strips_of

MAX_SCENES = 1000
MAX_CAMERAS = 100
MAX_REFERENCES = 9900
MAX_SHADERS = 100
SHA256_LENGTH = 64
"""In hex digits. In a stock there is something else for what cannot be read, and for caches."""


def describe(scene: Any, active: str, outside: Sequence[OutsideFile], project: str, stock: Stock) -> Dict[str, Any]:
    """Everything except `device`. `scene` is the one to be rendered, `active` the name of the file's active one.

    `project` is the folder in which the job's files are.
    """
    major, minor = bpy.data.version[:2]
    # Only speakers need it, and finding it takes long.
    uses = all_uses() if any(each.sound for each in bpy.data.speakers) else {}
    return {
        "activeScene": active,
        "scene": scene.name,
        "savedBy": "%d.%d" % (major, minor) if major else None,
        "scenes": [describe_scene(each, uses) for each in bpy.data.scenes[:MAX_SCENES]],
        "references": references(outside, project, stock) + _unread_shaders(scene),
        # One node may have such a sequence itself, and another get its files frame by frame.
        "files": digest_of(stock, without=[each.name for each in outside if each.numbers]),
    }


def describe_scene(scene: Any, uses: Uses) -> Dict[str, Any]:
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
        "sound": bool(audible(scene, uses)),
    }


def uses_sequencer(scene: Any) -> bool:
    """Whether the picture comes from the sequencer, which needs no camera."""
    editor = scene.sequence_editor
    if not scene.render.use_sequencer or editor is None:
        return False
    return any(not strip.mute and strip.type != "SOUND" for strip in strips_of(editor))


def references(outside: Iterable[OutsideFile], project: str, stock: Stock) -> List[Dict[str, Any]]:
    """Files outside the blendfile; those that are needed and missing first, as the others are dropped if there are too many.

    `at` is where Blender looks for it, from the project's folder, with slashes; None for an absolute path. `sha256` is the
    digest of an existing file with an absolute path: the coordinator may have another one there. `lacks` is what this
    Blender would have to be built with to read it.
    """
    known = [(name, path, digest) for name, path, _, digest in stock["files"] if len(digest) == SHA256_LENGTH]
    digests = {path: digest for name, path, digest in known if not name.startswith("//")}
    found = {}  # type: Dict[Tuple[str, str, Optional[str]], Dict[str, Any]]
    # Of data that names the same file, as a movie and its sound do, those that decide pixels come last, and count.
    for each in sorted(outside, key=lambda each: (each.is_visible, each.is_audible)):
        key = each.name, each.path, each.form
        shared = found.get(key)
        if shared is not None and not shared["visible"]:
            shared = None
        found[key] = {
            "kind": each.kind,
            "owner": each.owner[:256],
            "path": each.name[:4096],
            "at": _place_in(project, each.name, each.path),
            "form": each.form,
            "missing": not is_there(each.path, each.form == SEQUENCE),
            "visible": each.is_visible,
            "sha256": digests.get(each.path),
            "lacks": lacking(each.kind, each.name),
            "viewOf": each.view_of,
            "computed": each.is_computed,
            "audible": each.is_audible,
            "numbers": both(each.numbers, shared["numbers"]) if shared else each.numbers,
        }
    return sorted(found.values(), key=lambda each: (not each["missing"], not each["visible"]))[:MAX_REFERENCES]


def _unread_shaders(scene: Any) -> List[Dict[str, Any]]:
    """OSL shaders of a Blender that was built without OSL: it shows black in their place."""
    uses_them = scene.render.engine == "CYCLES" and scene.cycles.shading_system
    if not uses_them or getattr(bpy.app.build_options, "cycles_osl", True):
        return []
    shaders = {}  # type: Dict[str, Dict[str, Any]]
    for tree in node_trees():
        for node in tree.nodes:
            if node.bl_idname == "ShaderNodeScript":
                path = node.filepath if node.mode == "EXTERNAL" else node.script.name if node.script else ""
                owner = "Node '%s'" % node.name
                shaders[path] = {"kind": "shader", "owner": owner[:256], "path": path[:4096], "missing": False, "lacks": "OSL"}
    return list(shaders.values())[:MAX_SHADERS]


def _place_in(project: str, name: str, path: str) -> Optional[str]:
    if not name.startswith("//"):
        return None
    try:
        return os.path.relpath(path, project).replace(os.sep, "/")[:4096]
    except ValueError:
        return None  # of a library on another drive of Windows


def stock_of(outside: Iterable[OutsideFile], project: str) -> Stock:
    """Takes stock of the files that decide pixels: like the blendfile, a texture may be changed.

    Folders in the project came with the job, and do not change. Nor do sequences there whose frames are known, of which
    some may still be on their way.
    """
    known = os.path.join(project, "")
    needed = [each for each in outside if each.is_visible and not (each.numbers and each.path.startswith(known))]
    files = [(each.name, each.path) for each in needed if each.form != FOLDER]
    folders = [(each.name + FOLDER_MARK, each.path) for each in needed if each.form == FOLDER and os.path.isabs(each.name)]
    return take_stock(files + folders)
