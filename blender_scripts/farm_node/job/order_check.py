"""Whether frames depend on those before: the scene is played by one Blender, and jumped to by new ones."""

from __future__ import annotations

import asyncio
from functools import partial
from pathlib import Path
from typing import Any, Optional

from ..errors import Fault, FaultError
from ..limits import LOAD_LIMIT_S
from ..slots.blender_program import slot_environment
from ..slots.run_folder import make_slot_folder
from ..slots.slot_channel import SlotSwitchboard
from ..slots.slot_process import SlotProcess
from ..slots.slot_run import SlotRun

LIMIT_S = 4 * LOAD_LIMIT_S
"""For one Blender, which may have to play a long simulation."""

MAX_NAMED = 20
"""Objects and data-blocks that are named for a frame."""

Digests = dict[str, dict[str, str]]
"""By frame, and then by the name of the object or data-block."""


class OrderCheck:
    """`load_command` is what slots are told."""

    def __init__(self, command: list[str], load_command: dict[str, Any], folder: Path, board: SlotSwitchboard) -> None:
        self._command = command
        self._load = load_command
        self._folder = folder
        self._board = board

    async def run(self, frames: list[int]) -> tuple[list[dict[str, Any]], Optional[Fault]]:
        """The frames that differ, each with some of what is different; and why the check could not be made, if so."""
        try:
            played = await self._digests(sorted(frames), play=True)
            differing = []
            for frame in sorted(frames):
                jumped = await self._digests([frame], play=False)
                names = _differences(played[str(frame)], jumped[str(frame)])
                if names:
                    differing.append({"frame": frame, "what": [name[:256] for name in names[:MAX_NAMED]]})
            return differing, None
        except FaultError as error:
            return [], error.fault

    async def _digests(self, frames: list[int], play: bool) -> Digests:
        """Of a Blender of its own. Raises FaultError."""
        problem = await asyncio.to_thread(make_slot_folder, self._folder)
        if problem is not None:
            raise FaultError(problem)
        found: list[Digests] = []
        slot_run = SlotRun(self._folder)
        environment = partial(slot_environment, temporary=self._folder / "tmp", colors=self._load.get("colors"))
        process = SlotProcess(self._command, environment, self._folder, self._board, slot_run.log)

        async def on_event(event: dict[str, Any]) -> None:
            kind = event.get("event")
            if kind == "loaded":
                process.send({"do": "digest", "frames": frames, "play": play})
            elif kind == "digested":
                found.append(event["digests"])
                process.send({"do": "quit"})
            elif kind in ("load-failed", "digest-failed"):
                slot_run.verdict = slot_run.fault_of(event, "LOAD_FAILED")

        load = {"do": "load", "outputs": str(self._folder / "outputs"), **self._load}
        timer = asyncio.get_running_loop().call_later(LIMIT_S, process.kill)
        try:
            end = await process.run(lambda: process.send(load), on_event, slot_run.read)
        finally:
            timer.cancel()
        if not found:
            raise FaultError(slot_run.fault_of_end(end, was_rendering=False))
        return found[0]


def _differences(one: dict[str, str], other: dict[str, str]) -> list[str]:
    return sorted(name for name in set(one) | set(other) if one.get(name) != other.get(name))
