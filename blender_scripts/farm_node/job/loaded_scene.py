"""One load of a job: what was asked for, and what the slots have found."""

from __future__ import annotations

import asyncio
from typing import Any, Optional

from farm_slot.external_files import has_changed

from ..errors import Fault
from ..wire.message_size import fit_job_loaded


class LoadedScene:
    """Begun by `job-load`; its answer is made by the first slot that has opened the file."""

    def __init__(self, wanted: dict[str, Any]) -> None:
        self.wanted = wanted
        self.answer: Optional[dict[str, Any]] = None
        """`job-loaded`, None until a slot has opened the file."""
        self.warnings: list[dict[str, Any]] = []
        self.expected: dict[str, Any] = {}
        """What every frame must be, once the file is open."""
        self._stock: Optional[dict[str, Any]] = None
        """The files outside the blendfile, as they were for the first slot."""

    def accept(self, job_id: str, event: dict[str, Any]) -> None:
        """The first slot has opened the file."""
        self.answer = fit_job_loaded({"type": "job-loaded", "job": job_id, "scene": event["scene"]})
        self.expected = event["expected"]
        self._stock = event.get("stock")

    def refusal_of(self, event: dict[str, Any]) -> Optional[Fault]:
        """Why a later slot must not render: its frames would not fit those of the first."""
        assert self.answer is not None
        if event["scene"].get("files") == self.answer["scene"].get("files"):
            return None
        return Fault("FILES_CHANGED", "A file that the scene uses has been changed since the job began on this node")

    def warn(self, code: str, message: str, slot: Optional[int]) -> Optional[dict[str, Any]]:
        """The warning, unless another slot found the same."""
        warning = {"type": "warning", "code": code, "message": message[:4096], "slot": slot}
        if any(known["code"] == code and known["message"] == message[:4096] for known in self.warnings):
            return None
        self.warnings.append(warning)
        return warning

    async def is_outdated(self) -> bool:
        """Whether a file that the scene uses is not what it was any more."""
        return self._stock is not None and await asyncio.to_thread(has_changed, self._stock)
