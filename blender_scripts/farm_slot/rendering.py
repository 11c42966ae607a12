"""Renders one frame, with the pixels of `blender -a`, whatever the process has rendered before."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import Any, Iterator, List, Sequence, Set

import bpy

from .faults import SlotFault

_FIRST_OF_ANIMATIONS = 0
"""Blender refuses ranges that begin earlier."""


def render_frame(scene: Any, frame: int, base: str, views: Sequence[str] = ("",)) -> List[str]:
    """Writes the picture of each view, in the scene's own form. `base` is the path without an ending and without dots in
    its last part; `views` are the names of those with a file each, "" for all in one. Returns the paths, by view.
    Raises an exception if Blender does not render it.
    """
    if frame < _FIRST_OF_ANIMATIONS:
        scene.frame_set(frame)  # also switches to a marker's camera
        return render_current(scene, base, views)
    return _render_animation(scene, frame, base, views)


def _render_animation(scene: Any, frame: int, base: str, views: Sequence[str]) -> List[str]:
    """As an animation of one frame. `frame_set` and a still are not the same: keyed shutters and view layers, and
    simulations, come out otherwise.
    """
    scene.render.filepath = base + "-####"
    with _range_of_one(scene, frame):
        result = bpy.ops.render.render(animation=True, scene=scene.name)
    return _written(result, [scene.render.frame_path(frame=frame, view=view) for view in views])


def render_current(scene: Any, base: str, views: Sequence[str] = ("",)) -> List[str]:
    """Renders the frame at which the scene is, with what was simulated up to it. Otherwise as `render_frame`."""
    scene.render.filepath = base
    result = bpy.ops.render.render(write_still=True, scene=scene.name)
    suffixes = [scene.render.views[view].file_suffix if view else "" for view in views]
    return _written(result, [base + suffix + scene.render.file_extension for suffix in suffixes])


def _written(result: Set[str], paths: List[str]) -> List[str]:
    if "FINISHED" not in result or not all(map(os.path.exists, paths)):
        raise SlotFault("RENDER_FAILED", "Blender cancelled the render")
    return paths


@contextmanager
def _range_of_one(scene: Any, frame: int) -> Iterator[None]:
    """Makes the scene's range one frame long until the render has begun: drivers and burned-in texts may use the range."""
    name, start, end = scene.name, scene.frame_start, scene.frame_end

    def restore(*_: Any) -> None:
        _set_range(bpy.data.scenes[name], start, end)

    bpy.app.handlers.render_init.append(restore)
    try:
        _set_range(scene, frame, frame)
        yield
    finally:
        bpy.app.handlers.render_init.remove(restore)
        restore()


def _set_range(scene: Any, start: int, end: int) -> None:
    """Blender moves the other end of a range that would be empty."""
    if (scene.frame_start, scene.frame_end) != (start, end):
        scene.frame_start = start
        scene.frame_end = end
