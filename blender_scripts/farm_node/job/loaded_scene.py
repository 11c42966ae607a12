"""A load of a job: the request, and what the slots found in the file."""

from __future__ import annotations

import asyncio
from typing import Any, Optional

from farm_slot.files.external_files import FOLDER_MARK, first_changed, outside_of

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
        self._in_place: dict[str, Any] = {"references": [], "files": []}
        """Those of them that are the user's own, and may change at any time."""

    def accept(self, job_id: str, event: dict[str, Any], project: str) -> None:
        """The first slot has opened the file. `project` is the folder with the job's own files."""
        self.answer = fit_job_loaded({"type": "job-loaded", "job": job_id, "scene": event["scene"]})
        self.expected = event["expected"]
        self._stock = event.get("stock")
        if self._stock is not None:
            self._in_place = outside_of(project, self._stock)

    def refusal_of(self, event: dict[str, Any]) -> Optional[Fault]:
        """Why a later slot must not render: its frames would not match those of the first."""
        assert self.answer is not None
        if event["scene"].get("files") == self.answer["scene"].get("files"):
            return None
        return _changed(_difference(self._stock, event.get("stock")))

    def warn(self, told: dict[str, str], slot: Optional[int]) -> Optional[dict[str, Any]]:
        """The message of what a slot has told (`code`, `message`, and the `override` that it is about, if there is one);
        None if another slot has already reported it.
        """
        code, message = told["code"], told["message"][:4096]
        if any(known["code"] == code and known["message"] == message for known in self.warnings):
            return None
        warning: dict[str, Any] = {"type": "warning", "code": code, "message": message, "slot": slot}
        if "override" in told:
            warning["override"] = told["override"]
        self.warnings.append(warning)
        return warning

    async def is_outdated(self) -> bool:
        """Whether a file that the scene uses has changed."""
        return self._stock is not None and await asyncio.to_thread(first_changed, self._stock) is not None

    async def change_in_place(self) -> Optional[Fault]:
        """Which of the user's own files has changed since the file was opened: a frame may show either version of it."""
        name = await asyncio.to_thread(first_changed, self._in_place) if self._in_place["files"] else None
        if name is None:
            return None
        return _changed(name)

    def may_run_scripts(self, are_allowed: bool) -> bool:
        """Only if both sides allow it. A job whose request is refused gets a warning, and continues without scripts."""
        wants = bool(self.wanted["allowScripts"])
        if wants and not are_allowed:
            refusal = "Scripts in the blendfile are not run on this node: it was started without --allow-scripts"
            self.warn({"code": "SCRIPTS_REFUSED", "message": refusal}, None)
        return wants and are_allowed


def _changed(name: str) -> Fault:
    return Fault("FILES_CHANGED", f"{name} was changed while the job was rendering")


def _difference(one: Optional[dict[str, Any]], other: Optional[dict[str, Any]]) -> str:
    """The name of a file that is in only one of the stocks, or differs."""
    known = [{(name, contents) for name, _, _, contents in stock["files"]} if stock else set() for stock in (one, other)]
    return min((name.rstrip(FOLDER_MARK) for name, _ in known[0] ^ known[1]), default="A file that the scene uses")
