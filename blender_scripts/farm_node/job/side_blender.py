"""A Blender beside the slots, for questions about the scene."""

from __future__ import annotations

import asyncio
from functools import partial
from pathlib import Path
from typing import Any, Callable, Optional

from ..errors import Fault, FaultError
from ..limits import EXIT_GRACE_S, LOAD_LIMIT_S, START_LIMIT_S
from ..slots.blender_program import slot_environment
from ..slots.exit_cause import endless_silence, silent_start
from ..slots.run_folder import make_slot_folder
from ..slots.slot_channel import SlotSwitchboard
from ..slots.slot_process import SlotProcess
from ..slots.slot_run import SlotRun
from ..slots.step_timeouts import StepTimeouts


Watch = Callable[[dict[str, Any]], Optional[Fault]]

_ENDED = Fault("CANCELLED", "The job is being closed, or its blendfile is loaded again")


class SideBlender:
    """`command` starts a slot's Blender. Its folder is made anew for each question: another one waits until it is answered."""

    def __init__(self, command: list[str], folder: Path, board: SlotSwitchboard) -> None:
        self.folder = folder
        self._command = command
        self._board = board
        self._asking = asyncio.Lock()
        self._stop: Optional[Callable[[Fault], None]] = None
        self._is_ended = False

    async def end(self) -> None:
        """Returns when its process has ended. Questions fail, also later ones."""
        self._is_ended = True
        if self._stop is not None:
            self._stop(_ENDED)
        async with self._asking:
            pass

    async def ask(
        self, load: dict[str, Any], commands: list[dict[str, Any]], limit_s: float, watch: Optional[Watch] = None
    ) -> list[dict[str, Any]]:
        """Opens a file as slots are told to, unless `load` says to "do" something else with it, and sends the commands one
        after the other. Returns what the slot says when it has opened the file, and about each command. `watch` is told what it says meanwhile, and returns why it must stop.
        Raises FaultError, also if all that takes too long, or if Blender hangs meanwhile.
        """
        async with self._asking:
            try:
                return await self._ask(load, commands, limit_s, watch)
            finally:
                self._stop = None

    async def _ask(
        self, load: dict[str, Any], commands: list[dict[str, Any]], limit_s: float, watch: Optional[Watch]
    ) -> list[dict[str, Any]]:
        problem = await asyncio.to_thread(make_slot_folder, self.folder)
        if problem is not None or self._is_ended:
            raise FaultError(problem or _ENDED)
        answers: list[dict[str, Any]] = []
        slot_run = SlotRun(self.folder)
        environment = partial(slot_environment, temporary=self.folder / "tmp", colors=load.get("colors"))
        process = SlotProcess(self._command, environment, self.folder, self._board, slot_run.log)

        def stop(fault: Fault) -> None:
            slot_run.verdict = fault
            process.kill()

        self._stop = stop
        timeouts = StepTimeouts(stop)

        def expect_event() -> None:
            # It may have days, and one that hangs shall not use them. Bakes and renders report each frame or second.
            timeouts.reset()
            timeouts.begin("silence", LOAD_LIMIT_S, endless_silence(LOAD_LIMIT_S))

        def on_connected() -> None:
            process.send({"do": "load", "outputs": str(self.folder / "outputs"), **load})
            expect_event()

        async def on_event(event: dict[str, Any]) -> None:
            expect_event()
            kind = str(event.get("event"))
            if kind.endswith("-failed"):
                fault = slot_run.verdict = slot_run.fault_of(event, "LOAD_FAILED")
                timeouts.begin("end", EXIT_GRACE_S, fault)
            elif kind in ("loaded", "rendered", "digested", "baked", "mixed"):
                answers.append(event)
                process.send(commands[len(answers) - 1] if len(answers) <= len(commands) else {"do": "quit"})
            elif watch is not None and (why := watch(event)) is not None:
                stop(why)

        timer = asyncio.get_running_loop().call_later(limit_s, stop, Fault("TIMED_OUT", f"it took more than {limit_s / 60:g} minutes"))
        timeouts.begin("start", START_LIMIT_S, silent_start(START_LIMIT_S))
        try:
            end = await process.run(on_connected, on_event, slot_run.read)
        finally:
            timer.cancel()
            timeouts.reset()
        if len(answers) <= len(commands):
            raise FaultError(slot_run.fault_of_end(end, was_rendering=False))
        return answers
