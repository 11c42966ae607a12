"""What a blendfile must not do on this machine is taken out of it, or led elsewhere, before Blender evaluates anything.

Fluids are simulated, and drivers run, while the file is being opened: afterwards it would be too late.
"""

from __future__ import annotations

import os
from typing import Any, Callable, List, Optional

import bpy
from bpy.app.handlers import persistent

from . import caches, output_nodes, paths, embedded_scripts


class Sandbox:
    """Confines the next file that is opened. `scripts`: whether those in the file run."""

    def __init__(self, outputs: str, scripts: bool) -> None:
        self._outputs = outputs
        self._scripts = scripts
        self._blocked = None  # type: Optional[List[str]]
        self._failure = None  # type: Optional[Exception]
        self.cleared = []  # type: List[str]
        """Paths that were taken out, in words for the user; complete when `blocked` was asked for."""
        self.absent = []  # type: List[str]
        """Simulations on disk that are not there, as the file names them; complete when `blocked` was asked for."""

    def around(self, load: Callable[[], None]) -> None:
        @persistent
        def on_loaded(*_: Any) -> None:
            self._confine()

        bpy.app.handlers.load_post.append(on_loaded)
        try:
            load()
        finally:
            bpy.app.handlers.load_post.remove(on_loaded)

    @property
    def blocked(self) -> List[str]:
        """What was taken out, in words for the user. Raises when the file is not confined."""
        if self._failure is not None:
            raise self._failure
        if self._blocked is None:
            raise RuntimeError("Blender did not let the file be confined")
        return self._blocked

    def _confine(self) -> None:
        """Blender prints what a handler raises, and goes on."""
        try:
            self.cleared = paths.clear()
            output_nodes.redirect(self._outputs)
            self.absent = caches.confine(os.path.join(bpy.app.tempdir, "caches"))
            self._blocked = [] if self._scripts else embedded_scripts.block()
        except Exception as error:
            self._failure = error
            bpy.data.batch_remove(list(bpy.data.objects))  # nothing is left that could be evaluated
