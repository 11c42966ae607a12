"""Makes the compositor's File Output nodes write into the run folder, instead of anywhere that they name, and finds what they
have written. Each node has a folder of its own there, which tells its files from those of others.
"""

from __future__ import annotations

import os
from typing import Any, Dict, Iterator, List, Tuple

from ..files.portable_paths import is_portable_path
from ..node_trees import compositor_nodes, node_trees
from .own_names import folder_of, safe_path, split

KIND = "CompositorNodeOutputFile"
_KEPT = "renderfarm_folder"
"""A property of a redirected node: the folder that the file names. A baked copy has it too."""


def redirect(folder: str) -> Dict[str, str]:
    """Covers all scenes, because strips and nodes can render other scenes. Blender makes the folders.

    Returns for each subfolder the folder in which the user expects its files: a relative path with slashes, or "".
    """
    folders = {}  # type: Dict[str, str]
    for node in output_nodes():
        name = str(len(folders))
        folders[name] = _redirect(node, os.path.join(folder, name) + "/")
    return folders


def output_nodes() -> Iterator[Any]:
    for tree in node_trees():
        for node in tree.nodes:
            if node.bl_idname == KIND:
                yield node


def count_used(scene: Any) -> int:
    """How many of them write pictures when this scene is rendered, as far as its own tree shows."""
    used = (node for node in compositor_nodes(scene) if node.bl_idname == KIND)
    return sum(any(each.is_linked for each in node.inputs) for node in used)


def written(folder: str, folders: Dict[str, str]) -> List[Tuple[str, str]]:
    """The files in the folder, sorted: their paths, and the names under which users know them. `folders`: see `redirect`.

    Two nodes may give one name to two files. Blender alone would overwrite the first one; here, the second one gets the
    number of its node.
    """
    found = []  # type: List[Tuple[str, str]]
    taken = set()
    for number in sorted(folders, key=int):
        own = os.path.join(folder, number)
        for path in sorted(_files_in(own)):
            relative = os.path.relpath(path, own).replace(os.sep, "/")
            name = "/".join(filter(None, [folders[number], relative]))
            if name.lower() in taken:
                name = "/".join(filter(None, [folders[number], "node %d" % (int(number) + 1), relative]))
            if not is_portable_path(name):  # very many folders in one another; the coordinator would refuse the frame
                name = "node %d/%d%s" % (int(number) + 1, len(found), os.path.splitext(path)[1])
            taken.add(name.lower())
            found.append((path, name))
    return found


def _files_in(folder: str) -> Iterator[str]:
    for path, _, names in os.walk(folder):
        for name in names:
            yield os.path.join(path, name)


def _redirect(node: Any, folder: str) -> str:
    """File names may contain folders and "..", so they are made safe. Returns the folder that the file names."""
    if hasattr(node, "directory"):  # since 5.0
        return _redirect_items(node, folder)
    is_multilayer = node.format.file_format == "OPEN_EXR_MULTILAYER"  # then the path is that of the file
    kept = _kept(node, node.base_path)
    base, name = split(kept) if is_multilayer else (kept, "")
    node.base_path = folder + safe_path(name)
    for slot in () if is_multilayer else node.file_slots:
        if slot.path != safe_path(slot.path):
            slot.path = safe_path(slot.path)
    return folder_of(base)


def _redirect_items(node: Any, folder: str) -> str:
    kept = _kept(node, node.directory)
    node.directory = folder
    node.file_name = safe_path(node.file_name)
    is_multilayer = node.format.file_format == "OPEN_EXR_MULTILAYER"  # then the items are layers
    # A still render adds no number by itself, and would write all frames to one file.
    if is_multilayer and "#" not in node.file_name:
        node.file_name += "####"
    for item in () if is_multilayer else node.file_output_items:
        name = safe_path(item.name)
        name += "" if "#" in node.file_name + name else "####"
        if item.name != name:
            item.name = name
    return folder_of(kept)


def _kept(node: Any, folder: str) -> str:
    """The folder that the file names, also in a copy that was saved after a redirection."""
    if _KEPT not in node:
        node[_KEPT] = folder
    return str(node[_KEPT])
