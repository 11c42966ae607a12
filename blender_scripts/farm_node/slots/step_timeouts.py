"""How long a slot may take over a step."""

from __future__ import annotations

import asyncio
from typing import Callable, Optional

from ..errors import Fault
from ..limits import LIMIT_LOOKS


class StepTimeouts:
    """Looks are counted, not time: a machine sleeps, and a node that was stopped wakes with all of its time gone.

    What a step has used is kept when it is broken off, until `reset`: a Blender that dies late in every load does not
    get the whole time again and again.
    """

    def __init__(self, on_exceeded: Callable[[Fault], None]) -> None:
        self._on_exceeded = on_exceeded
        self._used: dict[str, int] = {}
        self._timer: Optional[asyncio.TimerHandle] = None

    def begin(self, step: str, limit_s: float, fault: Fault) -> None:
        """From now on the slot is within this step and no other; `fault` is told when it has taken too long."""
        self.pause()
        self._timer = asyncio.get_running_loop().call_later(limit_s / LIMIT_LOOKS, self._look, step, limit_s, fault)

    def pause(self) -> None:
        """Nothing is waited for."""
        if self._timer is not None:
            self._timer.cancel()

    def reset(self) -> None:
        """The next steps get their whole time."""
        self._used.clear()

    def _look(self, step: str, limit_s: float, fault: Fault) -> None:
        self._used[step] = self._used.get(step, 0) + 1
        if self._used[step] >= LIMIT_LOOKS:
            self._on_exceeded(fault)
        else:
            self.begin(step, limit_s, fault)
