"""A node's job: its slots, its attempts, and its results until they are fetched."""

from __future__ import annotations

import asyncio
import os
import time
from typing import Any, Optional

from ..errors import Fault, FaultError
from ..slots.attempts import Attempt, Pair, Result
from ..slots.blender_program import BlenderProgram, slot_command
from ..slots.slot_channel import SlotSwitchboard
from .allowed import Allowed
from .disk_space import lack_of_space
from .job_folder import JobFolder
from .job_slots import JobSlots
from .job_title import JobTitle
from .loaded_scene import LoadedScene
from .outbox import Emit, Outbox
from .side_blender import SideBlender


class Job:
    """Opened by `job-open`, ended by `close`. Without an attached link, messages are dropped and no attempt starts."""

    def __init__(
        self,
        job_id: str,
        title: JobTitle,
        slot_count: int,
        program: BlenderProgram,
        board: SlotSwitchboard,
        folder: JobFolder,
    ) -> None:
        self.job_id = job_id
        self.title = title
        self.since_ms = int(time.time() * 1000)
        self.slots = JobSlots(self, board)
        self.results: dict[Pair, Result] = {}
        self.load_command: dict[str, Any] = {}
        self.frames_folder = folder.frames
        self.rendered = 0
        self.allowed = Allowed()
        self._slot_count = slot_count
        self._program = program
        self.folder = folder
        self._outbox = Outbox()
        self._loads: set[asyncio.Task[None]] = set()
        self._load: Optional[LoadedScene] = None
        self._changing = asyncio.Lock()
        """Held while a load replaces the job's slots and files, or `close` removes them."""
        self._closing: Optional[asyncio.Task[None]] = None

    def attach(self, emit: Emit) -> None:
        self._outbox.attach(emit)

    def detach(self) -> None:
        """The link is lost: running attempts finish, assigned ones are dropped."""
        self._outbox.detach()
        self.slots.drop_assigned()

    def emit(self, message: dict[str, Any]) -> None:
        self._outbox.send(message)

    def may_start(self) -> bool:
        return self._outbox.is_attached

    @property
    def is_loaded(self) -> bool:
        return self._load is not None and self._load.answer is not None

    def is_idle(self) -> bool:
        """Whether closing it would lose no work: it is not loading, runs no attempt and has no result."""
        is_loading = bool(self._loads) or self._changing.locked() or (self._load is not None and not self.is_loaded)
        return not (is_loading or self.results or any(slot.attempts.running for slot in self.slots.all))

    def lack_of_space(self) -> Optional[Fault]:
        if self._load is None or not self.is_loaded:
            return None
        return lack_of_space(self.frames_folder, self._load.expected, self._slot_count)

    def status(self) -> dict[str, Any]:
        """The lists of `job-opened`."""
        results = [result.message for result in self.results.values()]
        slots = [slot.status.to_message() for slot in self.slots.all]
        return {"attempts": self.slots.attempts(), "results": results, "slots": slots}

    def begin_load(self, wanted: dict[str, Any]) -> None:
        """Starts a `job-load` in the background: reading the blendfile can take minutes, and the link must not wait."""
        loading = asyncio.create_task(self.load(wanted), name="load")
        self._loads.add(loading)
        loading.add_done_callback(self._loads.discard)

    async def load(self, wanted: dict[str, Any]) -> None:
        """Loading the same again only repeats the answer, unless the frames would look different now.

        Returns when the slots are starting, or the load has failed.
        """
        async with self._changing:
            if self.is_closing:
                return
            if self._load is not None and self._load.wanted == wanted and await self._still_holds(self._load):
                self._report_loaded(self._load)
                return
            self.slots.fail_attempts("The blendfile is loaded again")
            await self._end_slots()
            if self.is_closing:
                return
            load = self._load = LoadedScene(wanted)
            try:
                self.allowed.require(wanted["addons"])
                files = await self.folder.take_blend(wanted, self._program)
            except FaultError as error:
                if not self.is_closing:
                    self._fail_load(error.fault)
                return
            if not self.is_closing:
                self._start_slots(load, files)

    async def _still_holds(self, load: LoadedScene) -> bool:
        """Whether the current load is still valid, and there are slots to render with."""
        if load.answer is None:
            return True
        return not self.slots.are_abandoned and not await load.is_outdated()

    def _start_slots(self, load: LoadedScene, files: dict[str, Any]) -> None:
        told = ("scene", "colorMode", "simulations", "sampleFrom", "overrides", "pictures", "addons", "files")
        wanted = {key: load.wanted[key] for key in told}
        self.load_command = {**files, **wanted, "scripts": load.may_run_scripts(self.allowed.scripts)}
        self.slots.start(self._slot_count, self._slot_command(self._slot_count), self.folder.path)

    def side_blender(self) -> SideBlender:
        """The Blender beside the slots, for the file that is open."""
        return self.slots.side_blender(self._slot_command(1), self.folder.path / "side")

    def _slot_command(self, slots: int) -> list[str]:
        threads = (self.load_command["overrides"] or {}).get("threads")
        return slot_command(self._program, slots, os.cpu_count() or 1, self.load_command["scripts"], threads)

    def on_loaded(self, slot: int, event: dict[str, Any]) -> Optional[Fault]:
        load = self._load
        assert load is not None, "events from slots of an earlier load are ignored"
        warnings = [load.warn(each, slot) for each in event["warnings"]]
        if load.answer is None:
            load.accept(self.job_id, event, self.load_command["project"])
            self._report_loaded(load)
            return None
        for warning in filter(None, warnings):
            self.emit(warning)
        return load.refusal_of(event)

    def on_warning(self, slot: int, event: dict[str, Any]) -> None:
        warning = self._load.warn(event, slot) if self._load is not None else None
        if warning is not None:
            self.emit(warning)

    async def on_load_failed(self, fault: Fault) -> bool:
        """If the blendfile is damaged, that is the fault to report."""
        load = self._load
        if load is None or self.is_loaded:
            return False
        damage = await self.folder.lack_of_blend(is_doubted=True)
        if self._load is load and not self.is_loaded:
            self._fail_load(damage or fault)
        return not self.is_loaded

    async def on_abandoned(self, fault: Fault) -> None:
        if self.slots.are_abandoned:
            await self.on_load_failed(fault)

    async def lack_of_blend(self, is_doubted: bool) -> Optional[Fault]:
        load = self._load
        lack = await self.folder.lack_of_blend(is_doubted)
        if lack is not None and load is not None and self._load is load and not self.is_loaded:
            self._fail_load(lack)  # the coordinator is waiting for the answer to its load
            return None  # the slot need not wait: it is being stopped
        return lack

    async def change_in_place(self) -> Optional[Fault]:
        return await self._load.change_in_place() if self._load is not None else None

    def _fail_load(self, fault: Fault) -> None:
        self._load = None
        self.emit({"type": "job-load-failed", "job": self.job_id, "error": fault.to_message()})
        self.slots.dismiss()

    def keep(self, result: Result) -> None:
        self.results[result.attempt.pair] = result
        self.rendered += 1
        self.emit({"type": "frame-rendered", "result": result.message})

    def assign(self, number: int, attempt: Attempt) -> None:
        fault = self.slots.assign(number, attempt)
        if fault is not None:
            about = {**attempt.to_message(), "slot": number}
            self.emit({"type": "frame-failed", **about, "error": fault.to_message()})

    def knows(self, attempt: Attempt) -> bool:
        """Whether this attempt is already known: the coordinator never uses one twice."""
        return attempt.pair in self.results or self.slots.has(attempt)

    def withdraw(self, attempt: Attempt) -> None:
        if self.slots.withdraw(attempt):
            self.emit({"type": "frame-withdrawn", **attempt.to_message()})

    def cancel(self, attempt: Attempt) -> None:
        self.withdraw(attempt)
        self.slots.cancel(attempt)

    def release(self, attempt: Attempt) -> None:
        result = self.results.pop(attempt.pair, None)
        if result is not None:
            result.remove()

    @property
    def is_closing(self) -> bool:
        return self._closing is not None

    def close(self) -> asyncio.Future[None]:
        """Stops the slots and removes all files of the job. It starts at once, and only once: all callers wait."""
        if self._closing is None:
            self.folder.abandon()
            self._load = None
            self.slots.dismiss()
            self._closing = asyncio.create_task(self._close(), name="close job")
        return asyncio.shield(self._closing)

    async def _close(self) -> None:
        async with self._changing:  # a load must not put files into the folder that is being removed
            await self._end_slots()
            await self.folder.remove()

    async def _end_slots(self) -> None:
        """Returns when all slots of earlier loads have ended, and the Blender beside them."""
        self._load = None
        await self.slots.end()
        for result in list(self.results.values()):
            self.release(result.attempt)
        await self.folder.drop_blend()

    def _report_loaded(self, load: LoadedScene) -> None:
        """Sent when the first slot has opened the file, and again if the same load is asked for again."""
        if load.answer is not None:
            self.emit(load.answer)
            for warning in load.warnings:
                self.emit(warning)
