"""The form in which a frame's pictures are written, beside the PNG by which each frame is checked (`pictures` in
docs/protocol.md).
"""

from __future__ import annotations

import os
import shutil
from typing import Any, Dict, List, NamedTuple, Optional, Tuple

import bpy

from ..faults import SlotFault
from ..held_files import while_held
from . import nodes
from .own_names import are_suffixes

PNG = "png"

FILE_FORMATS = {
    PNG: "PNG",
    "exr": "OPEN_EXR",
    "exr-multilayer": "OPEN_EXR_MULTILAYER",
    "jpeg": "JPEG",
    "tiff": "TIFF",
    "webp": "WEBP",
}

_DEPTHS = {"exr": (16, 32), "exr-multilayer": (16, 32), "jpeg": (8,), "webp": (8,)}
_USUAL_DEPTHS = (8, 16)

_NUMBERED = (PNG, "exr", "exr-multilayer", "jpeg")
"""Formats whose files say which frame they are."""


class Form(NamedTuple):
    """What a scene's pictures are like. `suffixes` are those of the views that have a file each; [""] for a single file."""

    format: str
    depth: int
    suffixes: List[str]
    views: List[str]
    """The names of these views."""
    warnings: List[Dict[str, str]]

    def size_bytes(self, expected: Dict[str, Any]) -> int:
        """The uncompressed pixels of a frame's views, beside the PNG."""
        files = len(self.views) - (1 if self.format == PNG else 0)
        return int(expected["width"] * expected["height"]) * 4 * self.depth // 8 * files

    def to_message(self, is_numbered: bool) -> Dict[str, Any]:
        """`is_numbered`: whether the scene has its frame numbers written into files."""
        numbered = is_numbered and self.format in _NUMBERED
        return {"format": self.format, "depth": self.depth, "suffixes": self.suffixes, "numbered": numbered}


def form_of(scene: Any, wanted: Dict[str, Any]) -> Form:
    """`wanted` is the job's: the scene's own format is kept if it is among `formats`; otherwise it is the first of them.

    Raises SlotFault if the scene cannot be written so.
    """
    render = scene.render
    image = render.image_settings
    own = next((name for name, each in FILE_FORMATS.items() if each == image.file_format), None)
    formats = wanted["formats"]
    chosen = own if own in formats else formats[0]
    replaced = ""
    if own is None and len(formats) == len(FILE_FORMATS) and not render.is_movie_format:
        replaced = "The scene writes %s pictures, which this program does not" % image.file_format
    if chosen != PNG and render.use_multiview and image.views_format == "STEREO_3D":
        # Blender cannot save such a picture as PNG too.
        replaced = "The scene puts both views into one picture (Stereo 3D), which this program writes as PNG only"
        if PNG not in formats:
            raise SlotFault("FORMAT_UNSUPPORTED", replaced + ": choose PNG, or individual views in the blendfile")
        chosen = PNG
    warnings = [{"code": "FORMAT_REPLACED", "message": replaced + ": PNG pictures are written"}] if replaced else []
    views = _views_of(scene, chosen)
    if not are_suffixes([suffix for _, suffix in views]):
        raise SlotFault("FORMAT_UNSUPPORTED", "The suffixes of the scene's views cannot be in file names, or are the same")
    depth = _depth_of(scene, chosen, wanted["depth"])
    return Form(chosen, depth, [suffix for _, suffix in views], [name for name, _ in views], warnings)


def _depth_of(scene: Any, chosen: str, wanted: Optional[int]) -> int:
    """The wanted depth, or the scene's own; if the format has no such depth, the one that comes nearest."""
    depths = _DEPTHS.get(chosen, _USUAL_DEPTHS)
    own = 8 if scene.render.is_movie_format else int(scene.render.image_settings.color_depth)
    asked = wanted or own
    return next((depth for depth in depths if depth >= asked), depths[-1])


def _views_of(scene: Any, chosen: str) -> List[Tuple[str, str]]:
    """Name and suffix of each view with a file of its own."""
    render = scene.render
    if not render.use_multiview or not _writes_views(render.image_settings, chosen):
        return [("", "")]
    views = render.stereo_views if render.views_format == "STEREO_3D" else render.views
    used = [(view.name, view.file_suffix) for view in views if view.use]
    return used if len(used) > 1 else [("", "")]


