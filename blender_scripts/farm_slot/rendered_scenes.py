"""Finds the scenes that are rendered for a picture of one: most of those that it merely names are not. In doubt, they are."""

from __future__ import annotations

from typing import Any, Iterator, List, Set

from .files.visibility import strips_of, unmutes_strips
from .node_trees import compositor_nodes
from .scene_info import uses_sequencer


def rendered_scenes(scene: Any) -> Set[Any]:
    """The scene itself, unless its picture comes from the sequencer, and those in strips and compositors that are shown."""
    found = set()  # type: Set[Any]
    if not uses_sequencer(scene) or unmutes_strips(scene):
        found.update({scene, *_in_compositor(scene)})
    sequencers, waiting = set(), [scene] if scene.render.use_sequencer else []  # type: Set[Any], List[Any]
    while waiting:
        each = waiting.pop()
        if each in sequencers or each.sequence_editor is None:
            continue
        sequencers.add(each)
        for strip in _shown(each):
            if strip.type == "SCENE" and strip.scene is not None:
                if strip.scene_input == "SEQUENCER":
                    waiting.append(strip.scene)
                else:
                    found.update({strip.scene, *_in_compositor(strip.scene)})
    return found


def _shown(scene: Any) -> Iterator[Any]:
    """The strips of its sequencer that are not muted, and those that such a strip needs: these are shown even if muted."""
    animated = unmutes_strips(scene)
    seen = set()  # type: Set[Any]
    waiting = [strip for strip in strips_of(scene.sequence_editor) if animated or not strip.mute]
    while waiting:
        strip = waiting.pop()
        if strip.as_pointer() in seen:
            continue
        seen.add(strip.as_pointer())
        yield strip
        inputs = [getattr(strip, name, None) for name in ("input_1", "input_2")]
        masks = [getattr(each, "input_mask_strip", None) for each in getattr(strip, "modifiers", ())]
        waiting += [each for each in inputs + masks if each is not None]
        if strip.type == "META":
            waiting += [each for each in strips_of(strip) if animated or not each.mute]


def _in_compositor(scene: Any) -> Iterator[Any]:
    """The other scenes that its compositor shows."""
    for node in compositor_nodes(scene):
        if node.bl_idname == "CompositorNodeRLayers" and node.scene is not None:
            yield node.scene
