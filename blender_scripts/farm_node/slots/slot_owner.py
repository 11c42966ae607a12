"""The part of a job that a slot needs."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Optional, Protocol

from ..errors import Fault
from .attempts import Result


class SlotOwner(Protocol):
    """Implemented by the job, and by tests of slots."""

    load_command: dict[str, Any]
    frames_folder: Path

    @property
    def is_loaded(self) -> bool:
        """Whether any slot has opened the file. Then the file is good, even if another slot dies."""
        ...

    def may_start(self) -> bool: ...
    def lack_of_space(self) -> Optional[Fault]:
        """Why no frame can be started now, if the disk is full."""
        ...

    async def lack_of_blend(self, is_doubted: bool) -> Optional[Fault]:
        """Why no Blender can open the blendfile now. `is_doubted`: the last Blender could not open it."""
        ...

    async def change_in_place(self) -> Optional[Fault]:
        """Why a frame that was just rendered must not be used: a file that is not the job's own has changed."""
        ...

    def emit(self, message: dict[str, Any]) -> None: ...
    def keep(self, result: Result) -> None: ...
    def on_loaded(self, slot: int, event: dict[str, Any]) -> Optional[Fault]:
        """Why this slot must never render, although it has loaded the file."""
        ...

    def on_warning(self, slot: int, event: dict[str, Any]) -> None: ...
    async def on_load_failed(self, fault: Fault) -> bool:
        """A live Blender refused the file. Returns whether the load as a whole has failed."""
        ...

    async def on_abandoned(self, fault: Fault) -> None:
        """The slot is not restarted any more."""
        ...
