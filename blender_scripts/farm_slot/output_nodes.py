"""File Output nodes of the compositor write wherever they like; here they write into the run folder."""

from __future__ import annotations

from typing import Any, Set


def redirect(scene: Any, folder: str) -> None:
    """`folder` need not exist: Blender makes it."""
    tree = getattr(scene, "compositing_node_group", None) or getattr(scene, "node_tree", None)
    if tree is not None:
        _redirect_tree(tree, folder, set())


def _redirect_tree(tree: Any, folder: str, seen: Set[str]) -> None:
    if tree.name_full in seen:
        return
    seen.add(tree.name_full)
    for node in tree.nodes:
        if node.bl_idname == "CompositorNodeOutputFile":
            if hasattr(node, "directory"):  # since 5.0
                node.directory = folder + "/"
            else:
                node.base_path = folder + "/"
                for slot in list(node.file_slots) + list(node.layer_slots):
                    if hasattr(slot, "path"):
                        slot.path = slot.path.replace("..", "_").lstrip("/\\")
        elif getattr(node, "node_tree", None) is not None:
            _redirect_tree(node.node_tree, folder, seen)
