"""Sets the scene's output to one PNG per frame, with the same pixels as `blender -a`."""

from __future__ import annotations

import math
import os
import struct
import zlib
from contextlib import contextmanager
from typing import Any, Dict, Iterator, List, Optional, Tuple

import bpy

from .held_files import while_held
from .output.size import rendered_size

COMPRESSION = 15
"""In percent. It takes far less time than Blender's default for large frames, with the same pixels."""

SAMPLE_SIZE = 64
"""Pixels of the longer side of a small picture, at most, unless that is less than one percent."""

SAMPLE_STEPS = 4
"""Samples of a small picture."""

_PNG_MODES = ("BW", "RGB", "RGBA")


def output_depth(scene: Any) -> int:
    """8 if the scene's own output has 8 bits or is a video; otherwise 16, the most that PNG can have."""
    image = scene.render.image_settings
    if scene.render.is_movie_format:
        return 8
    return 8 if image.color_depth == "8" else 16


def output_color_mode(scene: Any) -> str:
    mode = scene.render.image_settings.color_mode
    return mode if mode in _PNG_MODES else "RGB"


def prepare(scene: Any, color_mode: Optional[str], keeps_data: bool, depth: Optional[int] = None) -> bool:
    """Sets up the scene; `keeps_data`: for Cycles, from frame to frame; `depth`: of the PNG, None for the scene's own. Returns
    whether `write_frame_text` must write the frame number into each file.
    """
    render = scene.render
    image = render.image_settings
    depth, mode = depth or output_depth(scene), color_mode or output_color_mode(scene)
    if hasattr(image, "media_type"):
        image.media_type = "IMAGE"  # since 5.0 a scene set to video refuses PNG otherwise
    image.file_format = "PNG"
    if image.views_format != "STEREO_3D":
        image.views_format = "INDIVIDUAL"  # it may be that all are in one file, which only an EXR can hold
    image.color_mode = mode
    image.color_depth = str(depth)
    image.compression = COMPRESSION
    render.use_file_extension = True
    render.use_overwrite = True
    render.use_placeholder = False
    for each in bpy.data.scenes:  # strips and nodes may render others
        if hasattr(each.render, "use_persistent_data"):
            each.render.use_persistent_data = keeps_data and each == scene
    system = bpy.context.preferences.system
    if hasattr(system, "use_gpu_subdivision"):
        system.use_gpu_subdivision = False  # EEVEE would subdivide the first frame on the CPU and later ones on the GPU
    if render.use_stamp:
        # The scene burns metadata into the picture. These settings decide which, so leave them alone.
        return not render.use_stamp_frame or not _describes_scene(render)
    render.use_stamp_frame = True
    # Otherwise the file would contain a strip's own frame number.
    if hasattr(render, "metadata_input"):
        render.metadata_input = "SCENE"
    else:
        render.use_stamp_strip_meta = False
    return False


def _describes_scene(render: Any) -> bool:
    """Whether the metadata are the scene's, and not a strip's; 2.83 has another property for it."""
    if hasattr(render, "metadata_input"):
        return bool(render.metadata_input == "SCENE")
    return not render.use_stamp_strip_meta


@contextmanager
def small(scene: Any) -> Iterator[None]:
    """The scene renders small pictures meanwhile, and keeps no data: nodes can be compared by them before they render for
    hours.
    """
    render = scene.render
    longer = max(render.resolution_x, render.resolution_y)
    wanted = [(render, "resolution_percentage", max(1, math.floor(100 * SAMPLE_SIZE / longer)))]  # type: List[Tuple[Any, str, Any]]
    for each in bpy.data.scenes:  # strips and nodes may render others, in their own size
        cycles = getattr(each, "cycles", None)
        for owner, name in ((cycles, "samples"), (getattr(each, "eevee", None), "taa_render_samples")):
            if hasattr(owner, name):
                wanted.append((owner, name, min(SAMPLE_STEPS, getattr(owner, name))))
        if hasattr(cycles, "time_limit"):
            wanted.append((cycles, "time_limit", 0.0))  # the slowest node would have fewer samples
    if hasattr(render, "use_persistent_data"):
        wanted.append((render, "use_persistent_data", False))
    kept = [(owner, name, getattr(owner, name)) for owner, name, _ in wanted]
    try:
        for owner, name, value in wanted:
            setattr(owner, name, value)
        yield
    finally:
        for owner, name, value in kept:
            setattr(owner, name, value)


def expected_output(scene: Any) -> Dict[str, Any]:
    """The form that all files of this scene must have. Call it after `prepare`."""
    width, height = rendered_size(scene)
    image = scene.render.image_settings
    return {"width": width, "height": height, "depth": int(image.color_depth), "colorMode": image.color_mode}


def write_frame_text(path: str, frame: int) -> None:
    """Adds the tEXt chunk `Frame` after a PNG's header."""
    with open(path, "rb") as file:
        data = file.read()
    body = b"tEXtFrame\0%d" % frame
    chunk = struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
    after_header = 8 + 25
    temporary = path + ".part"
    with open(temporary, "wb") as file:
        file.write(data[:after_header] + chunk + data[after_header:])
    while_held(lambda: os.replace(temporary, path))
