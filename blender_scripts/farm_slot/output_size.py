"""The size in pixels that Blender will give a frame, computed as Blender does. Pure: reads plain attributes."""

from __future__ import annotations

import struct
from typing import Any, Tuple


def _single(value: float) -> float:
    """Rounds to single precision, in which Blender computes."""
    return float(struct.unpack("f", struct.pack("f", value))[0])


def rendered_size(scene: Any) -> Tuple[int, int]:
    """Width and height with percentage, border and crop, and both halves of a stereo picture."""
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
    return max(1, width), max(1, height)  # Blender itself refuses to render nothing


def _cropped(low: float, high: float, size: int) -> int:
    """Each edge is cut to a whole pixel by itself, so the same border can differ by one between places."""
    return int(_single(high * size)) - int(_single(low * size))
