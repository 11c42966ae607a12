"""Tells which files of a numbered sequence or of a cache a frame needs. A node begins with those of its first frames.

In doubt there is no answer, and then every frame may need any of the files.
"""

from __future__ import annotations

import math
from typing import Any, Dict, Iterator, List, Optional, Set, Tuple

import bpy

from ..animation import animated_paths
from .visibility import is_rendered, strips_of

Numbers = List[Dict[str, Any]]
"""See `numbers` in docs/protocol.md: for each use of a sequence, how the number in the file's name follows from the frame; for
each use of a single picture, its frames."""

HOLD, CYCLE, PING_PONG = "hold", "cycle", "ping-pong"

MAX_NUMBERS = 32
"""Uses of one sequence that are told apart."""

MAX_FRAME = 1048574
"""Blender's last frame."""

MAX_SCENES = 16
"""With more there is no answer."""

_TEXTURE_NODES = ("ShaderNodeTexImage", "ShaderNodeTexEnvironment")

_VOLUME_MODES = {"CLIP": HOLD, "EXTEND": HOLD, "REPEAT": CYCLE, "PING_PONG": PING_PONG}


class FrameNumbers:
    """Looks at the whole file once. `any_may_be_needed`: whether each frame may need all files, since scripts run, or the scene
    is played.
    """

    def __init__(self, any_may_be_needed: bool) -> None:
        sequences = {image for image in bpy.data.images if image.source == "SEQUENCE"}
        scenes = bpy.data.scenes
        self._is_plain = not any_may_be_needed and len(scenes) <= MAX_SCENES and all(_is_plain(scene) for scene in scenes)
        self._opening = sorted({scene.frame_current for scene in scenes})
        self._margin = 1 + max(map(_shutter_frames, bpy.data.scenes), default=0)
        self._elements = {}  # type: Dict[int, Dict[str, Any]]
        for scene in scenes if self._is_plain else ():
            self._note_strips(scene)
        self._users = bpy.data.user_map(subset=sequences) if sequences else {}  # type: Dict[Any, Set[Any]]

    def of_sequence(self, owner: Any) -> Optional[Numbers]:
        """`owner` is a data-block that names a numbered file. Only images and volumes have an answer."""
        if not self._is_plain:
            return None
        if isinstance(owner, bpy.types.Image):
            return self._of_image(owner)
        if isinstance(owner, getattr(bpy.types, "Volume", ())) and not _has_animation(owner):
            mode = _VOLUME_MODES.get(owner.sequence_mode)
            return None if mode is None else [self._rule(owner.frame_start, owner.frame_duration, owner.frame_offset, mode)]
        return None

    def of_element(self, element: Any) -> Optional[Numbers]:
        """`element` is a picture of a strip."""
        rule = self._elements.get(element.as_pointer())
        return None if rule is None else [rule]

    def of_cache(self) -> Optional[Numbers]:
        """Of caches with a file for each frame, under its number."""
        return [self._rule(1, None, 0, HOLD)] if self._is_plain else None

    def _of_image(self, image: Any) -> Optional[Numbers]:
        found = []  # type: Numbers
        for user in self._users.get(image, ()):
            if not is_rendered(user) or user == image:
                continue
            uses = list(_uses(user, image))
            if not uses or None in uses or _has_animation(user):
                return None
            for each in uses:
                mode = CYCLE if each.use_cyclic else HOLD
                rule = self._rule(each.frame_start, each.frame_duration, each.frame_offset, mode)
                if not each.use_auto_refresh:
                    return None  # it shows the frame that was current when the file was saved, or any
                if rule not in found:
                    found.append(rule)
        return found if 0 < len(found) <= MAX_NUMBERS else None

    def _note_strips(self, scene: Any) -> None:
        """A strip shows its pictures one after the other; its first one before, and its last one after that."""
        if scene.sequence_editor is None or _is_animated(scene, ("strobe", "speed")):
            return
        strips = list(_all_strips(scene.sequence_editor))
        if any(strip.type == "SPEED" for strip in strips):
            return
        for strip in strips:
            if strip.type != "IMAGE" or not _is_even(strip):
                continue
            for index, element in enumerate(strip.elements):
                self._elements[element.as_pointer()] = self._rule(*_time_of(strip, index), 0, HOLD)

    def _rule(self, start: int, length: Optional[int], offset: int, mode: str) -> Dict[str, Any]:
        rule = {"start": start, "length": length, "offset": offset, "repeat": mode}
        return {**rule, "margin": self._margin, "opening": self._opening}


