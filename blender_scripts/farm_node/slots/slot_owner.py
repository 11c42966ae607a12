"""What a slot needs of the job that it works for."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Optional, Protocol

from ..errors import Fault
from .attempts import Result


class SlotOwner(Protocol):
    """Implemented by the job, and by the tests of slots."""

    load_command: dict[str, Any]
    frames_folder: Path

    @property
    def is_loaded(self) -> bool:
        """Whether any slot has opened the file: then it can be opened, and no end of a slot says otherwise."""
        ...

    def may_start(self) -> bool: ...
    def lack_of_space(self) -> Optional[Fault]:
        """Why no frame can be started now, for want of disk space."""
        ...

    async def lack_of_blend(self, is_doubted: bool) -> Optional[Fault]:
        """Why no Blender can open the blendfile now. `is_doubted`: the last one did not open it."""
        ...

    def emit(self, message: dict[str, Any]) -> None: ...
    def keep(self, result: Result) -> None: ...
    def on_loaded(self, slot: int, event: dict[str, Any]) -> Optional[Fault]:
        """Why this slot must not render all the same, for ever."""
        ...

    def on_warning(self, slot: int, event: dict[str, Any]) -> None: ...
    async def on_load_failed(self, fault: Fault) -> bool:
        """The file was refused by a Blender that lives. True when the load as a whole has failed by it."""
        ...

    async def on_given_up(self, fault: Fault) -> None:
        """The slot is not started again."""
        ...
