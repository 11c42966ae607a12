"""A slot: one running and one assigned attempt, and a Blender process that is started again when it dies."""

from __future__ import annotations

import asyncio
import traceback
from pathlib import Path
from typing import Any, Optional, Protocol

from .attempts import Attempt, Result
from .blender_log import fraction_done
from .blender_program import slot_environment
from .errors import Fault
from .exit_cause import endless_load, explain_end, explain_raised, oom_kills, silent_start
from .frame_result import FrameExpectation, result_of
from .limits import EXIT_GRACE_S, LOAD_LIMIT_S, MAX_STARTS_IN_A_ROW, RESTART_PAUSE_S, START_LIMIT_S
from .run_folder import make_slot_folder
from .slot_line import SlotSwitchboard
from .slot_log import SlotLog
from .slot_process import SlotEnd, SlotProcess


class SlotOwner(Protocol):
    """What a slot needs of its job."""

    load_command: dict[str, Any]
    frames_folder: Path

    def may_start(self) -> bool: ...
    def emit(self, message: dict[str, Any]) -> None: ...
    def keep(self, result: Result) -> None: ...
    def on_loaded(self, slot: int, event: dict[str, Any]) -> None: ...
    def on_load_failed(self, slot: int, fault: Fault) -> bool: ...


class Slot:
    """`run` lives as long as the job wants the slot; the other methods are called by the job."""

    def __init__(self, number: int, owner: SlotOwner, command: list[str], folder: Path, board: SlotSwitchboard) -> None:
        self.number = number
        self.state = "starting"
        self.running: Optional[Attempt] = None
        self.assigned: Optional[Attempt] = None
        self.device: Optional[str] = None
        self.fault: Optional[Fault] = None
        self._owner = owner
        self._command = command
        self._folder = folder
        self._board = board
        self._process: Optional[SlotProcess] = None
        self._closing = asyncio.Event()
        self._cancelled: Optional[Attempt] = None
        self._limit: Optional[asyncio.TimerHandle] = None
        self._reset_life()
        self._starts = 0

    def _reset_life(self) -> None:
        """What is known of one process."""
        self._expect: Optional[FrameExpectation] = None
        self._engine = ""
        self._frames = 0
        self._fraction: Optional[float] = None
        self._oom_before = oom_kills()
        self._log = SlotLog(self._folder / "blender.log")

    async def run(self) -> None:
        """Starts the process, and again after a loss, until `close` or too many losses in a row."""
        while not self._closing.is_set():
            self._starts += 1
            problem = await asyncio.to_thread(make_slot_folder, self._folder)
            if self._closing.is_set():
                return  # while the folders were made; a process started now would be nobody's
            self._reset_life()
            self._set_state("starting")
            process = SlotProcess(self._command, self._environment, self._folder, self._board, self._log)
            if problem is not None:
                self.fault = problem
                self._on_end(SlotEnd(None, problem.message), process)
                await asyncio.wait({asyncio.ensure_future(self._closing.wait())}, timeout=RESTART_PAUSE_S)
                if self._starts > MAX_STARTS_IN_A_ROW:
                    return
                continue
            self._process = process
            self._limit_to(START_LIMIT_S, silent_start(START_LIMIT_S))
            try:
                end = await process.run(self._on_connected, self._on_event, self._on_line)
            except Exception as error:  # an event that makes no sense; the process is gone all the same
                traceback.print_exc()
                end = SlotEnd(None, f"The slot said what makes no sense: {error!r}")
            self._lift_limit()
            self._on_end(end, process)
            if self._starts > MAX_STARTS_IN_A_ROW or self._closing.is_set():
                return
            pause = 0 if process.killed else RESTART_PAUSE_S
            await asyncio.wait({asyncio.ensure_future(self._closing.wait())}, timeout=pause)

    async def close(self) -> None:
        """Ends the process; the attempts in it are not reported. `run` returns after it."""
        self._closing.set()
        if self._process is not None:
            await self._process.stop(ask=self.state == "ready" and self.running is None)

    def assign(self, attempt: Attempt) -> Optional[Fault]:
        """A fault when the slot cannot take it."""
        if self.state == "lost":
            return Fault("SLOT_LOST", f"Slot {self.number} is lost")
        if self.assigned is not None:
            return Fault("SLOT_FULL", f"Slot {self.number} has an assigned attempt already")
        self.assigned = attempt
        self._start_next()
        return None

    def withdraw(self, attempt: Attempt) -> bool:
        """Takes an assigned attempt back; False when it is not, or no longer, assigned here."""
        if self.assigned != attempt:
            return False
        self.assigned = None
        return True

    def cancel(self, attempt: Attempt) -> None:
        """Kills the process when it renders this attempt; the answer follows when it is gone."""
        if self.running == attempt and self._process is not None:
            self._cancelled = attempt
            self._starts = 0  # an end that was asked for is no loss
            self._process.kill()

    def to_message(self) -> dict[str, Any]:
        error = self.fault.to_message() if self.fault else None
        return {"slot": self.number, "state": self.state, "error": error, "device": self.device}

    def _environment(self, port: int, token: str) -> dict[str, str]:
        return slot_environment(port, token, self._folder / "tmp")

    def _set_state(self, state: str, fault: Optional[Fault] = None, device: Optional[str] = None) -> None:
        self.state, self.fault, self.device = state, fault, device
        self._owner.emit({"type": "slot-changed", **self.to_message()})

    def _limit_to(self, seconds: float, fault: Fault) -> None:
        """From now the process has so long for its next step; then it is killed, and `fault` says why."""
        self._lift_limit()
        self._limit = asyncio.get_running_loop().call_later(seconds, self._exceed_limit, fault)

    def _lift_limit(self) -> None:
        if self._limit is not None:
            self._limit.cancel()

    def _exceed_limit(self, fault: Fault) -> None:
        assert self._process is not None
        self.fault = fault
        self._process.kill()

    def _start_next(self) -> None:
        assert self._process is not None or self.state != "ready"
        if self.state != "ready" or self.running or not self.assigned or not self._owner.may_start():
            return
        if self._process is None or self._process.killed:
            return  # its end will report the assigned attempt
        self.running, self.assigned = self.assigned, None
        self._fraction = None
        self._log.mark()
        self._process.send({"do": "render", "frame": self.running.frame, "path": str(self._path(self.running))})
        self._owner.emit({"type": "frame-started", **self.running.to_message(), "slot": self.number})

    def _path(self, attempt: Attempt) -> Path:
        return self._owner.frames_folder / f"{attempt.frame}-{attempt.number}.png"

    def _on_connected(self) -> None:
        assert self._process is not None
        self._log.mark()
        self._limit_to(LOAD_LIMIT_S, endless_load(LOAD_LIMIT_S))
        self._process.send({"do": "load", "outputs": str(self._folder / "outputs"), **self._owner.load_command})

    def _on_line(self, line: str) -> None:
        fraction = fraction_done(line)
        if fraction is not None:
            self._fraction = fraction

    async def _on_event(self, event: dict[str, Any]) -> None:
        kind = event.get("event")
        if self.fault is not None:
            return  # its end was decided; what it said before it knew comes too late
        if kind == "loaded":
            self._on_loaded(event)
        elif kind == "load-failed":
            self._on_load_failed(event)
        elif kind == "steps" and self.running and event["frame"] == self.running.frame:
            progress = {"steps": event["steps"], "fraction": self._fraction}
            self._owner.emit({"type": "frame-progress", **self.running.to_message(), "slot": self.number, **progress})
        elif kind == "rendered" and self.running:
            await self._on_rendered(self.running, float(event["seconds"]))
        elif kind == "render-failed" and self.running:
            self._fail_running(explain_raised(event, "RENDER_FAILED", self._log.lines).with_log(self._log.tail()))
            self._start_next()

    def _on_loaded(self, event: dict[str, Any]) -> None:
        self._lift_limit()
        scene = event["scene"]
        self._expect = FrameExpectation.of(event["expected"], scene["device"], self.number)
        self._engine = next((s["engine"] for s in scene["scenes"] if s["name"] == scene["scene"]), "")
        self._owner.on_loaded(self.number, event)
        self._set_state("ready", device=scene["device"])
        self._start_next()

    def _on_load_failed(self, event: dict[str, Any]) -> None:
        fault = explain_raised(event, "LOAD_FAILED", self._log.lines).with_log(self._log.tail())
        if not self._owner.on_load_failed(self.number, fault) and self._process is not None:
            self._process.send({"do": "quit"})  # loaded elsewhere: a loss of this slot, reported at its end
            self.fault = fault
            self._limit_to(EXIT_GRACE_S, fault)

    async def _on_rendered(self, attempt: Attempt, seconds: float) -> None:
        assert self._expect is not None
        self._frames += 1
        found = await asyncio.to_thread(result_of, attempt, self._path(attempt), self._expect, seconds)
        if isinstance(found, Result):
            self._starts = 0
            self.running = None
            self._owner.keep(found)
        else:
            self._fail_running(found.with_log(self._log.tail()))
        self._start_next()

    def _fail_running(self, fault: Fault) -> None:
        attempt, self.running = self.running, None
        if attempt is not None:
            self._report_failed(attempt, fault)

    def _report_failed(self, attempt: Attempt, fault: Fault) -> None:
        about = {**attempt.to_message(), "slot": self.number}
        self._owner.emit({"type": "frame-failed", **about, "error": fault.to_message()})

    def _on_end(self, end: SlotEnd, process: SlotProcess) -> None:
        if self._closing.is_set():
            return
        if process.killed and self._cancelled is not None:
            fault = Fault("CANCELLED", f"Frame {self._cancelled.frame} was cancelled")
        else:
            first = self._engine.startswith("BLENDER_EEVEE") and self._frames == 0 and self.running is not None
            fault = self.fault or explain_end(end, self._log.lines, first, self._oom_before, oom_kills())
            fault = fault.with_log(self._log.tail())
        self._cancelled = None
        self._fail_running(fault)
        self._drop_assigned()
        self._set_state("lost", fault)
        self._owner.on_load_failed(self.number, fault)

    def _drop_assigned(self) -> None:
        attempt, self.assigned = self.assigned, None
        if attempt is not None:
            self._report_failed(attempt, Fault("SLOT_LOST", f"The process of slot {self.number} ended"))