def both(one: Optional[Numbers], other: Optional[Numbers]) -> Optional[Numbers]:
    """What holds for files that are used in two ways."""
    if one is None or other is None:
        return None
    together = one + [rule for rule in other if rule not in one]
    return together if len(together) <= MAX_NUMBERS else None


def _uses(user: Any, image: Any) -> Iterator[Any]:
    """The settings that say which picture of the sequence a data-block shows; None for a use that is not understood."""
    if isinstance(user, bpy.types.ImageTexture):
        yield user.image_user
    elif isinstance(user, bpy.types.Object):
        yield None  # an input of a modifier, for example
    tree = user if isinstance(user, bpy.types.NodeTree) else getattr(user, "node_tree", None)
    if isinstance(user, bpy.types.Scene) and tree is None:
        tree = getattr(user, "compositing_node_group", None)
    for node in tree.nodes if tree is not None else ():
        if getattr(node, "image", None) == image:
            if node.bl_idname in _TEXTURE_NODES:
                yield node.image_user
            else:
                yield node if node.bl_idname == "CompositorNodeImage" else None
        if any(getattr(socket, "default_value", None) == image for socket in node.inputs):
            yield None


def _has_animation(owner: Any) -> bool:
    """Whether an animation may change which picture is shown."""
    parts = [owner, getattr(owner, "node_tree", None)]
    return any(_is_animated(part, ("image_user", "frame_", "use_cyclic", "sequence_mode")) for part in parts)


def _is_animated(owner: Any, names: Any) -> bool:
    return any(name in path for path in animated_paths(owner) for name in names)


def _is_plain(scene: Any) -> bool:
    """Whether its frame is that of everything in it."""
    render = scene.render
    if render.frame_map_old != render.frame_map_new or _is_animated(scene, ("frame_map", "shutter")):
        return False
    editor = scene.sequence_editor
    return editor is None or not any(strip.type == "SCENE" for strip in _all_strips(editor))


def _time_of(strip: Any, index: int) -> Tuple[int, Optional[int]]:
    """The first frame that may show a picture of the strip, and for how many frames; None for all that follow."""
    count = strip.frame_duration
    place = index - strip.animation_offset_start
    if strip.use_reverse_frames:
        place = count - 1 - place
    if not 0 <= place < count:
        return 0, 0
    repeats = max(1, math.ceil(strip.strobe))
    end = int(strip.frame_start) + place + repeats
    start = -MAX_FRAME if place == 0 else end - repeats
    return start, None if place + repeats >= count else end - start


def _is_even(strip: Any) -> bool:
    """Whether it shows one picture for each frame."""
    return getattr(strip, "speed_factor", 0.0) in (0.0, 1.0) and not len(getattr(strip, "retiming_keys", ()))


def _all_strips(holder: Any) -> Iterator[Any]:
    for strip in strips_of(holder):
        yield strip
        if strip.type == "META":
            yield from _all_strips(strip)


def _shutter_frames(scene: Any) -> int:
    """How far motion blur looks beyond a frame."""
    eevee = getattr(scene, "eevee", None)
    shutters = [scene.render.motion_blur_shutter, getattr(eevee, "motion_blur_shutter", 0.0)]
    is_used = scene.render.use_motion_blur or getattr(eevee, "use_motion_blur", False)
    return math.ceil(max(shutters)) if is_used else 0
