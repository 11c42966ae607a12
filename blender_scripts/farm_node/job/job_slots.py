"""The slots of a job, and the Blender beside them. All of one load are stopped together."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any, Optional

from ..errors import Fault
from ..slots.attempts import Attempt
from ..slots.slot import Slot
from ..slots.slot_channel import SlotSwitchboard
from ..slots.slot_owner import SlotOwner
from .side_blender import SideBlender


class JobSlots:
    """`all` are the slots of the current load. Slots of earlier loads end in the background."""

    def __init__(self, owner: SlotOwner, board: SlotSwitchboard) -> None:
        self.all: list[Slot] = []
        self._owner = owner
        self._board = board
        self._side: Optional[SideBlender] = None
        self._checks: tuple[Optional[float], int] = (0.0, 0)
        self._tasks: list[asyncio.Task[None]] = []
        self._endings: set[asyncio.Task[None]] = set()

    def start(self, count: int, command: list[str], folder: Path) -> None:
        for number in range(count):
            slot = Slot(number, self._owner, command, folder / f"slot-{number}", self._board)
            slot.checks.plan(*self._checks)
            self.all.append(slot)
            self._tasks.append(asyncio.create_task(slot.run(), name=f"slot {number}"))

    def side_blender(self, command: list[str], folder: Path) -> SideBlender:
        """One for each load."""
        if self._side is None:
            self._side = SideBlender(command, folder, self._board)
        return self._side

    def plan_checks(self, share: Optional[float], seed: int) -> None:
        """See `SlotChecks.plan`."""
        self._checks = (share, seed)
        for slot in self.all:
            slot.checks.plan(share, seed)

    @property
    def are_abandoned(self) -> bool:
        return all(slot.is_abandoned for slot in self.all)

    def has(self, attempt: Attempt) -> bool:
        return any(attempt in (slot.attempts.running, slot.attempts.assigned) for slot in self.all)

    def attempts(self) -> list[dict[str, Any]]:
        """The attempts in the form of `job-opened`."""
        return [
            {**attempt.to_message(), "slot": slot.number, "state": state}
            for slot in self.all
            for state, attempt in (("running", slot.attempts.running), ("assigned", slot.attempts.assigned))
            if attempt is not None
        ]

    def assign(self, number: int, attempt: Attempt) -> Optional[Fault]:
        """A fault if the slot cannot take it, or does not exist."""
        if number >= len(self.all):
            return Fault("SLOT_LOST", f"There is no slot {number}")
        return self.all[number].assign(attempt)

    def withdraw(self, attempt: Attempt) -> bool:
        return any(slot.attempts.withdraw(attempt) for slot in self.all)

    def cancel(self, attempt: Attempt) -> None:
        for slot in self.all:
            slot.cancel(attempt)

    def drop_assigned(self) -> None:
        """Without a report, because there is no link."""
        for slot in self.all:
            slot.attempts.assigned = None

    def fail_attempts(self, why: str) -> None:
        for slot in self.all:
            slot.attempts.fail_running(Fault("SLOT_LOST", why))
            slot.attempts.drop_assigned(why)

    def dismiss(self) -> None:
        """Starts stopping the slots in the background. A slot may call this itself."""
        slots, self.all = self.all, []
        tasks, self._tasks = self._tasks, []
        if slots:
            ending = asyncio.create_task(_end(slots, tasks), name="end slots")
            self._endings.add(ending)
            ending.add_done_callback(self._endings.discard)

    async def end(self) -> None:
        """Returns when all slots have ended, including those of earlier loads, and the Blender beside them."""
        self.dismiss()
        side, self._side = self._side, None
        await asyncio.gather(*self._endings, *([] if side is None else [side.end()]))


async def _end(slots: list[Slot], tasks: list[asyncio.Task[None]]) -> None:
    await asyncio.gather(*(slot.close() for slot in slots))
    await asyncio.gather(*tasks)
