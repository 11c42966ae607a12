"""Renders one frame, with the pixels of `blender -a`, whatever the process has rendered before."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import Any, Iterator

import bpy

from .faults import SlotFault
from .held_files import while_held

_FIRST_OF_ANIMATIONS = 0
"""Blender refuses ranges that begin earlier."""


def render_frame(scene: Any, frame: int, path: str) -> None:
    """Writes the picture to `path`, which ends in ".png". Raises an exception if Blender does not render it."""
    if frame < _FIRST_OF_ANIMATIONS:
        _render_still(scene, frame, path)
    else:
        _render_animation(scene, frame, path)


def _render_animation(scene: Any, frame: int, path: str) -> None:
    """As an animation of one frame. `frame_set` and a still are not the same: keyed shutters and view layers, and
    simulations, come out otherwise.
    """
    scene.render.filepath = path[: -len(".png")] + "-####"
    with _range_of_one(scene, frame):
        result = bpy.ops.render.render(animation=True, scene=scene.name)
    written = scene.render.frame_path(frame=frame)
    if "FINISHED" not in result or not os.path.exists(written):
        raise SlotFault("RENDER_FAILED", "Blender cancelled the render")
    while_held(lambda: os.replace(written, path))


def _render_still(scene: Any, frame: int, path: str) -> None:
    scene.frame_set(frame)  # also switches to a marker's camera
    render_current(scene, path)


def render_current(scene: Any, path: str) -> None:
    """Renders the frame at which the scene is, with what was simulated up to it. Otherwise as `render_frame`."""
    scene.render.filepath = path
    if "FINISHED" not in bpy.ops.render.render(write_still=True, scene=scene.name):
        raise SlotFault("RENDER_FAILED", "Blender cancelled the render")


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
