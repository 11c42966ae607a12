"""Removes or redirects everything that a blendfile must not do on this machine, before Blender evaluates anything.

Fluids are simulated and drivers run while the file is being opened: afterwards it would be too late.
"""

from __future__ import annotations

import os
from typing import Any, Callable, Dict, List, Optional

import bpy
from bpy.app.handlers import persistent

from . import embedded_scripts
from .files import paths, remap
from .files.cache_folders import cache_folders
from .files.frame_numbers import FrameNumbers
from .files.outside_files import OutsideFile, outside_files
from .files.stored_paths import stored_paths
from .output import nodes
from .simulations import caches, kept_caches
from .simulations.cache_archive import Key
from .simulations.unbaked import HAIR, Simulation, unbaked, used_by
from .sound import audible


class Sandbox:
    """Confines the next file that is opened. `scripts`: whether scripts in the file run. `moved`: see `remap`. `scene` is
    the one that will be rendered; None for the active one. `kept`: see `kept_caches.redirect`; None to keep caches in memory.
    """

    def __init__(
        self, outputs: str, scripts: bool, moved: Dict[str, str], scene: Optional[str], kept: Optional[str]
    ) -> None:
        self._scene = scene
        self._kept = kept
        self._moved = moved
        self._outputs = outputs
        self._scripts = scripts
        self._blocked = None  # type: Optional[List[str]]
        self._failure = None  # type: Optional[Exception]
        self.cleared = []  # type: List[str]
        """Cleared paths, for the user; complete after `blocked`."""
        self.outside = []  # type: List[OutsideFile]
        """The files outside the blendfile; complete after `blocked`."""
        self.simulations = []  # type: List[Simulation]
        """Those that are not baked; complete after `blocked`."""
        self.folders = {}  # type: Dict[str, str]
        """See `nodes.redirect`; complete after `blocked`."""
        self.kept = {}  # type: Dict[Key, str]
        """The subfolders of the caches that are redirected; complete after `blocked`."""

    def around(self, load: Callable[[], None]) -> None:
        @persistent
        def on_loaded(*_: Any) -> None:
            self._confine()

        bpy.app.handlers.load_post.insert(0, on_loaded)  # before those of add-ons, which may evaluate it
        try:
            load()
        finally:
            bpy.app.handlers.load_post.remove(on_loaded)

    @property
    def blocked(self) -> List[str]:
        """What was removed, for the user. Raises an exception if the file could not be confined."""
        if self._failure is not None:
            raise self._failure
        if self._blocked is None:
            raise RuntimeError("Blender did not let the file be confined")
        return self._blocked

    def _confine(self) -> None:
        """Keeps its exception: Blender would only print it and continue."""
        try:
            remap.reload_libraries(self._moved)
            all_paths = list(stored_paths())  # finding them takes long, so they are found again only after a change
            replaced = remap.apply(self._moved, all_paths)
            if replaced:
                all_paths = list(stored_paths())
            self.cleared = paths.clear(all_paths)
            self.folders = nodes.redirect(self._outputs)
            original = {path: name for name, path in replaced.items()}
            scene = bpy.data.scenes.get(self._scene or "") or bpy.context.scene
            folder = caches.new_folder()
            kept_caches.restore(os.path.join(folder, "restored"))
            self.simulations = unbaked(scene, self._scripts)
            # A scene that is played or baked needs the files of all frames from the start.
            numbers = FrameNumbers(self._scripts or any(each.kind != HAIR for each in self.simulations))
            all_paths = list(stored_paths()) if self.cleared else all_paths
            self.outside = [*outside_files(original, numbers, all_paths, audible(scene)), *cache_folders(original, numbers)]
            caches.confine(folder)
            if self._kept is not None:
                self.kept = kept_caches.redirect(self._kept, used_by(scene))
            self._blocked = [] if self._scripts else embedded_scripts.block()
        except Exception as error:
            self._failure = error
            bpy.data.batch_remove(list(bpy.data.objects))  # so that nothing can be evaluated
