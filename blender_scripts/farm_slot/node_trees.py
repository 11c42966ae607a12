"""Every node tree of the file, wherever it hangs."""

from __future__ import annotations

from typing import Any, Iterator

import bpy

_OWNERS = ("scenes", "materials", "worlds", "lights", "linestyles", "textures")


def node_trees() -> Iterator[Any]:
    """Groups and the trees inside other data, also those of scenes that are not rendered, and linked ones."""
    for group in bpy.data.node_groups:
        yield group
    for collection in _OWNERS:
        for owner in getattr(bpy.data, collection):
            tree = getattr(owner, "node_tree", None)
            if tree is not None:
                yield tree
