"""The one job of a node: its slots, its attempts and the results it holds until they are fetched."""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path
from typing import Any, Callable, Optional

from .attempts import Attempt, Pair, Result
from .blend_header import saved_by
from .blender_program import BlenderProgram, slot_command
from .errors import Fault, FaultError
from .fit import fit_job_loaded
from .job_folder import JobFolder
from .narration import narrate
from .slot import Slot
from .slot_line import SlotSwitchboard

Emit = Callable[[dict[str, Any]], None]


class Job:
    """Made by `job-open`, ended by `close`. While no link is attached, messages go nowhere and nothing new is started."""

    def __init__(
        self,
        job_id: str,
        holder: str,
        slot_count: int,
        program: BlenderProgram,
        board: SlotSwitchboard,
        folder: JobFolder,
    ) -> None:
        self.job_id = job_id
        self.holder = holder
        self.since_ms = int(time.time() * 1000)
        self.slots: list[Slot] = []
        self.results: dict[Pair, Result] = {}
        self.load_command: dict[str, Any] = {}
        self.frames_folder = folder.frames
        self.rendered = 0
        self.allow_scripts = False
        """Whether the person at this node lets scripts in blendfiles run, for a job that asks for it."""
        self._slot_count = slot_count
        self._program = program
        self._board = board
        self._folder = folder
        self._emit: Optional[Emit] = None
        self._tasks: list[asyncio.Task[None]] = []
        self._endings: set[asyncio.Task[None]] = set()
        self._loading: Optional[dict[str, Any]] = None
        self._loaded: Optional[dict[str, Any]] = None
        self._warnings: list[dict[str, Any]] = []
        self._changing = asyncio.Lock()
        """Held while the slots and the files of the job are others than before: by a load, and by the end."""
        self._closing: Optional[asyncio.Task[None]] = None

    def attach(self, emit: Emit) -> None:
        self._emit = emit

    def detach(self) -> None:
        """The link is lost: what runs is finished, what was assigned is dropped."""
        self._emit = None
        for slot in self.slots:
            slot.assigned = None

    def emit(self, message: dict[str, Any]) -> None:
        narrate(message)
        if self._emit is not None:
            self._emit(message)

    def may_start(self) -> bool:
        return self._emit is not None

    def status(self) -> dict[str, Any]:
        """The lists of `job-opened`."""
        attempts = [
            {**attempt.to_message(), "slot": slot.number, "state": state}
            for slot in self.slots
            for state, attempt in (("running", slot.running), ("assigned", slot.assigned))
            if attempt is not None
        ]
        results = [result.message for result in self.results.values()]
        return {"attempts": attempts, "results": results, "slots": [slot.to_message() for slot in self.slots]}

    async def load(self, wanted: dict[str, Any]) -> None:
        """`job-load`. The same once more changes nothing and is answered again."""
        async with self._changing:
            if self.is_closing:
                return
            if wanted == self._loading:
                if self._loaded is not None:
                    self._tell_loaded()
                return
            await self._end_slots()
            self._loading, self._loaded, self._warnings = wanted, None, []
            try:
                blend = await self._prepare(wanted)
            except FaultError as error:
                if not self.is_closing:
                    self._tell_load_failed(error.fault)
                return
            if not self.is_closing:
                self._start_slots(wanted, blend)

    async def _prepare(self, wanted: dict[str, Any]) -> Path:
        """Puts the blendfile in place. Raises FaultError when it cannot be given to this Blender."""
        blend = await self._folder.take_blend(wanted["blend"])
        try:
            version = await asyncio.to_thread(saved_by, blend)
        except OSError as error:
            raise FaultError(Fault("LOAD_FAILED", f"Cannot read the blendfile: {error}")) from error
        if version is not None and version > self._program.version_numbers:
            newer = f"{version[0]}.{version[1]}"
            message = f"The file was saved by Blender {newer} and this node has {self._program.version}"
            raise FaultError(Fault("FILE_TOO_NEW", message, f"Use nodes with Blender {newer} or newer"))
        return blend

    def _start_slots(self, wanted: dict[str, Any], blend: Path) -> None:
        scripts = self._may_run_scripts(wanted)
        scene, color_mode = wanted["scene"], wanted["colorMode"]
        self.load_command = {"blend": str(blend), "scene": scene, "colorMode": color_mode, "scripts": scripts}
        command = slot_command(self._program, self._slot_count, os.cpu_count() or 1, scripts)
        for number in range(self._slot_count):
            slot = Slot(number, self, command, self._folder.path / f"slot-{number}", self._board)
            self.slots.append(slot)
            self._tasks.append(asyncio.create_task(slot.run(), name=f"slot {number}"))

    def _may_run_scripts(self, wanted: dict[str, Any]) -> bool:
        """Only when both sides say so. A job that asked in vain is told, and goes on without."""
        if wanted["allowScripts"] and not self.allow_scripts:
            self._warn(
                "SCRIPTS_REFUSED",
                "Scripts in the blendfile are not run on this node: it was started without --allow-scripts",
                None,
            )
        return bool(wanted["allowScripts"]) and self.allow_scripts

    def on_loaded(self, slot: int, event: dict[str, Any]) -> None:
        for told in event["warnings"]:
            self._warn(told["code"], told["message"], slot)
        if self._loaded is None:
            self._loaded = fit_job_loaded({"type": "job-loaded", "job": self.job_id, "scene": event["scene"]})
            self._tell_loaded()

    def on_load_failed(self, slot: int, fault: Fault) -> bool:
        """True when the load as a whole has failed by it: no slot has opened the file yet."""
        if self._loaded is not None or self._loading is None:
            return False
        self._tell_load_failed(fault)
        self._dismiss_slots()
        return True

    def keep(self, result: Result) -> None:
        self.results[result.attempt.pair] = result
        self.rendered += 1
        self.emit({"type": "frame-rendered", "result": result.message})

    def assign(self, number: int, attempt: Attempt) -> None:
        if number >= len(self.slots):
            fault: Optional[Fault] = Fault("SLOT_LOST", f"There is no slot {number}")
        else:
            fault = self.slots[number].assign(attempt)
        if fault is not None:
            about = {**attempt.to_message(), "slot": number}
            self.emit({"type": "frame-failed", **about, "error": fault.to_message()})

    def knows(self, attempt: Attempt) -> bool:
        """Whether this pair is in use: the coordinator never uses one twice."""
        return attempt.pair in self.results or any(attempt in (s.running, s.assigned) for s in self.slots)

    def withdraw(self, attempt: Attempt) -> None:
        if any(slot.withdraw(attempt) for slot in self.slots):
            self.emit({"type": "frame-withdrawn", **attempt.to_message()})

    def cancel(self, attempt: Attempt) -> None:
        self.withdraw(attempt)
        for slot in self.slots:
            slot.cancel(attempt)

    def release(self, attempt: Attempt) -> None:
        result = self.results.pop(attempt.pair, None)
        if result is not None:
            try:
                result.path.unlink(missing_ok=True)
            except OSError:
                pass  # Windows, while it is being sent; it goes with the run folder

    @property
    def is_closing(self) -> bool:
        return self._closing is not None

    def close(self) -> asyncio.Future[None]:
        """Ends the slots and removes all files of the job. Begins at once; every caller waits for the same end."""
        if self._closing is None:
            self._dismiss_slots()
            self._closing = asyncio.create_task(self._close(), name="close job")
        return asyncio.shield(self._closing)

    async def _close(self) -> None:
        async with self._changing:  # a load that puts files in place would put them into what is removed
            await self._end_slots()
            await self._folder.remove()

    async def _end_slots(self) -> None:
        """Returns when no slot of an earlier load is left."""
        self._dismiss_slots()
        await asyncio.gather(*self._endings)
        for result in list(self.results.values()):
            self.release(result.attempt)
        await self._folder.drop_blend()

    def _dismiss_slots(self) -> None:
        """From now on the slots belong to nobody; ending them takes a while and may be asked for by one of them."""
        self._loading = None
        slots, self.slots = self.slots, []
        tasks, self._tasks = self._tasks, []
        if slots:
            ending = asyncio.create_task(_end(slots, tasks), name="end slots")
            self._endings.add(ending)
            ending.add_done_callback(self._endings.discard)

    def _tell_loaded(self) -> None:
        assert self._loaded is not None
        self.emit(self._loaded)
        for warning in self._warnings:
            self.emit(warning)

    def _tell_load_failed(self, fault: Fault) -> None:
        self._loading = None
        self.emit({"type": "job-load-failed", "job": self.job_id, "error": fault.to_message()})

    def _warn(self, code: str, message: str, slot: Optional[int]) -> None:
        """Each slot finds the same; it is told once."""
        warning = {"type": "warning", "code": code, "message": message[:4096], "slot": slot}
        if all(known["code"] != code or known["message"] != message[:4096] for known in self._warnings):
            self._warnings.append(warning)
            if self._loaded is not None:
                self.emit(warning)


async def _end(slots: list[Slot], tasks: list[asyncio.Task[None]]) -> None:
    await asyncio.gather(*(slot.close() for slot in slots))
    await asyncio.gather(*tasks)
