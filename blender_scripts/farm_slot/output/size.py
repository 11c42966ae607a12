"""Computes the size of a frame in pixels, as Blender does. Pure: reads plain attributes."""

from __future__ import annotations

import struct
from typing import Any, Tuple


def _single(value: float) -> float:
    """Rounds to single precision, which Blender uses."""
    return float(struct.unpack("f", struct.pack("f", value))[0])


def rendered_size(scene: Any) -> Tuple[int, int]:
    """Width and height, with percentage, border and crop, and with both halves of a stereo picture."""
    render = scene.render
    width = render.resolution_x * render.resolution_percentage // 100
    height = render.resolution_y * render.resolution_percentage // 100
    if render.use_border and render.use_crop_to_border:
        width = _cropped(render.border_min_x, render.border_max_x, width)
        height = _cropped(render.border_min_y, render.border_max_y, height)
    if render.use_multiview and render.image_settings.views_format == "STEREO_3D":
        stereo = render.image_settings.stereo_3d_format
        if not stereo.use_squeezed_frame and stereo.display_mode == "SIDEBYSIDE":
            width *= 2
        if not stereo.use_squeezed_frame and stereo.display_mode == "TOPBOTTOM":
            height *= 2
    return max(1, width), max(1, height)  # Blender itself refuses to render an empty picture


def _cropped(low: float, high: float, size: int) -> int:
    """Each edge is rounded down by itself, so a border's size can differ by one pixel depending on its position."""
    return int(_single(high * size)) - int(_single(low * size))
