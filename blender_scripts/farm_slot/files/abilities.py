"""Which file formats this Blender was built to read. Those that it was not built for it ignores without a word."""

from __future__ import annotations

import os
from typing import Any, Dict, Optional, Tuple

import bpy

_BY_ENDING = {
    ".abc": ("alembic", "Alembic"),
    ".usd": ("usd", "USD"),
    ".usda": ("usd", "USD"),
    ".usdc": ("usd", "USD"),
    ".usdz": ("usd", "USD"),
    ".vdb": ("openvdb", "OpenVDB"),
    ".exr": ("image_openexr", "OpenEXR"),
    ".hdr": ("image_hdr", "Radiance HDR"),
    ".tif": ("image_tiff", "TIFF"),
    ".tiff": ("image_tiff", "TIFF"),
    ".jp2": ("image_openjpeg", "JPEG 2000"),
    ".cin": ("image_cineon", "Cineon"),
    ".dpx": ("image_cineon", "DPX"),
}  # type: Dict[str, Tuple[str, str]]
"""The build option and the name for people, by a file's ending."""


def lacking(kind: str, path: str, options: Any = bpy.app.build_options) -> Optional[str]:
    """What Blender would have to be built with for this file; None if it can read it."""
    needed = ("codec_ffmpeg", "FFmpeg") if kind == "movie" else _BY_ENDING.get(os.path.splitext(path)[1].lower())
    if needed is None or getattr(options, needed[0], True):
        return None
    return needed[1]
