"""The attempts of a slot, one running and one waiting, and the messages about them."""

from __future__ import annotations

from typing import Any, Callable, Optional

from ..errors import Fault
from .attempts import Attempt


class SlotAttempts:
    """Both are None if the slot has nothing to do. `emit` sends a message."""

    def __init__(self, slot: int, emit: Callable[[dict[str, Any]], None]) -> None:
        self.running: Optional[Attempt] = None
        self.assigned: Optional[Attempt] = None
        self._slot = slot
        self._emit = emit

    def assign(self, attempt: Attempt) -> Optional[Fault]:
        """Returns a fault if one is already waiting."""
        if self.assigned is not None:
            return Fault("SLOT_FULL", f"Slot {self._slot} has its next frame already")
        self.assigned = attempt
        return None

    def withdraw(self, attempt: Attempt) -> bool:
        """Takes an assigned attempt back. Returns False if it is not, or no longer, assigned here."""
        if self.assigned != attempt:
            return False
        self.assigned = None
        return True

    def start(self) -> Attempt:
        """Turns the assigned attempt into the running one."""
        assert self.assigned is not None and self.running is None
        self.running, self.assigned = self.assigned, None
        self._emit({"type": "frame-started", **self._about(self.running)})
        return self.running

    def progress(self, steps: int, fraction: Optional[float]) -> None:
        if self.running is not None:
            self._emit({"type": "frame-progress", **self._about(self.running), "steps": steps, "fraction": fraction})

    def fail_running(self, fault: Fault) -> None:
        attempt, self.running = self.running, None
        if attempt is not None:
            self._fail(attempt, fault)

    def drop_assigned(self, why: str) -> None:
        """The assigned attempt has not started: nobody is to blame, and the coordinator assigns the frame again."""
        attempt, self.assigned = self.assigned, None
        if attempt is not None:
            self._fail(attempt, Fault("SLOT_LOST", why))

    def _fail(self, attempt: Attempt, fault: Fault) -> None:
        self._emit({"type": "frame-failed", **self._about(attempt), "error": fault.to_message()})

    def _about(self, attempt: Attempt) -> dict[str, int]:
        return {**attempt.to_message(), "slot": self._slot}
