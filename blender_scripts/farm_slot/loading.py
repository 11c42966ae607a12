"""Opens the blendfile, without running scripts in it unless both the job and the node allow that."""

from __future__ import annotations

import os
from typing import Any, Dict, List, NamedTuple, Optional

import bpy

from .faults import SlotFault
from .files.outside_files import OutsideFile
from .sandbox import Sandbox
from .simulations.cache_archive import Key
from .simulations.unbaked import Simulation

Warning_ = Dict[str, str]

MAX_CLEARED = 12
"""Paths that a warning names: it must fit into a message."""


class Opened(NamedTuple):
    """Facts about an opened file."""

    warnings: List[Warning_]
    outside: List[OutsideFile]
    simulations: List[Simulation]
    folders: Dict[str, str]
    """Where File Output nodes write; see `nodes.redirect`."""
    kept: Dict[Key, str]
    """Where simulations keep what a blendfile cannot hold; see `kept_caches.redirect`."""


def open_blendfile(
    path: str, scripts: bool, outputs: str, moved: Dict[str, str], scene: Optional[str], kept: Optional[str] = None
) -> Opened:
    """Opens it in the sandbox: its nodes write to the folder `outputs`. `scripts`: whether scripts in the file run.

    `moved`: absolute paths to use instead of paths in the file. `scene`: the one that will be rendered. `kept`: the folder
    for caches that are to be kept in a copy.

    Raises SlotFault if this Blender cannot use the file.
    """
    problem = ""
    sandbox = Sandbox(outputs, scripts, moved, scene, kept)
    try:
        # use_scripts=True would override --disable-autoexec on 4.3 and later.
        sandbox.around(lambda: bpy.ops.wm.open_mainfile(filepath=path, load_ui=False, use_scripts=scripts))
    except RuntimeError as error:
        problem = str(error).strip()
    loaded = bpy.data.filepath and os.path.samefile(bpy.data.filepath, path)
    if bpy.data.version[:2] > bpy.app.version[:2] or "newer Blender" in problem:
        raise SlotFault("FILE_TOO_NEW", _too_new())
    if not loaded:
        # The node's own path means nothing to the user who sent the file.
        said = problem.replace("Error: ", "", 1)
        for named in ('"%s"' % path, "'%s'" % path, path):
            said = said.replace(named, "the file")
        raise SlotFault("FILE_UNREADABLE", said or "Blender did not open the file")
    # An error report does not mean failure: Blender reports missing libraries in the same way.
    warnings = [{"code": "LOAD_PROBLEM", "message": problem}] if problem else []
    blocked = sandbox.blocked + blocked_by_blender()
    if sandbox.cleared:
        warnings.append(_paths_cleared(sandbox.cleared))
    if blocked:
        warnings.append(scripts_blocked(blocked))
    return Opened(warnings, sandbox.outside, sandbox.simulations, sandbox.folders, sandbox.kept)


def blocked_by_blender() -> List[str]:
    """The first script that Blender refused to run since the file was opened, if any."""
    return [bpy.app.autoexec_fail_message or "no name given"] if bpy.app.autoexec_fail else []


def scripts_blocked(what: List[str]) -> Warning_:
    return {"code": "SCRIPTS_BLOCKED", "message": "Scripts in the file were not run: " + ", ".join(what[:20])}


def _paths_cleared(what: List[str]) -> Warning_:
    more = "; and %d more" % (len(what) - MAX_CLEARED) if len(what) > MAX_CLEARED else ""
    told = "; ".join(what[:MAX_CLEARED]) + more
    return {"code": "PATHS_CLEARED", "message": "Paths in the file were cleared: " + told}


def _too_new() -> str:
    return "The file was saved by Blender %d.%d and this is %s" % (tuple(bpy.data.version[:2]) + (bpy.app.version_string,))


def pick_scene(name: Optional[str]) -> Any:
    """Returns the named scene or the file's active one, and makes it the window's scene, as `-S` does."""
    if name is None:
        return bpy.context.scene
    scene = bpy.data.scenes.get(name)
    if scene is None:
        have = ", ".join(repr(known.name) for known in bpy.data.scenes[:20])
        raise SlotFault("SCENE_NOT_FOUND", "The file has no scene %r; it has %s" % (name, have))
    for manager in bpy.data.window_managers:
        for window in manager.windows:
            window.scene = scene
    return scene
