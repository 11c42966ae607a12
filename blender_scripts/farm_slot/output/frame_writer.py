"""Renders a frame into files: the PNG by which it is checked, and the pictures that the job wants beside it."""

from __future__ import annotations

import os
import shutil
from typing import Any, Dict, List, Optional

from .. import settings
from ..faults import SlotFault
from ..held_files import while_held
from ..rendering import render_current, render_frame
from . import nodes, pictures


class FrameWriter:
    """Made when a file is open: it sets up the scene's output.

    `command` is what the slot was told to load. `folders`: see `nodes.redirect`. `keeps_data`: for Cycles, from frame to frame.
    """

    def __init__(self, scene: Any, command: Dict[str, Any], folders: Dict[str, str], keeps_data: bool) -> None:
        image = scene.render.image_settings
        wanted = command.get("pictures")
        self._outputs = command["outputs"]
        self._folders = folders if wanted and wanted["nodes"] else None
        own = pictures.setup_of(image)
        self.form = form = pictures.form_of(scene, wanted or {"formats": [pictures.PNG], "depth": None})
        if wanted is None and len(form.views) > 1:
            raise SlotFault("UNSUPPORTED", "The scene writes one image per view (Stereoscopy with individual files)")
        self._is_png = form.format == pictures.PNG
        depth = _png_depth(form, wanted)
        self._needs_frame_text = settings.prepare(scene, command["colorMode"], keeps_data, depth)
        self.expected = settings.expected_output(scene)
        """The form that all PNGs of this scene must have."""
        self._png = pictures.setup_of(image)
        if not self._is_png:
            pictures.set_native(image, form, own)
        self.expected["picturesBytes"] = form.size_bytes(self.expected)

    def describe(self, scene: Any) -> Dict[str, Any]:
        """The form of its pictures (`pictures` of `sceneInfo` in docs/protocol.md)."""
        nodes_used = nodes.count_used(scene) if self._folders is not None else 0
        return {**self.form.to_message(not self._needs_frame_text), "nodes": nodes_used}

    def write(self, scene: Any, frame: int, path: str, is_played: bool, folder: Optional[str] = None) -> Optional[List[Dict[str, Any]]]:
        """Renders it. `path` is that of the PNG, `folder` that of the other pictures, which is made; None if nobody wants them.
        `is_played`: the scene is at this frame, with what was simulated up to it. Returns what is in the folder; None if this
        scene has no other pictures.
        """
        self._empty_outputs()  # a Blender that was killed may have left some
        root, name = os.path.split(path)
        base = os.path.join(root, name[: -len(".png")].replace(".", "-"))  # Blender puts a view's suffix before the last dot
        views = self.form.views
        files = render_current(scene, base, views) if is_played else render_frame(scene, frame, base, views)
        if self._is_png:
            first = files[0]
            while_held(lambda: os.replace(first, path))
            files[0] = ""
        else:
            pictures.save_png(scene, path, self._png)
        if self._needs_frame_text:
            settings.write_frame_text(path, frame)
        told = None
        if folder is None:
            for file in filter(None, files):
                os.remove(file)
        elif self._folders or any(files):
            told = [each.to_message(folder) for each in pictures.gather(folder, files, self._outputs, self._folders)]
        shutil.rmtree(self._outputs, ignore_errors=True)
        return told

    def _empty_outputs(self) -> None:
        """Raises OSError: files of another frame must not count as this one's."""
        if os.path.lexists(self._outputs):
            while_held(lambda: shutil.rmtree(self._outputs))


def _png_depth(form: pictures.Form, wanted: Optional[Dict[str, Any]]) -> Optional[int]:
    """The bits of the PNGs; None for those of the scene. Beside another format, and unless they become a video, they only prove
    the frames, and 8 bits take a third of the time.
    """
    if wanted is None:
        return None
    if form.format == pictures.PNG:
        return form.depth if wanted["depth"] else None
    return None if wanted["video"] else 8
