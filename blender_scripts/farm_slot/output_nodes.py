"""File Output nodes of the compositor write wherever they like; here they write into the run folder."""

from __future__ import annotations

from typing import Any

from .node_trees import node_trees


def redirect(folder: str) -> None:
    """`folder` need not exist: Blender makes it. In all scenes: a strip or a node of the rendered one renders others."""
    for tree in node_trees():
        for node in tree.nodes:
            if node.bl_idname == "CompositorNodeOutputFile":
                _redirect(node, folder + "/")


def _redirect(node: Any, folder: str) -> None:
    """File names may hold folders and "..": here they are of our choice, for nobody reads what is written."""
    if hasattr(node, "directory"):  # since 5.0
        node.directory = folder
        node.file_name = "output"
        for item in node.file_output_items:
            item.name = "item"
    else:
        node.base_path = folder
        for slot in node.file_slots:
            slot.path = "output"
