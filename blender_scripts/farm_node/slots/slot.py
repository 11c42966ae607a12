"""A slot: one running and one assigned attempt, and a Blender process that is restarted when it dies."""

from __future__ import annotations

import asyncio
import traceback
from functools import partial
from pathlib import Path
from typing import Any, Optional

from ..errors import Fault
from ..limits import EXIT_GRACE_S, LOAD_LIMIT_S, MAX_STARTS_IN_A_ROW, START_LIMIT_S
from .attempts import Attempt, Result, pictures_folder
from .blender_program import slot_environment
from .exit_cause import endless_load, is_permanent, silent_start
from .frame_result import result_of
from .run_folder import make_slot_folder
from .slot_attempts import SlotAttempts
from .slot_channel import SlotSwitchboard
from .slot_checks import SlotChecks
from .slot_owner import SlotOwner
from .slot_process import SlotEnd, SlotProcess
from .slot_run import SlotRun
from .slot_status import SlotStatus
from .slot_waits import SlotWaits
from .step_timeouts import StepTimeouts


class Slot:
    """`run` lasts as long as the job uses the slot. The job calls the other methods."""

    def __init__(self, number: int, owner: SlotOwner, command: list[str], folder: Path, board: SlotSwitchboard) -> None:
        self.number = number
        self.status = SlotStatus(number, owner.emit)
        self.attempts = SlotAttempts(number, owner.emit)
        self.checks = SlotChecks(number, owner.emit, owner.frames_folder)
        self.is_abandoned = False
        self._owner = owner
        self._command = command
        self._folder = folder
        self._board = board
        self._process: Optional[SlotProcess] = None
        self._slot_run = SlotRun(folder)
        self._closing = asyncio.Event()
        self._waits = SlotWaits(owner, self._closing, self._stay_lost)
        self._cancelled: Optional[Attempt] = None
        self._timeouts = StepTimeouts(self._kill_because)
        self._renewing: Optional[asyncio.Task[None]] = None
        self._is_unfit = False
        self._starts = 0  # since it last started a frame

    async def run(self) -> None:
        """Starts the process, and restarts it after a loss, until `close`, or until it has failed too often."""
        while not self._closing.is_set():
            self._starts += 1
            was_killed = await self._run_process()
            fault = self.status.fault
            if self._closing.is_set() or (fault is None and self._renewing is None):
                return
            if fault and (self._is_unfit or self._starts > MAX_STARTS_IN_A_ROW or is_permanent(fault, self._owner.is_loaded)):
                self.is_abandoned = True
                await self._owner.on_abandoned(fault)
                return
            await self._waits.before_restart(was_killed, is_doubted=self._slot_run.expect is None)

    async def _run_process(self) -> bool:
        """Runs one process and reports its end. Returns whether the node stopped it."""
        problem = await asyncio.to_thread(make_slot_folder, self._folder)
        if self._closing.is_set():
            return True  # closed while the folders were made: a process started now would have no owner
        slot_run = self._slot_run = SlotRun(self._folder)
        self.checks.process_started()
        if self._renewing is None:
            self.status.set("starting")
        self._renewing = None
        if problem is not None:
            self._lose(problem)
            return False
        environment = partial(slot_environment, temporary=self._folder / "tmp", colors=self._owner.load_command.get("colors"))
        process = self._process = SlotProcess(self._command, environment, self._folder, self._board, slot_run.log)
        self._timeouts.begin("start", START_LIMIT_S, silent_start(START_LIMIT_S))
        try:
            end = await process.run(self._on_connected, self._on_event, slot_run.read)
        except Exception as error:  # an invalid event; the process has ended anyway
            traceback.print_exc()
            end = SlotEnd(None, f"The slot sent an invalid event: {error!r}")
        self._on_end(end, process)
        return process.killed

    async def close(self) -> None:
        """Stops the process, without reporting its attempts. `run` returns afterwards."""
        self._closing.set()
        if self._process is not None:
            await self._process.stop(ask=self.status.state == "ready" and self.attempts.running is None)

    def assign(self, attempt: Attempt) -> Optional[Fault]:
        """Returns a fault if the slot cannot take it."""
        if self.status.state == "lost":
            return Fault("SLOT_LOST", f"Slot {self.number} is lost")
        fault = self.attempts.assign(attempt)
        if fault is None and self.status.state == "ready" and self.attempts.running is None:
            self._continue()
        return fault

    def cancel(self, attempt: Attempt) -> None:
        """Kills the process if it renders this attempt. The answer follows when the process has ended."""
        if self.attempts.running == attempt and self._process is not None:
            self._cancelled = attempt
            self._process.kill()

    def _stay_lost(self, fault: Fault) -> None:
        self.attempts.drop_assigned(fault.message)
        self.status.stay_lost(fault)

    def _kill_because(self, fault: Fault) -> None:
        assert self._process is not None
        self._slot_run.verdict = fault
        self._process.kill()

    def _ask_to_quit(self, fault: Fault) -> None:
        assert self._process is not None
        self._slot_run.verdict = fault
        self._process.send({"do": "quit"})
        self._timeouts.begin("end", EXIT_GRACE_S, fault)

    def _continue(self) -> None:
        """Starts the next frame. On a full disk the slot is lost until there is space: each frame would fail."""
        if self._process is None or self._process.killed or self._slot_run.expect is None:
            return  # `_on_end` reports the assigned attempt; a new process continues when it has loaded the file
        if (lack := self._owner.lack_of_space()) is not None:
            self._stay_lost(lack)
            self._waits.recheck_space(self._continue)
            return
        if self.status.state != "ready":
            self.status.set("ready", device=self._slot_run.expect.device)
        if self.checks.current is not None:
            if (command := self.checks.next_render()) is not None:
                self._timeouts.begin("check", *self.checks.limit)
                self._process.send(command)
        elif self.attempts.running is None and self.attempts.assigned is not None and self._owner.may_start():
            if self.checks.renews_always and self._slot_run.has_rendered:
                self._renew(self._process)
            else:
                self._start_frame(self._process)

    def _renew(self, process: SlotProcess) -> None:
        """Replaces the process. For the coordinator the slot stays as it is, with its assigned attempt."""
        self._renewing = asyncio.create_task(process.stop(ask=True), name="renew slot")

    def _start_frame(self, process: SlotProcess) -> None:
        self._starts = 0
        self._slot_run.begin_frame()
        attempt = self.attempts.start()
        path = self._path(attempt)
        process.send({"do": "render", "frame": attempt.frame, "path": str(path), "pictures": str(pictures_folder(path))})

    def _path(self, attempt: Attempt) -> Path:
        return self._owner.frames_folder / f"{attempt.frame}-{attempt.number}.png"

    def _on_connected(self) -> None:
        assert self._process is not None
        self._slot_run.log.mark()
        self._timeouts.begin("load", LOAD_LIMIT_S, endless_load(LOAD_LIMIT_S))
        self._process.send({"do": "load", "outputs": str(self._folder / "outputs"), **self._owner.load_command})

    async def _on_event(self, event: dict[str, Any]) -> None:
        kind, running = event.get("event"), self.attempts.running
        if self._slot_run.verdict is not None or self._closing.is_set():
            return  # the process is already being stopped, so the event comes too late
        if kind == "loaded":
            self._on_loaded(event)
        elif kind == "load-failed":
            await self._on_load_failed(event)
        elif kind == "steps" and running and event["frame"] == running.frame:
            self.attempts.progress(event["steps"], self._slot_run.fraction)
        elif kind == "warning":
            self._owner.on_warning(self.number, event)
        elif kind == "rendered" and running:
            await self._on_rendered(running, event)
        elif kind == "rendered" and self.checks.current is not None:
            await self._on_rendered_again(event)
        elif kind in ("render-failed", "sample-failed") and (running or self.checks.current is not None):
            self._on_frame_failed(self._slot_run.fault_of(event, "RENDER_FAILED"))

    def _on_loaded(self, event: dict[str, Any]) -> None:
        self._timeouts.reset()
        self._slot_run.open_file(event, self.number)
        self.checks.process_loaded(event["scene"], self._owner.load_command)
        refusal = self._owner.on_loaded(self.number, event)
        if refusal is None:
            self._continue()
        else:
            self._is_unfit = True
            self._ask_to_quit(refusal)

    async def _on_load_failed(self, event: dict[str, Any]) -> None:
        self._timeouts.pause()
        fault = self._slot_run.fault_of(event, "LOAD_FAILED")
        if not await self._owner.on_load_failed(fault):
            self._ask_to_quit(fault)  # other slots could load it, so only this slot is lost

    async def _on_rendered(self, attempt: Attempt, event: dict[str, Any]) -> None:
        assert self._slot_run.expect is not None
        self._slot_run.end_frame()
        found = await asyncio.to_thread(result_of, attempt, self._path(attempt), self._slot_run.expect, event)
        found = await self._owner.change_in_place() or found
        if self._closing.is_set():
            return
        if isinstance(found, Result):
            is_checked = self.checks.wants(attempt, float(event["seconds"]), float(event.get("allPlaySeconds", 0))) and await self.checks.begin(found)
            self.attempts.running = None
            self._owner.keep(found)
            if is_checked and self._process is not None:
                self.checks.announce()
                self._renew(self._process)
            else:
                self._continue()
        else:
            self._on_frame_failed(found.with_log(self._slot_run.log.tail()))

    async def _on_rendered_again(self, event: dict[str, Any]) -> None:
        self._timeouts.pause()
        self._slot_run.end_frame()
        if await self.checks.needs_another(event["frame"]) and self._process is not None:
            self._renew(self._process)
        else:
            self._continue()

    def _on_frame_failed(self, fault: Fault) -> None:
        """Kills the process: Blender may render blank pictures after a failed render. `_on_end` reports the attempt."""
        self._kill_because(self._owner.lack_of_space() or fault)

    def _on_end(self, end: SlotEnd, process: SlotProcess) -> None:
        self._timeouts.pause()
        self._waits.end_recheck()
        if self._closing.is_set() or self._renewing is not None:
            return
        cancelled, self._cancelled = self._cancelled, None
        if process.killed and cancelled is not None:
            return self._lose(Fault("CANCELLED", f"Frame {cancelled.frame} was cancelled"))
        fault = self._slot_run.fault_of_end(end, was_rendering=bool(self.attempts.running or self.checks.current))
        self._lose((self._owner.lack_of_space() if fault.code == "CRASHED" else None) or fault)

    def _lose(self, fault: Fault) -> None:
        if self._owner.is_loaded:
            self._timeouts.reset()
        self.checks.abandon()
        self.attempts.fail_running(fault)
        self.attempts.drop_assigned(f"The process of slot {self.number} ended")
        self.status.set("lost", fault)
