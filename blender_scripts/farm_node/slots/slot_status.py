"""What a slot can do now, as the coordinator is told."""

from __future__ import annotations

from typing import Any, Callable, Optional

from ..errors import Fault


class SlotStatus:
    """`state` is "starting", "ready" or "lost", and then `fault` is the reason. `emit` sends a message."""

    def __init__(self, slot: int, emit: Callable[[dict[str, Any]], None]) -> None:
        self.state = "starting"
        self.device: Optional[str] = None
        self.fault: Optional[Fault] = None
        self._slot = slot
        self._emit = emit

    def set(self, state: str, fault: Optional[Fault] = None, device: Optional[str] = None) -> None:
        self.state, self.fault, self.device = state, fault, device
        self._emit({"type": "slot-changed", **self.to_message()})

    def stay_lost(self, fault: Fault) -> None:
        if self.fault is None or self.fault.code != fault.code:
            self.set("lost", fault)

    def to_message(self) -> dict[str, Any]:
        error = self.fault.to_message() if self.fault else None
        return {"slot": self._slot, "state": self.state, "error": error, "device": self.device}