def _writes_views(image: Any, chosen: str) -> bool:
    """Whether each view is a file: an EXR may hold all of them, other formats may hold a pair in one picture."""
    if image.views_format == "MULTIVIEW":
        return not chosen.startswith("exr")
    return bool(image.views_format == "INDIVIDUAL")


Setup = List[Tuple[str, Any]]
"""Properties of a scene's image settings, in the order in which they must be set."""


def setup_of(image: Any) -> Setup:
    names = ["media_type"] if hasattr(image, "media_type") else []  # since 5.0
    names += ["file_format", "views_format", "color_mode", "color_depth"]
    return [(name, getattr(image, name)) for name in names]


def apply_setup(image: Any, setup: Setup) -> None:
    for name, value in setup:
        setattr(image, name, value)


def set_native(image: Any, form: Form, own: Setup) -> None:
    """Has Blender write its pictures in this form. `own`: as the scene has it, whose colours are kept where they can be."""
    if hasattr(image, "media_type"):
        image.media_type = "MULTI_LAYER_IMAGE" if form.format == "exr-multilayer" else "IMAGE"
    try:
        image.file_format = FILE_FORMATS[form.format]
    except TypeError:  # before 3.2
        raise SlotFault("FORMAT_UNSUPPORTED", "This Blender cannot write %s pictures" % form.format)
    values = dict(own)
    if form.format == "webp" and values["color_mode"] == "BW":
        values["color_mode"] = "RGB"  # Blender offers it, and then cannot write the file
    for name in ("views_format", "color_mode"):
        try:
            setattr(image, name, values[name])
        except TypeError:
            pass  # JPEG has no alpha; Blender has chosen what comes nearest
    image.use_preview = False  # a second file beside each EXR
    image.color_depth = str(form.depth)


class Picture(NamedTuple):
    """A file beside the PNG, and what it is: a `view` in the form, or the picture of a File Output node with this name."""

    path: str
    kind: str
    view: int
    name: str

    def to_message(self, folder: str) -> Dict[str, Any]:
        file = os.path.relpath(self.path, folder).replace(os.sep, "/")
        return {"file": file, "kind": self.kind, "view": self.view, "name": self.name}


def save_png(scene: Any, path: str, png: Setup) -> None:
    """Writes what was just rendered as PNG too, through the scene's view transform; of several views, the first one."""
    image = scene.render.image_settings
    suffixes = [suffix for _, suffix in _views_of(scene, PNG)]
    native = setup_of(image)
    said = "Blender did not write the PNG"
    apply_setup(image, png)
    try:
        bpy.data.images["Render Result"].save_render(path, scene=scene)
    except RuntimeError as error:
        said = str(error)  # of several views also if all are saved (3.4 to 5.2)
    finally:
        apply_setup(image, native)
    base, ending = os.path.splitext(path)
    views = [base + suffix + ending for suffix in suffixes]
    if not os.path.exists(path):
        if not os.path.exists(views[0]):
            raise SlotFault("RENDER_FAILED", said)
        while_held(lambda: os.replace(views[0], path))
    for other in views:
        if other != path and os.path.exists(other):
            while_held(lambda: os.remove(other))


def gather(folder: str, views: List[str], outputs: str, folders: Optional[Dict[str, str]]) -> List[Picture]:
    """Moves the pictures of a frame into a new folder. `views`: the files in the form, by view; "" for the PNG itself.
    `outputs` and `folders`: see `nodes.redirect`; None if the pictures of File Output nodes are not wanted.
    """
    found = [Picture(path, "view", number, "") for number, path in enumerate(views) if path]
    if folders is not None:
        found += [Picture(path, "node", 0, name) for path, name in nodes.written(outputs, folders)]
    shutil.rmtree(folder, ignore_errors=True)
    if found:
        os.mkdir(folder)
    return [_moved(folder, number, each) for number, each in enumerate(found)]


def _moved(folder: str, number: int, picture: Picture) -> Picture:
    path = os.path.join(folder, "%d%s" % (number, os.path.splitext(picture.path)[1]))
    while_held(lambda: os.replace(picture.path, path))
    return picture._replace(path=path)
