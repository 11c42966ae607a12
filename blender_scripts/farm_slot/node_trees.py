"""The node trees of the file."""

from __future__ import annotations

from typing import Any, Iterator

import bpy

_OWNERS = ("scenes", "materials", "worlds", "lights", "linestyles", "textures")


def node_trees() -> Iterator[Any]:
    """Groups and trees inside other data, including those of other scenes, and linked ones."""
    for group in bpy.data.node_groups:
        yield group
    for collection in _OWNERS:
        for owner in getattr(bpy.data, collection):
            tree = getattr(owner, "node_tree", None)
            if tree is not None:
                yield tree


def compositor_nodes(scene: Any) -> Iterator[Any]:
    """The nodes that are not muted of the compositor that this scene uses, if any, and of the groups in it."""
    if not scene.render.use_compositing:
        return
    has_group = hasattr(scene, "compositing_node_group")  # since 5.0, where a tree is always used
    trees = [scene.compositing_node_group if has_group else scene.node_tree if scene.use_nodes else None]
    for tree in trees:  # which grows
        for node in tree.nodes if tree is not None else ():
            if node.mute:
                continue
            yield node
            group = getattr(node, "node_tree", None)
            if group is not None and group not in trees:
                trees.append(group)
