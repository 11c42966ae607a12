"""A load of a job: the request, and what the slots found in the file."""

from __future__ import annotations

import asyncio
from typing import Any, Optional

from farm_slot.files.external_files import has_changed

from ..errors import Fault
from ..wire.message_size import fit_job_loaded


class LoadedScene:
    """Started by `job-load`. The first slot that has opened the file provides the answer."""

    def __init__(self, wanted: dict[str, Any]) -> None:
        self.wanted = wanted
        self.answer: Optional[dict[str, Any]] = None
        """The `job-loaded` message; None until a slot has opened the file."""
        self.warnings: list[dict[str, Any]] = []
        self.expected: dict[str, Any] = {}
        """The form that all frames must have, known once the file is open."""
        self._stock: Optional[dict[str, Any]] = None
        """The external files as the first slot found them."""

    def accept(self, job_id: str, event: dict[str, Any]) -> None:
        """The first slot has opened the file."""
        self.answer = fit_job_loaded({"type": "job-loaded", "job": job_id, "scene": event["scene"]})
        self.expected = event["expected"]
        self._stock = event.get("stock")

    def refusal_of(self, event: dict[str, Any]) -> Optional[Fault]:
        """Why a later slot must not render: its frames would not match those of the first."""
        assert self.answer is not None
        if event["scene"].get("files") == self.answer["scene"].get("files"):
            return None
        return Fault("FILES_CHANGED", "A file that the scene uses was changed after the job started on this node")

    def warn(self, code: str, message: str, slot: Optional[int]) -> Optional[dict[str, Any]]:
        """The warning, unless another slot has already reported it."""
        warning = {"type": "warning", "code": code, "message": message[:4096], "slot": slot}
        if any(known["code"] == code and known["message"] == message[:4096] for known in self.warnings):
            return None
        self.warnings.append(warning)
        return warning

    async def is_outdated(self) -> bool:
        """Whether a file that the scene uses has changed."""
        return self._stock is not None and await asyncio.to_thread(has_changed, self._stock)
