"""Makes the compositor's File Output nodes write into the run folder, instead of anywhere that they name."""

from __future__ import annotations

from typing import Any

from ..node_trees import node_trees


def redirect(folder: str) -> None:
    """`folder` need not exist: Blender makes it. Covers all scenes, because strips and nodes can render other scenes."""
    for tree in node_trees():
        for node in tree.nodes:
            if node.bl_idname == "CompositorNodeOutputFile":
                _redirect(node, folder + "/")


def _redirect(node: Any, folder: str) -> None:
    """File names may contain folders and "..", so they are replaced; nobody reads these files."""
    if hasattr(node, "directory"):  # since 5.0
        node.directory = folder
        node.file_name = "output"
        for item in node.file_output_items:
            item.name = "item"
    else:
        node.base_path = folder
        for slot in node.file_slots:
            slot.path = "output"
