"""Output settings of the scene: one PNG per frame, the same pixels that `blender -a` gives."""

from __future__ import annotations

import os
import struct
import zlib
from typing import Any, Dict, Optional

from .faults import SlotFault
from .held_files import while_held
from .output_size import rendered_size

COMPRESSION = 15
"""Percent. Costs far less time than Blender's default effort for large frames; the pixels are the same."""

_PNG_MODES = ("BW", "RGB", "RGBA")


def output_depth(scene: Any) -> int:
    """8 where the scene's own output has 8 bits or is a video, else 16, the most that PNG holds."""
    image = scene.render.image_settings
    if scene.render.is_movie_format:
        return 8
    return 8 if image.color_depth == "8" else 16


def output_color_mode(scene: Any) -> str:
    mode = scene.render.image_settings.color_mode
    return mode if mode in _PNG_MODES else "RGB"


def prepare(scene: Any, color_mode: Optional[str]) -> bool:
    """Sets the scene up; True when the frame number must be written into each file by `write_frame_text`."""
    render = scene.render
    image = render.image_settings
    if render.use_multiview and image.views_format != "STEREO_3D":
        raise SlotFault("UNSUPPORTED", "The scene writes one image per view (Stereoscopy with individual files)")
    depth, mode = output_depth(scene), color_mode or output_color_mode(scene)
    if hasattr(image, "media_type"):
        image.media_type = "IMAGE"  # since 5.0 a scene set to video refuses PNG otherwise
    image.file_format = "PNG"
    image.color_mode = mode
    image.color_depth = str(depth)
    image.compression = COMPRESSION
    render.use_file_extension = True
    render.use_overwrite = True
    render.use_placeholder = False
    if render.engine == "CYCLES":
        render.use_persistent_data = True  # pixels stay equal, the next frame starts sooner
    if render.use_stamp:
        # The scene burns text into the picture. Its metadata choice is also what is burned in: leave it alone.
        return not render.use_stamp_frame or render.metadata_input != "SCENE"
    render.use_stamp_frame = True
    if hasattr(render, "metadata_input"):
        render.metadata_input = "SCENE"  # else a strip's own frame number would stand in the file
    return False


def expected_output(scene: Any) -> Dict[str, Any]:
    """What every file of this scene must be; call after `prepare`."""
    width, height = rendered_size(scene)
    image = scene.render.image_settings
    return {"width": width, "height": height, "depth": int(image.color_depth), "colorMode": image.color_mode}


def write_frame_text(path: str, frame: int) -> None:
    """Adds the tEXt chunk `Frame` behind a PNG's header."""
    with open(path, "rb") as file:
        data = file.read()
    body = b"tEXtFrame\0%d" % frame
    chunk = struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
    after_header = 8 + 25
    temporary = path + ".part"
    with open(temporary, "wb") as file:
        file.write(data[:after_header] + chunk + data[after_header:])
    while_held(lambda: os.replace(temporary, path))
